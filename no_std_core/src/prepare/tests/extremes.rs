//! Pictures and sources of pictures that nobody would call reasonable.

use super::std::cell::{Cell, RefCell};
use super::std::vec::Vec;

use super::super::paper::Paper;
use super::super::survey::Survey;
use super::super::{Image, MAX_SIDE, Pixels, Preparation, PrepareError, Rows, SIDE, Source};
use super::drawing::{Picture, digit};
use super::{Random, image_of, prepared};

/// Rows that are made when asked for, and the numbers of those that were.
struct Made<F> {
    width: u32,
    height: u32,
    make: F,
    row: Vec<u8>,
    asked: Vec<u32>,
}

impl<F: FnMut(u32) -> Vec<u8>> Made<F> {
    fn new(width: u32, height: u32, make: F) -> Self {
        let (row, asked) = (Vec::new(), Vec::new());
        Self {
            width,
            height,
            make,
            row,
            asked,
        }
    }

    fn image(&mut self) -> Result<Image, PrepareError> {
        image_of(Preparation::CENTRED, self)
    }
}

impl<F: FnMut(u32) -> Vec<u8>> Rows for Made<F> {
    fn width(&self) -> u32 {
        self.width
    }

    fn height(&self) -> u32 {
        self.height
    }

    fn row(&mut self, y: u32) -> Option<&[u8]> {
        assert!(y < self.height);
        self.asked.push(y);
        self.row = (self.make)(y);
        Some(&self.row)
    }
}

/// Two or three kinds of pictures without order: random pixels, random stripes, random blocks.
fn arbitrary(random: &mut Random) -> Picture {
    let (width, height) = (random.within(1, 50), random.within(1, 50));
    let levels = [255; 3].map(|most| f64::from(random.within(0, most)));
    let (x_size, y_size) = (random.within(1, 60), random.within(1, 60));
    let salt = random.next();
    Picture::new(width, height, |x, y| {
        let block = u64::from(x / x_size) << 32 ^ u64::from(y / y_size) << 8;
        levels[Random(salt ^ block | 1).within(0, 2) as usize]
    })
}

/// Whether nothing is wrong but what there is to see.
fn says_what_is_drawn(error: PrepareError) -> bool {
    matches!(error, PrepareError::NoInk | PrepareError::Several)
}

#[test]
fn arbitrary_pictures_give_an_image_or_none() {
    let mut random = Random(1);
    let mut images = 0;
    for _ in 0..3000 {
        let picture = arbitrary(&mut random);
        let survey = Survey::of(&mut Source::new(&mut picture.rows())).unwrap();
        let paper = Paper::of(survey).ok();
        let rows = [0, picture.height / 2, picture.height - 1];
        for row in rows
            .into_iter()
            .filter_map(|y| paper.as_ref().map(|paper| paper.row(y)))
        {
            for (x, pixel) in (0..picture.width).flat_map(|x| [(x, 0), (x, 255)]) {
                assert!((-511..=512).contains(&row.deviation(x, pixel)));
            }
        }
        let box_side = random.within(1, 28) as u8;
        match image_of(Preparation::centred(box_side).unwrap(), &mut picture.rows()) {
            Ok(image) => {
                assert!(image.contains(&i8::MAX));
                images += 1;
            }
            Err(error) => assert!(says_what_is_drawn(error)),
        }
    }
    assert!(images > 500, "{images}");
}

#[test]
fn blank_pictures_have_no_ink() {
    let mut random = Random(3);
    let mut blank = Vec::new();
    for level in [0.0, 1.0, 127.0, 128.0, 254.0, 255.0] {
        for (width, height) in [(1, 1), (1, 40), (40, 1), (2, 2), (28, 28), (200, 100)] {
            blank.push(Picture::new(width, height, |_, _| level));
        }
    }
    let lamp = |x, y| 200.0 - f64::from(x * x + y * y) / 180.0;
    blank.push(Picture::new(60, 80, |x, y| f64::from(90 + x + y)));
    blank.push(Picture::new(60, 80, lamp));
    blank.push(Picture::new(60, 80, |_, _| 128.0 + 10.0 * random.normal()));
    blank.push(Picture::new(400, 300, |_, _| random.real(60.0, 200.0)));
    blank.push(Picture::ink(64, 64, |x, y| (x + y) % 2 == 1));
    blank.push(Picture::ink(64, 64, |x, _| x % 2 == 1));
    // Too fine to be seen.
    let dots = |x, y| y == 15 && x % 400 == 10;
    blank.push(Picture::ink(MAX_SIDE, 30, dots).inverted());
    for picture in blank {
        let error = image_of(Preparation::CENTRED, &mut picture.rows());
        let (width, height) = (picture.width, picture.height);
        assert_eq!(error, Err(PrepareError::NoInk), "{width} x {height}");
    }
}

#[test]
fn one_pixel_of_ink_fills_the_box() {
    for (width, height, x, y) in [(28, 28, 3, 20), (3, 3, 1, 1), (500, 30, 77, 13)] {
        let dot = Picture::new(width, height, |column, row| {
            if (column, row) == (x, y) { 140.0 } else { 0.0 }
        });
        let image = prepared(&dot);
        for (at, &pixel) in image.iter().enumerate() {
            let inside = (4..24).contains(&(at / SIDE)) && (4..24).contains(&(at % SIDE));
            assert_eq!(pixel, if inside { 127 } else { -128 });
        }
    }
}

#[test]
fn single_rows_and_columns() {
    for len in [3, 20, 28, 8192] {
        let row = Picture::ink(len, 1, |x, _| x == len / 2);
        let column = Picture::ink(1, len, |_, y| y == len / 2);
        for picture in [row, column] {
            // All of the picture is border, so it can well look blank.
            if let Err(error) = image_of(Preparation::CENTRED, &mut picture.rows()) {
                assert_eq!(error, PrepareError::NoInk);
            }
        }
    }
}

