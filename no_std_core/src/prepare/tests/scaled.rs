//! Scaling against naive sums in floating point.

use super::std::string::ToString;
use super::std::vec;
use super::std::vec::Vec;

use super::super::{Fit, MAX_SCALED_SIDE, PrepareError, Rows};
use super::Random;

/// A picture `[row][column][channel]`.
#[derive(Clone, Debug)]
struct Coloured {
    sizes: [u32; 3],
    pixels: Vec<u8>,
}

impl Coloured {
    fn random(random: &mut Random, [rows, columns, channels]: [u32; 3]) -> Self {
        let pixel = |_| random.within(0, 255) as u8;
        Self {
            sizes: [rows, columns, channels],
            pixels: (0..rows * columns * channels).map(pixel).collect(),
        }
    }

    fn get(&self, row: u32, column: u32, channel: u32) -> u8 {
        let [_, columns, channels] = self.sizes;
        self.pixels[((row * columns + column) * channels + channel) as usize]
    }

    /// Some of its rows and columns.
    fn part(&self, [top, left]: [u32; 2], [rows, columns]: [u32; 2]) -> Self {
        let channels = self.sizes[2];
        let mut pixels = Vec::new();
        each([rows, columns, channels], |[row, column, channel]| {
            pixels.push(self.get(top + row, left + column, channel));
        });
        Self {
            sizes: [rows, columns, channels],
            pixels,
        }
    }

    /// Rows for columns.
    fn transposed(&self) -> Self {
        let [rows, columns, channels] = self.sizes;
        let mut pixels = Vec::new();
        each([columns, rows, channels], |[row, column, channel]| {
            pixels.push(self.get(column, row, channel));
        });
        Self {
            sizes: [columns, rows, channels],
            pixels,
        }
    }

    fn scaled(&self, fit: Fit, [rows, columns]: [u32; 2]) -> Result<Self, PrepareError> {
        let sizes = [rows, columns, self.sizes[2]];
        let mut pixels = vec![77; sizes.iter().product::<u32>() as usize];
        fit.apply(&mut self.clone(), sizes, &mut pixels, |_, pixel| pixel)?;
        Ok(Self { sizes, pixels })
    }
}

impl Rows for Coloured {
    fn width(&self) -> u32 {
        self.sizes[1]
    }

    fn height(&self) -> u32 {
        self.sizes[0]
    }

    fn channels(&self) -> u32 {
        self.sizes[2]
    }

    fn row(&mut self, y: u32) -> Option<&[u8]> {
        let len = (self.sizes[1] * self.sizes[2]) as usize;
        self.pixels.chunks(len).nth(y as usize)
    }
}

fn each([rows, columns, channels]: [u32; 3], mut visit: impl FnMut([u32; 3])) {
    for row in 0..rows {
        for column in 0..columns {
            (0..channels).for_each(|channel| visit([row, column, channel]));
        }
    }
}

/// How much each of so many pixels counts for one of those that they become.
fn weights(from: u32, to: u32, at: u32) -> Vec<f64> {
    let length = f64::from(from) / f64::from(to);
    let middle = (f64::from(at) + 0.5) * length;
    let weight = |pixel: u32| {
        let start = f64::from(pixel);
        if from >= to {
            let end = (middle + length / 2.0).min(start + 1.0);
            return (end - start.max(middle - length / 2.0)).max(0.0) / length;
        }
        // Beyond the middles of the outermost pixels all is as they are.
        let middle = middle.clamp(0.5, f64::from(from) - 0.5);
        (1.0 - (middle - 0.5 - start).abs()).max(0.0)
    };
    (0..from).map(weight).collect()
}

/// Compares a stretched picture with what it should be.
fn assert_stretched(picture: &Coloured, found: &Coloured) {
    let [from_rows, from_columns, channels] = picture.sizes;
    let [rows, columns, _] = found.sizes;
    each([rows, columns, channels], |[row, column, channel]| {
        let across = weights(from_columns, columns, column);
        let mut expected = 0.0;
        for (y, down) in (0..).zip(weights(from_rows, rows, row)) {
            for (x, across) in (0..).zip(&across).filter(|_| down > 0.0) {
                expected += down * across * f64::from(picture.get(y, x, channel));
            }
        }
        let off = (f64::from(found.get(row, column, channel)) - expected).abs();
        let (from, to) = (picture.sizes, found.sizes);
        assert!(off < 0.5 + 1e-6, "{off} in {to:?} of {from:?}");
    });
}

#[test]
fn every_pixel_is_the_nearest_to_the_exact_mean_or_line() {
    let mut random = Random(11);
    for round in 0..120 {
        let channels = if round % 2 == 0 { 1 } else { 3 };
        let [rows, columns, height, width] = [(); 4].map(|()| random.within(1, 45));
        // Some are wider than what is made at once.
        let width = if round % 10 == 0 { 5 * width } else { width };
        let picture = Coloured::random(&mut random, [rows, columns, channels]);
        let found = picture.scaled(Fit::Stretch, [height, width]).unwrap();
        assert_stretched(&picture, &found);
    }
}

