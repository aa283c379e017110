use super::noise::poisson;
use super::*;
use crate::data::synthetic;
use crate::data::test_moments::{Moments, middle_of};

fn changed(way: Corruption, strength: usize, bytes: &[u8], shape: Shape, place: u64) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    way.change(strength, (&mut changed, shape), place);
    changed
}

/// Drawn digits, one after another.
fn digits(count: usize) -> Vec<Vec<u8>> {
    let digits = synthetic::digits(count, 1, 3).train;
    let images = digits.images().unwrap();
    let images = images.outer_iter();
    images
        .map(|image| image.iter().copied().collect())
        .collect()
}

fn negative(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| 255 - byte).collect()
}

/// The mean difference of pixels, whatever its sign.
fn difference(a: &[u8], b: &[u8]) -> f32 {
    let differences = a.iter().zip(b).map(|(a, b)| f32::from(a.abs_diff(*b)));
    differences.sum::<f32>() / a.len() as f32
}

#[test]
fn each_is_worse_the_stronger_it_is_by_its_place_alone() {
    let digits = digits(40);
    for way in Corruption::ALL {
        let mean = |strength| {
            let all = (0..).zip(&digits).map(|(place, digit)| {
                let worse = changed(way, strength, digit, [1, 28, 28], place);
                assert_eq!(worse, changed(way, strength, digit, [1, 28, 28], place));
                difference(digit, &worse)
            });
            all.sum::<f32>() / digits.len() as f32
        };
        let means: Vec<f32> = (1..=STRENGTHS).map(mean).collect();
        assert!(means[0] > 0.5, "{way:?} {means:?}");
        assert!(
            means.windows(2).all(|pair| pair[0] < pair[1]),
            "{way:?} {means:?}"
        );
    }
}

#[test]
fn a_drawing_and_its_negative_are_made_worse_alike() {
    for way in Corruption::ALL {
        for (place, digit) in (0..).zip(digits(10)) {
            let worse = changed(way, 4, &digit, [1, 28, 28], place);
            let of_negative = changed(way, 4, &negative(&digit), [1, 28, 28], place);
            let pairs = worse.iter().zip(negative(&of_negative));
            for (found, expected) in pairs {
                assert!(found.abs_diff(expected) <= 1, "{way:?}: {found} {expected}");
            }
        }
    }
}

#[test]
fn pictures_of_any_size_and_in_colours_are_made_worse() {
    let mut random = Random::new(8, 0);
    for shape in [[1, 1, 1], [3, 2, 3], [1, 9, 70], [3, 64, 33]] {
        let count = shape.iter().product();
        let bytes: Vec<u8> = (0..count).map(|_| random.below(256) as u8).collect();
        for way in Corruption::ALL {
            for strength in 1..=STRENGTHS {
                changed(way, strength, &bytes, shape, 2);
            }
        }
        // What is grey stays so.
        let grey = [&bytes[..shape[1] * shape[2]]; 3].concat();
        let is_alike =
            |way: &Corruption| !matches!(way, Corruption::ShotNoise | Corruption::ImpulseNoise);
        for way in Corruption::ALL.into_iter().filter(is_alike) {
            let worse = changed(way, 3, &grey, [3, shape[1], shape[2]], 2);
            let planes: Vec<&[u8]> = worse.chunks(shape[1] * shape[2]).collect();
            assert!(planes[0] == planes[1] && planes[1] == planes[2], "{way:?}");
        }
    }
}

#[test]
fn what_is_not_random_is_by_its_numbers() {
    let digit = digits(3).remove(2);
    let brighter = changed(Corruption::Brightness, 2, &digit, [1, 28, 28], 0);
    for (found, plain) in brighter.iter().zip(&digit) {
        assert_eq!(*found, plain.saturating_add(51));
    }
    let striped = changed(Corruption::Stripe, 5, &digit, [1, 28, 28], 0);
    for (index, (found, plain)) in striped.iter().zip(&digit).enumerate() {
        let is_striped = !(7..21).contains(&(index % 28));
        assert_eq!(*found, if is_striped { 255 - plain } else { *plain });
    }
    // Either way by three pixels.
    let moved = changed(Corruption::Translate, 5, &digit, [1, 28, 28], 0);
    let near = |moved: u8, plain: u8| moved.abs_diff(plain) <= 1;
    let is_by = |down: isize, across: isize| {
        (3..25).all(|row| {
            (3..25).all(|column| {
                let from = (row + down) * 28 + column + across;
                near(moved[(row * 28 + column) as usize], digit[from as usize])
            })
        })
    };
    assert!(
        [(3, 3), (3, -3), (-3, 3), (-3, -3)]
            .into_iter()
            .any(|(down, across)| is_by(down, across))
    );
}

