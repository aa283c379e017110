//! The same drawing must give the same image however it was taken.

use super::std::vec::Vec;

use super::super::drawing::find;
use super::super::ink::Ink;
use super::super::paper::Paper;
use super::super::survey::Survey;
use super::super::{Image, Preparation, SIDE, Source};
use super::drawing::{Picture, digit, of_pen};
use super::{Random, difference, image_of, places, prepared, span};

/// All digits, as large as in MNIST.
fn digits() -> impl Iterator<Item = Picture> {
    (0..10).map(|number| digit(number, 1.0))
}

/// Dark ink on light paper, or the other way round.
pub fn on_paper(drawing: &Picture, ink: f64, paper: impl Fn(f64, f64) -> f64) -> Picture {
    let at = |at: u32, len: u32| 2.0 * f64::from(at) / f64::from(len) - 1.0;
    drawing.map(|x, y, pixel| {
        let paper = paper(at(x, drawing.width), at(y, drawing.height));
        paper + (ink - paper) * pixel / 255.0
    })
}

fn middle_of_mass(image: &Image) -> (f64, f64) {
    let (mut sum, mut right, mut down) = (0.0, 0.0, 0.0);
    for (at, &pixel) in image.iter().enumerate() {
        let mass = f64::from(pixel) + 128.0;
        sum += mass;
        right += mass * (at % SIDE) as f64;
        down += mass * (at / SIDE) as f64;
    }
    (right / sum, down / sum)
}

#[test]
fn digits_come_back_nearly_as_they_were() {
    for picture in digits() {
        let image = prepared(&picture);
        let (x, y) = middle_of_mass(&image);
        let middle = 13.5..14.5;
        assert!(middle.contains(&x) && middle.contains(&y), "{x} {y}");
        let pixel = |x, y| f64::from(image[(y * 28 + x) as usize]) + 128.0;
        let again = prepared(&Picture::new(28, 28, pixel));
        assert!(difference(&again, &image) < 2.0);
    }
}

#[test]
fn place_size_and_polarity_do_not_matter() {
    let mut random = Random(99);
    for picture in digits() {
        let image = prepared(&picture);
        for times in 1..=7 {
            let large = picture.enlarged(times);
            let [right, bottom, left, top] = [150; 4].map(|most| random.within(0, most));
            let (width, height) = (left + large.width + right, top + large.height + bottom);
            let pasted = large.pasted(width, height, left, top);
            let found = prepared(&pasted);
            let off = difference(&found, &image);
            // How noise is told depends on how much paper there is.
            assert!(off < 2.5, "{times}: {off}");
            assert_eq!(prepared(&pasted.inverted()), found);
        }
    }
}

/// Cut to its ink, hardly anything is paper; of a straight stroke nothing.
#[test]
fn a_drawing_that_fills_its_picture_is_the_ink() {
    for (number, pen) in places(10, 4).filter(|&(number, _)| number != 1) {
        let pen = 1.1 + 0.1 * f64::from(pen);
        let large = of_pen(number as u8, 5.0, pen);
        let (image, cut) = (prepared(&large), large.cut());
        let found = prepared(&cut);
        let off = difference(&found, &image);
        assert!(off < 4.0, "{number} by {pen}: {off}");
        assert_eq!(prepared(&cut.inverted()), found);
    }
}

#[test]
fn redrawn_at_any_size_it_looks_nearly_the_same() {
    for number in 0..10 {
        let image = prepared(&digit(number, 1.0));
        // Few pixels show less of a digit.
        let small = [(0.6, 25.0), (1.4, 14.0), (2.0, 9.0)];
        let large = [(3.3, 9.0), (5.0, 6.0), (7.0, 6.0)];
        for &(scale, limit) in [small, large].as_flattened() {
            let other = prepared(&digit(number, scale));
            let off = difference(&image, &other);
            assert!(off < limit, "{number} at {scale}: {off}");
        }
    }
}