#[test]
fn rows_are_scaled_as_columns_are() {
    let mut random = Random(12);
    for _ in 0..60 {
        let [rows, columns, height, width] = [(); 4].map(|()| random.within(1, 60));
        let picture = Coloured::random(&mut random, [rows, columns, 3]);
        let found = picture.scaled(Fit::Stretch, [height, width]).unwrap();
        let turned = picture.transposed().scaled(Fit::Stretch, [width, height]);
        assert_eq!(turned.unwrap().transposed().pixels, found.pixels);
    }
}

/// Rows and columns in these proportions that fit into a frame.
fn within([rows, columns]: [u32; 2], [frame_rows, frame_columns]: [u32; 2]) -> [u32; 2] {
    let factor = |frame: u32, side: u32| f64::from(frame) / f64::from(side);
    let least = factor(frame_rows, rows).min(factor(frame_columns, columns));
    let side = |side: u32, frame| ((f64::from(side) * least + 0.5 + 1e-9) as u32).clamp(1, frame);
    [side(rows, frame_rows), side(columns, frame_columns)]
}

#[test]
fn cropped_is_the_middle_and_padded_is_between_bars() {
    let mut random = Random(13);
    for _ in 0..200 {
        let [rows, columns, height, width] = [(); 4].map(|()| random.within(1, 50));
        let picture = Coloured::random(&mut random, [rows, columns, 3]);

        let part = within([height, width], [rows, columns]);
        let from = [(rows - part[0]) / 2, (columns - part[1]) / 2];
        let expected = picture.part(from, part);
        let expected = expected.scaled(Fit::Stretch, [height, width]).unwrap();
        let found = picture.scaled(Fit::Crop, [height, width]).unwrap();
        assert_eq!(found.pixels, expected.pixels);

        let part = within([rows, columns], [height, width]);
        let to = [(height - part[0]) / 2, (width - part[1]) / 2];
        let found = picture.scaled(Fit::Pad, [height, width]).unwrap();
        let expected = picture.scaled(Fit::Stretch, part).unwrap();
        assert_eq!(found.part(to, part).pixels, expected.pixels);
        each(found.sizes, |[row, column, channel]| {
            let inside = (to[0]..to[0] + part[0]).contains(&row)
                && (to[1]..to[1] + part[1]).contains(&column);
            assert!(inside || found.get(row, column, channel) == 0);
        });
    }
}

#[test]
fn a_picture_of_the_right_size_keeps_every_pixel() {
    let mut random = Random(14);
    let picture = Coloured::random(&mut random, [31, 101, 3]);
    for fit in Fit::ALL {
        assert_eq!(
            picture.scaled(fit, [31, 101]).unwrap().pixels,
            picture.pixels
        );
    }
}

/// Rows that are all of one grey.
struct Even(Vec<u8>, u32);

impl Rows for Even {
    fn width(&self) -> u32 {
        self.0.len() as u32
    }

    fn height(&self) -> u32 {
        self.1
    }

    fn row(&mut self, _: u32) -> Option<&[u8]> {
        Some(&self.0)
    }
}

#[test]
fn no_size_is_too_much_for_the_sums() {
    let most = MAX_SCALED_SIDE as usize;
    for (width, height, rows, columns) in [
        (most, 3, 2, 5),
        (1, MAX_SCALED_SIDE, 7, 1),
        (most, 1, 1, 1),
        // As many columns would take a pass for each 96 of them.
        (1, 1, MAX_SCALED_SIDE, 1),
        (3, 2, 2, 1 << 16),
    ] {
        for fit in Fit::ALL {
            let mut places = vec![0; (rows * columns) as usize];
            let mut picture = Even(vec![255; width], height);
            let sizes = [rows, columns, 1];
            fit.apply(&mut picture, sizes, &mut places, |_, pixel| pixel)
                .unwrap();
            assert!(places.contains(&255) && (fit == Fit::Pad || !places.contains(&0)));
        }
    }
}

#[test]
fn what_cannot_be_scaled_is_refused() {
    let mut random = Random(15);
    let picture = Coloured::random(&mut random, [4, 5, 3]);
    let apply = |sizes: [u32; 3]| {
        let refused = Fit::Crop.apply(&mut picture.clone(), sizes, &mut [0; 90], |_, pixel| pixel);
        refused.unwrap_err().to_string()
    };
    assert_eq!(
        apply([5, 6, 1]),
        "expected a picture of 1 values a pixel, found 3"
    );
    assert!(apply([0, 6, 3]).starts_with("expected a picture of 1 x 1 to 1048576"));
    let mut short = picture.clone();
    short.pixels.truncate(20);
    let refused = short.scaled(Fit::Stretch, [2, 2]).unwrap_err();
    assert_eq!(refused, PrepareError::Row(1));
}