/// The strongest form of each, of what lies in the middle of a picture.
#[test]
fn pictures_are_turned_and_scaled_as_far_as_those_of_the_published_set() {
    let plane = |way, plane: &[f32], place| {
        let bytes: Vec<u8> = plane.iter().map(|pixel| *pixel as u8).collect();
        let worse = changed(way, STRENGTHS, &bytes, [1, 28, 28], place);
        worse.into_iter().map(f32::from).collect::<Vec<f32>>()
    };
    let moments = |way, drawn: &[f32], place| Moments::of(&plane(way, drawn, place), 28);
    let (bar, square) = (middle_of(28, [1, 9]), middle_of(28, [5, 5]));
    for place in 0..8 {
        let turned = moments(Corruption::Rotate, &bar, place).angle;
        assert!((turned.abs() - 23.0).abs() < 1.0, "{turned}");
        let upright = middle_of(28, [9, 1]);
        let sheared = [&bar, &upright].map(|bar| moments(Corruption::Shear, bar, place).angle);
        // One of them stays, as it is along what is moved.
        let slope = |angle: f32| angle.to_radians().tan().abs();
        let slopes = [slope(sheared[0]), slope(90.0 - sheared[1].abs())];
        let (least, most) = (slopes[0].min(slopes[1]), slopes[0].max(slopes[1]));
        assert!(least < 0.03 && (most - 0.42).abs() < 0.05, "{slopes:?}");
        let whole = Moments::of(&square, 28).mass;
        let scaled = moments(Corruption::Scale, &square, place).mass / whole;
        assert!((scaled - 0.49).abs() < 0.03, "{scaled}");
        // In steps of a pixel, half a bell curve of a deviation of 3 has its mean at 9 / (0.5 + 3.76).
        let [y, x] = moments(Corruption::MotionBlur, &square, place).middle;
        let motion = (y - 14.0).hypot(x - 14.0);
        assert!((motion - 2.11).abs() < 0.1, "{motion}");
    }
}

#[test]
fn a_part_of_the_pixels_becomes_black_or_white() {
    for place in 0..8 {
        let way = Corruption::ImpulseNoise;
        let grey = changed(way, STRENGTHS, &[90; 100 * 100], [1, 100, 100], place);
        let replaced = || grey.iter().filter(|pixel| **pixel != 90);
        assert!(replaced().all(|pixel| [0, 255].contains(pixel)));
        // Five standard deviations (38) around 1,700.
        assert!(replaced().count().abs_diff(1700) < 190);
    }
}

/// A line may leave the picture, but most do not.
#[test]
fn lines_go_from_side_to_side() {
    // A dot says that ink is light.
    let mut dot = vec![0; 28 * 28];
    dot[13 * 28 + 13] = 255;
    for (way, least) in [(Corruption::Zigzag, 22), (Corruption::DottedLine, 12)] {
        let wide = (0..20).filter(|&place| {
            let lines = changed(way, STRENGTHS, &dot, [1, 28, 28], place);
            let is_met = |column: &usize| (0..28).any(|row| lines[row * 28 + column] > 128);
            let met = (0..28).filter(is_met).count();
            // Of three pixels, and longer where it is steep.
            let ink = lines.iter().filter(|pixel| **pixel > 128).count();
            assert!(ink < 6 * met, "{way:?}: {ink} {met}");
            met >= least
        });
        assert!(wide.count() > 12, "{way:?}");
    }
}

#[test]
fn photons_come_as_poisson_says() {
    let mut random = Random::new(4, 0);
    for mean in [0.0, 0.7, 3.0, 40.0, 75.0] {
        let counts: Vec<f32> = (0..20_000)
            .map(|_| poisson(mean, &mut random) as f32)
            .collect();
        let found = counts.iter().sum::<f32>() / 20_000.0;
        let squares = counts.iter().map(|count| (count - found).powi(2));
        let variance = squares.sum::<f32>() / 20_000.0;
        // Five standard deviations of a mean; those of a variance are larger.
        assert!(
            (found - mean).abs() <= 5.0 * (mean / 20_000.0).sqrt(),
            "{mean}: {found}"
        );
        assert!((variance - mean).abs() <= 0.08 * mean, "{mean}: {variance}");
    }
}

/// Of a square, its outline is left.
#[test]
fn edges_are_thin_lines_around_what_is_drawn() {
    let mut square = vec![0; 28 * 28];
    for row in 8..20 {
        square[row * 28 + 8..row * 28 + 20].fill(200);
    }
    let edges = changed(Corruption::CannyEdges, 5, &square, [1, 28, 28], 0);
    assert!(edges.iter().all(|pixel| [0, 255].contains(pixel)));
    let is_edge = |row: usize, column: usize| edges[row * 28 + column] == 255;
    for at in 10..18 {
        let in_row: Vec<usize> = (0..28).filter(|&column| is_edge(at, column)).collect();
        let in_column: Vec<usize> = (0..28).filter(|&row| is_edge(row, at)).collect();
        for found in [in_row, in_column] {
            let [first, last] = found[..] else {
                panic!("{found:?}")
            };
            assert!(
                (7..=8).contains(&first) && (19..=20).contains(&last),
                "{found:?}"
            );
        }
    }
    // Faint slopes are none, unless they go on from a steep one.
    let faint: Vec<u8> = square.iter().map(|pixel| pixel / 40).collect();
    let edges = changed(Corruption::CannyEdges, 5, &faint, [1, 28, 28], 0);
    assert!(edges.iter().all(|&pixel| pixel == 0));
}