#[test]
fn light_and_ink_do_not_matter() {
    for number in 0..10 {
        let drawing = digit(number, 3.0).pasted(130, 110, 20, 15);
        let image = prepared(&drawing);
        let check = |name: &str, ink: f64, paper: fn(f64, f64) -> f64, limit: f64| {
            let off = difference(&prepared(&on_paper(&drawing, ink, paper)), &image);
            assert!(off < limit, "{number} {name}: {off}");
        };
        check("grey", 60.0, |_, _| 170.0, 1.5);
        check("pale", 190.0, |_, _| 215.0, 9.0);
        check("chalk", 210.0, |_, _| 40.0, 1.0);
        check("slope", 30.0, |x, y| 160.0 + 30.0 * x - 20.0 * y, 1.0);
        check("dark slope", 250.0, |x, y| 80.0 - 20.0 * x + 30.0 * y, 6.0);
        check(
            "lamp",
            20.0,
            |x, y| 220.0 - 40.0 * x * x - 30.0 * y * y,
            3.0,
        );
        check("corner", 20.0, |x, y| 170.0 - 20.0 * (x + y - x * y), 3.0);
    }
}

#[test]
fn noise_does_not_matter() {
    let mut random = Random(5);
    for number in 0..10 {
        let drawing = digit(number, 4.0).pasted(150, 140, 25, 8);
        let image = prepared(&drawing);
        for deviation in [1.0, 4.0, 8.0] {
            let clean = on_paper(&drawing, 50.0, |x, _| 180.0 + 20.0 * x);
            let noisy = clean.map(|_, _, pixel| pixel + deviation * random.normal());
            let off = difference(&prepared(&noisy), &image);
            assert!(off < 6.0, "{number} {deviation}: {off}");
        }
    }
}

/// The picture with squares of this side at random places, as dark as its ink.
fn dusty(picture: &Picture, random: &mut Random, count: u32, side: u32) -> Picture {
    let mut dusty = picture.clone();
    for _ in 0..count {
        let left = random.within(0, picture.width - side);
        let top = random.within(0, picture.height - side);
        let inside = |at, start| (start..start + side).contains(&at);
        dusty = dusty.map(|x, y, pixel| {
            let is_speck = inside(x, left) && inside(y, top);
            if is_speck { 40.0 } else { pixel }
        });
    }
    dusty
}

#[test]
fn specks_do_not_move_a_drawing() {
    let mut random = Random(17);
    for number in 0..10 {
        let drawing = digit(number, 8.0).pasted(480, 440, 90, 120);
        let clean = on_paper(&drawing, 40.0, |x, _| 190.0 + 10.0 * x);
        let image = prepared(&clean);
        for (count, side) in [(1, 1), (10, 1), (60, 1), (3, 3), (4, 7)] {
            let off = difference(&prepared(&dusty(&clean, &mut random, count, side)), &image);
            assert!(off < 12.0, "{number} with {count} of {side}: {off}");
        }
    }
}

/// A dot over a stroke, a row of equal dots, and a stroke of many parts.
#[test]
fn parts_of_a_drawing_are_no_specks() {
    let strokes: [&dyn Fn(u32, u32) -> bool; 3] = [
        &|x, y| (50..60).contains(&x) && ((20..30).contains(&y) || (50..180).contains(&y)),
        &|x, y| (96..104).contains(&y) && x % 25 < 8 && (10..190).contains(&x),
        &|x, y| (96..104).contains(&x) && y % 20 < 11 && (20..180).contains(&y),
    ];
    for stroke in strokes {
        let ink = |x, y| if stroke(x, y) { 40.0 } else { 200.0 };
        let picture = Picture::new(200, 200, ink);
        let inked: Vec<_> = places(200, 200).filter(|&(x, y)| stroke(x, y)).collect();
        let mut source_rows = picture.rows();
        let mut source = Source::new(&mut source_rows);
        let paper = Paper::of(Survey::of(&mut source).unwrap()).unwrap();
        let mut ink = Ink::find(paper, &mut source).unwrap();
        let drawing = find(&mut ink, &mut source).unwrap();
        for (found, of) in [
            (drawing.columns, (|at| at.0) as fn(&(u32, u32)) -> u32),
            (drawing.rows, |at| at.1),
        ] {
            let [first, last] = found.map(u32::from);
            assert_eq!(first..last + 1, span(&inked, of));
        }
    }
}