#[test]
fn the_largest_pictures() {
    // A line of 4 pixels' width along the middle.
    for (width, height) in [(MAX_SIDE, 30), (30, MAX_SIDE)] {
        let span = |len| if len == 30 { 13..17 } else { 10..len - 10 };
        let (columns, rows) = (span(width), span(height));
        let mut made = Made::new(width, height, |y| {
            let is_ink = |x| rows.contains(&y) && columns.contains(&x);
            let pixel = |x| if is_ink(x) { 70 } else { 200 };
            (0..width).map(pixel).collect()
        });
        let image = made.image().unwrap();
        assert_eq!(image.iter().filter(|&&pixel| pixel == 127).count(), 20);
        assert_eq!(image.iter().filter(|&&pixel| pixel > -128).count(), 20);
    }
}

#[test]
fn sizes_beyond_the_limits_are_refused() {
    let empty = [(0, 5), (5, 0), (0, 0)];
    let large = [(MAX_SIDE + 1, 1), (1, MAX_SIDE + 1), (u32::MAX, u32::MAX)];
    for &(width, height) in [empty, large].as_flattened() {
        let mut rows = Made::new(width, height, |_| Vec::new());
        assert_eq!(
            rows.image(),
            Err(PrepareError::Size {
                width,
                height,
                limit: MAX_SIDE
            })
        );
        assert!(rows.asked.is_empty());
    }
    let sizes = [(5, 2, 3), (7, 2, 3), (0, 1, 1), (1, 0, 1)];
    let largest = (0, u32::MAX, u32::MAX);
    for (len, width, height) in sizes.into_iter().chain([largest]) {
        let error = Pixels::new(&[0; 7][..len], width, height).unwrap_err();
        assert_eq!(error, PrepareError::Length { width, height });
    }
}

#[test]
fn a_missing_row_is_named() {
    let picture = digit(4, 2.0);
    let whole = |y| picture.rows().row(y).unwrap().to_vec();
    let mut made = Made::new(picture.width, picture.height, whole);
    assert_eq!(made.image(), Ok(prepared(&picture)));
    let requests = made.asked.len();
    for lost in 0..requests {
        let mut request = 0;
        let mut made = Made::new(picture.width, picture.height, |y| {
            request += 1;
            let len = if request > lost { 55 } else { 56 };
            whole(y)[..len].to_vec()
        });
        let error = made.image().unwrap_err();
        assert_eq!(error, PrepareError::Row(*made.asked.last().unwrap()));
        assert_eq!(made.asked.len(), lost + 1);
    }
}

#[test]
fn rows_that_change_do_no_harm() {
    let mut random = Random(11);
    for round in 0..500 {
        let (width, height) = (random.within(1, 40), random.within(1, 40));
        let mut seed = Random(round + 1);
        let mut made = Made::new(width, height, |_| {
            let level = [0, 255, 128, 90][seed.within(0, 3) as usize];
            let pixel = |_| match seed.within(0, 9) {
                0 => seed.within(0, 255) as u8,
                _ => level,
            };
            (0..width).map(pixel).collect()
        });
        if let Err(error) = made.image() {
            assert!(says_what_is_drawn(error));
        }
    }
}

/// A picture that says another size whenever it is asked; its rows are as wide as it said last.
struct Restless {
    random: RefCell<Random>,
    largest: u32,
    width: Cell<u32>,
    row: Vec<u8>,
}

impl Restless {
    fn side(&self) -> u32 {
        self.random.borrow_mut().within(1, self.largest)
    }
}

impl Rows for Restless {
    fn width(&self) -> u32 {
        self.width.set(self.side());
        self.width.get()
    }

    fn height(&self) -> u32 {
        self.side()
    }

    fn row(&mut self, _: u32) -> Option<&[u8]> {
        let random = self.random.get_mut();
        let ink = |_| [0, 0, 0, 255][random.within(0, 3) as usize];
        self.row = (0..self.width.get()).map(ink).collect();
        Some(&self.row)
    }
}

#[test]
fn sizes_that_change_do_no_harm() {
    let mut images = 0;
    for seed in 1..3000 {
        let mut restless = Restless {
            random: RefCell::new(Random(seed)),
            largest: 1 + seed as u32 % 40,
            width: Cell::new(0),
            row: Vec::new(),
        };
        match image_of(Preparation::CENTRED, &mut restless) {
            Ok(_) => images += 1,
            Err(error) => assert!(says_what_is_drawn(error)),
        }
    }
    assert!(images > 500, "{images}");
}

#[test]
fn each_pass_asks_for_each_row_once_from_the_top_down() {
    for (height, passes, box_side) in [(260, 4, 1), (260, 4, 20), (260, 4, 28), (159, 3, 20)] {
        let picture = digit(8, 5.0).pasted(300, height, 60, 10);
        let mut made = Made::new(300, height, |y| picture.rows().row(y).unwrap().to_vec());
        image_of(Preparation::centred(box_side).unwrap(), &mut made).unwrap();
        let (all, last) = made.asked.split_at(passes * height as usize);
        for pass in all.chunks(height as usize) {
            assert!(pass.iter().copied().eq(0..height));
        }
        let drawing = last[0]..last[last.len() - 1] + 1;
        assert!(last.iter().copied().eq(drawing.clone()));
        // The digit is 100 pixels high, with margins of 20 around it.
        let is_there = drawing.start.abs_diff(30) <= 1 && drawing.end.abs_diff(130) <= 1;
        assert!(is_there, "{drawing:?}");
    }
}
