//! Pictures drawn by code, prepared, and compared with what is known of them or with a naive oracle.

extern crate std;

mod around;
mod drawing;
mod extremes;
mod invariance;
mod oracle;
mod scaled;
mod several;

use core::ops::Range;

use super::*;
use drawing::Picture;

/// The image of a picture in memory; it must have ink.
fn prepared(picture: &Picture) -> Image {
    image_of(Preparation::CENTRED, &mut picture.rows()).expect("the picture has ink")
}

fn image_of(preparation: Preparation, rows: &mut impl Rows) -> Result<Image, PrepareError> {
    let mut image = [0; SIDE * SIDE];
    preparation.prepare(rows, &mut image)?;
    Ok(image)
}

/// Mean absolute difference of two images in grey levels, one moved by at most a pixel: the centre of mass of a symmetric
/// drawing lies just between two places, and the least change sends it to the other one.
fn difference(one: &Image, other: &Image) -> f64 {
    // All places of both images, with a margin of a pixel.
    let pixel = |image: &Image, x: usize, y: usize| {
        let inside = (1..=SIDE).contains(&x) && (1..=SIDE).contains(&y);
        if inside {
            image[(y - 1) * SIDE + x - 1]
        } else {
            i8::MIN
        }
    };
    let moved = |right, down| {
        let places = (1..SIDE + 2).flat_map(|y| (1..SIDE + 2).map(move |x| (x, y)));
        let difference =
            |(x, y)| pixel(one, x, y).abs_diff(pixel(other, x + right - 1, y + down - 1));
        places.map(difference).map(u32::from).sum::<u32>()
    };
    let least = (0..9).map(|by| moved(by % 3, by / 3)).min().unwrap();
    f64::from(least) / (SIDE * SIDE) as f64
}

/// All places of a picture.
fn places(width: u32, height: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)))
}

/// From the least to the greatest of some numbers of places.
fn span(places: &[(u32, u32)], number: fn(&(u32, u32)) -> u32) -> Range<u32> {
    let numbers = || places.iter().map(number);
    numbers().min().unwrap()..numbers().max().unwrap() + 1
}

/// A small random number generator (xorshift), the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    /// A number from `low` to `high`, both included.
    fn within(&mut self, low: u32, high: u32) -> u32 {
        low + (self.next() % u64::from(high - low + 1)) as u32
    }

    /// A number from `low` to `high`.
    fn real(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next() as f64 / (1_u64 << 53) as f64
    }

    /// Roughly normal, mean 0, standard deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.real(-0.5, 0.5)).sum()
    }
}

#[test]
fn a_preparation_survives_its_encoding() {
    let all = (1..=28).map(|side| Preparation::centred(side).unwrap());
    let others = [Preparation::PLAIN, Preparation::CENTRED, Preparation::NONE];
    let scaled = Fit::ALL.map(Preparation::scaled);
    for preparation in all.chain(others).chain(scaled) {
        let decoded = Preparation::from_bytes(&preparation.to_bytes());
        assert_eq!(decoded, Some(preparation));
    }
    assert_eq!(scaled.map(Preparation::fit), Fit::ALL.map(Some));
    assert_eq!(
        Preparation::CENTRED.fit().or(Preparation::PLAIN.fit()),
        None
    );
    assert_eq!(Preparation::PLAIN.to_bytes(), [0; 8]);
    assert_eq!(Preparation::CENTRED.to_bytes(), [1, 20, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Preparation::CENTRED, Preparation::centred(20).unwrap());
    let sides = [Preparation::PLAIN, Preparation::CENTRED].map(Preparation::box_side);
    assert_eq!(sides, [None, Some(20)]);
    assert_eq!([0, 29].map(Preparation::centred), [None, None]);
}

#[test]
fn other_bytes_are_no_preparation() {
    let mut accepted = 0;
    for at in 0..8 {
        for start in [Preparation::PLAIN, Preparation::CENTRED] {
            for value in 0..=u8::MAX {
                let mut bytes = start.to_bytes();
                bytes[at] = value;
                if let Some(preparation) = Preparation::from_bytes(&bytes) {
                    assert_eq!(preparation.to_bytes(), bytes);
                    accepted += 1;
                }
            }
        }
    }
    // The 28 boxes once, plain at each place and the other modes without a box at the mode's, centred at all places but the
    // box's.
    assert_eq!(accepted, 28 + 8 + 4 + 7);
}

/// That a grey picture has another size than 28 x 28.
fn not_plain(width: u32, height: u32) -> PrepareError {
    let expected = Shape {
        rows: 28,
        columns: 28,
        channels: 1,
    };
    PrepareError::NotPlain {
        expected,
        width,
        height,
        channels: 1,
    }
}

#[test]
fn plain_takes_pixels_as_they_are() {
    let mut random = Random(7);
    let picture = Picture::new(28, 28, |_, _| random.real(0.0, 255.0));
    let image = image_of(Preparation::PLAIN, &mut picture.rows()).unwrap();
    for (&value, &pixel) in image.iter().zip(&picture.pixels) {
        assert_eq!(i32::from(value), i32::from(pixel) - 128);
    }
    for (width, height) in [(27, 28), (28, 29), (0, 0), (784, 1), (56, 14)] {
        let picture = Picture::new(width, height, |_, _| 0.0);
        let error = image_of(Preparation::PLAIN, &mut picture.rows()).unwrap_err();
        assert_eq!(error, not_plain(width, height));
    }
}

#[test]
fn messages_are_one_line() {
    let (width, height) = (3, 4);
    for error in [
        PrepareError::Length { width, height },
        PrepareError::Size {
            width,
            height,
            limit: 2,
        },
        PrepareError::Channels {
            expected: 1,
            found: 3,
        },
        not_plain(width, height),
        PrepareError::Coloured,
        PrepareError::Row(17),
        PrepareError::NoInk,
        PrepareError::Several,
    ] {
        let message = std::format!("{error}");
        assert!(!message.is_empty() && !message.contains('\n'), "{message}");
    }
}