#[test]
fn inversion_changes_nothing_in_any_picture() {
    let mut random = Random(31);
    for number in 0..10 {
        let (width, height) = (random.within(100, 200), random.within(100, 200));
        let [x_slope, y_slope, bend] = [40.0; 3].map(|most| random.real(-most, most));
        let drawing = digit(number, 3.0).pasted(width, height, 10, 10);
        let picture = on_paper(&drawing, 20.0, |x, y| {
            140.0 + x_slope * x + y_slope * y + bend * x * x
        });
        let picture = picture.map(|_, _, pixel| pixel + 5.0 * random.normal());
        assert_eq!(prepared(&picture), prepared(&picture.inverted()));
    }
}

#[test]
fn inversion_changes_nothing_where_there_is_hardly_contrast() {
    for side in [100, 160] {
        for contrast in 1..12 {
            let squares = |x: u32, y: u32| f64::from((x / 10 + y / 10) % 2 * contrast);
            let picture = Picture::new(side, side, squares);
            let [dark, light] = [&picture, &picture.inverted()]
                .map(|picture| image_of(Preparation::CENTRED, &mut picture.rows()));
            assert_eq!(dark, light, "{side}, {contrast}");
        }
    }
}

#[test]
fn mirrored_pictures_give_mirrored_images() {
    for number in 0..10 {
        let drawing = digit(number, 2.3).pasted(90, 100, 11, 20);
        let flipped = Picture::new(90, 100, |x, y| f64::from(drawing.get(x, 99 - y)));
        let (image, mirrored) = (prepared(&drawing), prepared(&flipped));
        let upright = |row: usize| mirrored.iter().skip((SIDE - 1 - row) * SIDE).take(SIDE);
        let upright: Vec<i8> = (0..SIDE).flat_map(upright).copied().collect();
        let off = difference(&upright.try_into().unwrap(), &image);
        // Parts of the grid begin at the top left.
        assert!(off < 0.2, "{number}: {off}");

        let turned = Picture::new(100, 90, |x, y| f64::from(drawing.get(y, x)));
        let turned = prepared(&turned);
        let transposed = |at| turned[at % SIDE * SIDE + at / SIDE];
        assert!(difference(&core::array::from_fn(transposed), &image) < 0.2);
    }
}

#[test]
fn faint_ink_is_ink_only_beyond_a_limit() {
    let drawing = digit(3, 3.0);
    for (contrast, is_ink) in [(6.0, false), (10.0, false), (20.0, true)] {
        let picture = on_paper(&drawing, 150.0 - contrast, |_, _| 150.0);
        let image = image_of(Preparation::CENTRED, &mut picture.rows());
        assert_eq!(image.is_ok(), is_ink, "{contrast}");
    }
}

#[test]
fn ink_is_what_stands_out_far_not_what_is_large() {
    // A pale sheet of paper, larger and as a whole heavier than the ink of the other colour on it.
    let on_sheet = |x, y| (10..120).contains(&x) && (10..100).contains(&y);
    let drawing = digit(2, 2.0).pasted(130, 110, 40, 30);
    let picture = drawing.map(|x, y, pixel| {
        let paper = if on_sheet(x, y) { 80.0 } else { 100.0 };
        paper + 130.0 * pixel / 255.0
    });
    assert!(difference(&prepared(&picture), &prepared(&drawing)) < 5.0);
}

#[test]
fn paper_is_found_in_a_shadow_and_beneath_ink() {
    let (width, height) = (330, 230);
    // Half of the light is lost over 60 pixels.
    let light = |x: u32, y: u32| {
        let shade = ((f64::from(x) - 140.0) / 60.0).clamp(0.0, 1.0);
        (210.0 - f64::from(y) / 10.0) * (1.0 - 0.5 * shade)
    };
    // Strokes of 12 pixels, and a table at the border.
    let is_ink = |x: u32, y: u32| {
        x < 12 || (60..72).contains(&x) && (40..190).contains(&y) || y.abs_diff(x) < 6
    };
    let drawn = Picture::new(width, height, |x, y| {
        if is_ink(x, y) {
            light(x, y) / 5.0
        } else {
            light(x, y)
        }
    });
    let survey = Survey::of(&mut Source::new(&mut drawn.rows())).unwrap();
    let paper = Paper::of(survey).unwrap();
    for (x, y) in places(width, height) {
        // Black paper would deviate by 512.
        let found = paper.row(y).deviation(x, light(x, y) as u8);
        assert!(found.abs() < 100, "{found} at {x}, {y}");
        assert!(paper.row(y).deviation(x, (light(x, y) / 5.0) as u8) > 350);
    }
}
