//! Handwritten digits drawn by code, for machines without data: close enough to MNIST that what is learnt from
//! them carries over.
//!
//! Every image has random numbers of its own, so the first N images are the same however many follow, and the same seed
//! gives the same bytes on every machine because only exact arithmetic is used.

use sha2::{Digest, Sha256};

use self::glyphs::STYLES;
pub(super) use self::glyphs::Style;
use self::strokes::{Canvas, Point, placed};
use crate::data::collection::{Collection, Divided, Entry, Part, Pictures};
use crate::data::random::Random;
use crate::data::{Dataset, Sets, hexadecimal, numbers};
use crate::network::Shape;

// Tables: one style a line.
#[rustfmt::skip]
mod glyphs;
#[rustfmt::skip]
mod print;
pub(super) mod strokes;

/// Training images where no other number is asked for.
pub const TRAIN_COUNT: usize = 20_000;
/// Test images where no other number is asked for.
pub const TEST_COUNT: usize = 4_000;
/// The seed where no other is asked for.
pub const SEED: u64 = 0;

/// Rows and columns of every image, in pixels.
const IMAGE_SIDE: usize = 28;
const SHAPE: Shape = [1, IMAGE_SIDE, IMAGE_SIDE];
/// As in MNIST, a digit fills a box of this many pixels and its ink is centred in the image.
const BOX_SIDE: f32 = 20.0;

/// Draws `train_count` digits to learn from and `test_count` others to test on, the ten digits in turn.
pub fn digits(train_count: usize, test_count: usize, seed: u64) -> Sets {
    let Drawn {
        parts,
        source,
        sha256,
    } = Drawn::new([train_count, test_count], seed);
    let [train, test] = parts.map(|(pixels, labels)| {
        let labels = labels.into_iter().map(u16::from).collect();
        Dataset::new(SHAPE, pixels, labels, numbers(0, 10))
    });
    Sets {
        train,
        validation: None,
        test,
        source,
        sha256,
    }
}

/// The same as a reader gives it.
pub fn collection(train_count: usize, test_count: usize, seed: u64) -> Collection {
    let drawn = Drawn::new([train_count, test_count], seed);
    let [(train, train_labels), (test, test_labels)] = drawn.parts;
    let of = |labels: Vec<u8>, part| {
        let entry = move |label: u8| Entry {
            label: label.into(),
            part: Some(part),
        };
        labels.into_iter().map(entry)
    };
    let train_entries = of(train_labels, Part::Train);
    Collection {
        source: drawn.source,
        classes: numbers(0, 10).to_vec(),
        entries: train_entries.chain(of(test_labels, Part::Test)).collect(),
        pictures: Pictures::Array {
            shape: SHAPE,
            pixels: [train, test].concat(),
        },
        divided: Divided::AsPublished,
        passed_over: Vec::new(),
        unreadable: Vec::new(),
        sha256: Some(drawn.sha256),
    }
}

struct Drawn {
    /// Pixels and labels of the training and of the test set.
    parts: [(Vec<u8>, Vec<u8>); 2],
    source: String,
    sha256: String,
}

impl Drawn {
    fn new([train_count, test_count]: [usize; 2], seed: u64) -> Self {
        let parts = [(train_count, 0), (test_count, 1)];
        let parts = parts.map(|(count, part)| dataset(count, seed, part));
        let mut hasher = Sha256::new();
        for (pixels, labels) in &parts {
            hasher.update(pixels);
            hasher.update(labels);
        }
        Self {
            parts,
            source: format!("{train_count} + {test_count} digits drawn by code with seed {seed}"),
            sha256: hexadecimal(&hasher.finalize()),
        }
    }
}

/// Pixels and labels; `part` 0 and 1 have no image in common.
fn dataset(count: usize, seed: u64, part: u64) -> (Vec<u8>, Vec<u8>) {
    let mut images = vec![0; count * IMAGE_SIDE * IMAGE_SIDE];
    let labels = (0..count).map(|index| (index % 10) as u8).collect();
    for (index, image) in images.chunks_exact_mut(IMAGE_SIDE * IMAGE_SIDE).enumerate() {
        let mut random = Random::new(seed, 2 * index as u64 + part);
        let canvas = write(STYLES[index % 10], &mut random);
        image.copy_from_slice(&exposed(&canvas, &mut random));
    }
    (images, labels)
}

/// A picture `[rows, columns]` of the digit that is the last one of a number, as it is printed: one of many, by seed and number.
pub fn printed(seed: u64, number: usize) -> Vec<u8> {
    let mut random = Random::new(seed, number as u64);
    let canvas = write(print::STYLES[number % 10], &mut random);
    exposed(&canvas, &mut random)
}

/// Draws a character in one of its styles, as one writer would.
pub(super) fn write(styles: &[Style], random: &mut Random) -> Canvas {
    let strokes = Hand::new(random).write(styles, random);
    framed(strokes, random)
}

/// Draws strokes in any unit and place with one pen about 1 wide, framed as digits are in MNIST.
pub(super) fn framed(mut strokes: Vec<Vec<Point>>, random: &mut Random) -> Canvas {
    let width = random.between(1.4, 4.2);
    let side = BOX_SIDE * random.between(0.9, 1.04);
    frame(&mut strokes, width, side, random);
    let softness = random.between(0.9, 1.7);
    let mut canvas = Canvas::new(IMAGE_SIDE, IMAGE_SIDE);
    for stroke in &strokes {
        canvas.draw(stroke, softness);
    }
    canvas
}

/// The pixels of a canvas, row by row, in more or less light.
pub(super) fn exposed(canvas: &Canvas, random: &mut Random) -> Vec<u8> {
    // Above 1 the ink saturates, as most of it does in MNIST.
    let strength = 255.0 * random.between(0.8, 1.15);
    let pixels = canvas.ink().iter();
    pixels.map(|ink| (ink * strength + 0.5) as u8).collect()
}

/// What is the same in all strokes of one character.
struct Hand {
    /// How far knots stray.
    unrest: f32,
    /// Width of the digit against its height.
    aspect: f32,
    slant: f32,
    cosine: f32,
    sine: f32,
    /// How far the waist is shifted down.
    waist: f32,
    /// How much wider the bottom is than the top.
    spread: f32,
}

impl Hand {
    fn new(random: &mut Random) -> Self {
        // The tangent of half the angle gives sine and cosine by exact arithmetic.
        let half = random.bell(0.06).clamp(-0.17, 0.17);
        let scale = 1.0 / (1.0 + half * half);
        Self {
            unrest: random.between(0.01, 0.055),
            aspect: random.between(0.6, 1.3),
            slant: random.bell(0.2) + 0.1,
            cosine: (1.0 - half * half) * scale,
            sine: 2.0 * half * scale,
            waist: random.bell(0.22),
            spread: random.bell(0.18),
        }
    }

    /// Strokes in any unit and place, with a pen about 1 wide.
    fn write(&self, styles: &[Style], random: &mut Random) -> Vec<Vec<Point>> {
        let style = styles[random.below(styles.len())];
        placed(style, |x, y| {
            let x = x - 0.5 + random.bell(self.unrest);
            let y = y - 0.5 + random.bell(self.unrest);
            let y = y + self.waist * (0.25 - y * y);
            let x = x * self.aspect * (1.0 + self.spread * 2.0 * y) - self.slant * y;
            Point {
                x: x * self.cosine - y * self.sine,
                y: x * self.sine + y * self.cosine,
                width: (1.0 + random.bell(0.12)).max(0.5),
            }
        })
    }
}

/// Brings strokes to pixels: a pen of `width`, the longer side of the box `side`, and the ink about in the centre.
fn frame(strokes: &mut [Vec<Point>], width: f32, side: f32, random: &mut Random) {
    let extent = |part: fn(&Point) -> f32| {
        let values = || strokes.iter().flatten().map(part);
        values().fold(f32::MIN, f32::max) - values().fold(f32::MAX, f32::min)
    };
    let scale = (side - width) / extent(|point| point.x).max(extent(|point| point.y));
    let (centre_x, centre_y) = centre(strokes);
    let middle = IMAGE_SIDE as f32 / 2.0;
    let (to_x, to_y) = (middle + random.bell(0.5), middle + random.bell(0.5));
    for point in strokes.iter_mut().flatten() {
        point.x = (point.x - centre_x) * scale + to_x;
        point.y = (point.y - centre_y) * scale + to_y;
        point.width *= width;
    }
}

/// The centre of the ink of strokes of one width.
fn centre(strokes: &[Vec<Point>]) -> (f32, f32) {
    let (mut mass, mut x, mut y) = (0.0, 0.0, 0.0);
    for piece in strokes.iter().flat_map(|stroke| stroke.windows(2)) {
        let (start, end) = (piece[0], piece[1]);
        let (across, down) = (end.x - start.x, end.y - start.y);
        let length = (across * across + down * down).sqrt();
        mass += length;
        x += length * (start.x + end.x) / 2.0;
        y += length * (start.y + end.y) / 2.0;
    }
    (x / mass, y / mass)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ndarray::{Array3, ArrayView1, ArrayView2, ArrayView3, Axis};

    use super::*;
    use crate::data::test_moments::Moments;

    #[test]
    fn the_same_seed_gives_the_same_bytes_on_every_machine() {
        let expected = "1ecad8de556247449135da4ee5bf17506b395fa5f089cf24695beef2b1488029";
        assert_eq!(digits(200, 50, 7).sha256, expected);
        assert_ne!(digits(200, 50, 8).sha256, expected);
    }

    /// Light ink in the middle of black, and no picture twice.
    #[test]
    fn digits_in_print_are_framed_as_others_are() {
        let pictures: Vec<_> = (0..600).map(|number| printed(3, number)).collect();
        for (number, picture) in pictures.iter().enumerate() {
            let plane: Vec<f32> = picture.iter().copied().map(f32::from).collect();
            let found = Moments::of(&plane, IMAGE_SIDE);
            let is_central = found.middle.iter().all(|at| (11.0..17.0).contains(at));
            let mean = found.mass / plane.len() as f32;
            assert!(is_central && (8.0..120.0).contains(&mean), "{number}");
        }
        assert_eq!(pictures.iter().collect::<BTreeSet<_>>().len(), 600);
        let again: Vec<_> = (0..600).map(|number| printed(3, number)).collect();
        assert_eq!(pictures, again);
        assert_ne!(printed(4, 0), pictures[0]);
    }

    #[test]
    fn the_first_images_do_not_depend_on_how_many_follow() {
        let (few, many) = (digits(30, 20, 1), digits(60, 40, 1));
        for (many, few, count) in [(many.train, few.train, 30), (many.test, few.test, 20)] {
            let many = many.take(count);
            assert_eq!(many.images().unwrap(), few.images().unwrap());
            assert_eq!(many.labels(), few.labels());
        }
    }

    #[test]
    fn no_image_comes_twice_and_each_digit_as_often() {
        let digits = digits(1000, 500, 2);
        let parts = [(&digits.train, 100), (&digits.test, 50)];
        let images = parts.map(|(part, _)| part.images().unwrap());
        let images = images.iter().flat_map(|images| images.outer_iter());
        let different: BTreeSet<Vec<u8>> = images
            .map(|image| image.iter().copied().collect())
            .collect();
        assert_eq!(different.len(), 1500);
        for (part, expected) in parts {
            for digit in 0..10 {
                let is_digit = |&&label: &&u16| label == digit;
                assert_eq!(part.labels().iter().filter(is_digit).count(), expected);
            }
        }
    }

    #[test]
    fn the_digest_is_of_the_arrays_in_order() {
        let digits = digits(12, 5, 3);
        let mut bytes = Vec::new();
        for part in [&digits.train, &digits.test] {
            bytes.extend(part.images().unwrap());
            bytes.extend(part.labels().iter().map(|&label| label as u8));
        }
        assert_eq!(digits.sha256, hexadecimal(&Sha256::digest(bytes)));
    }

    /// Down or across: the extent of visible ink, and the centre of all ink, in pixels.
    fn measure(image: &ArrayView2<'_, u8>, axis: Axis) -> (usize, f32) {
        let lines = || image.axis_iter(axis).enumerate();
        let has_ink = |(_, line): &(usize, ArrayView1<u8>)| line.iter().any(|&pixel| pixel > 60);
        let inked: Vec<usize> = lines().filter(has_ink).map(|(index, _)| index).collect();
        let ink = |line: ArrayView1<u8>| line.iter().map(|&pixel| f32::from(pixel)).sum::<f32>();
        let total: f32 = lines().map(|(_, line)| ink(line)).sum();
        let weighted: f32 = lines()
            .map(|(index, line)| (index as f32 + 0.5) * ink(line))
            .sum();
        let extent = inked.last().unwrap() + 1 - inked[0];
        (extent, weighted / total)
    }

    #[test]
    fn digits_are_framed_as_in_mnist() {
        let digits = digits(2000, 0, 4);
        let images = digits.train.images().unwrap();
        for image in images.outer_iter() {
            let image = image.index_axis(Axis(0), 0);
            let [(height, row), (width, column)] = [0, 1].map(|axis| measure(&image, Axis(axis)));
            assert!((16..=23).contains(&height.max(width)), "{height} x {width}");
            for centre in [row, column] {
                assert!((centre - 14.0).abs() < 3.0, "{centre}");
            }
        }
        // The mean over the 60 000 training images of MNIST is 33.3.
        let mean = images.mapv(f64::from).mean().unwrap();
        assert!((28.0..40.0).contains(&mean), "{mean}");
    }

    /// The share of `test` whose nearest mean image of `train` has their label.
    fn nearest_mean_accuracy(train: &Dataset, test: &Dataset) -> f64 {
        let mut means = Array3::<f32>::zeros((10, IMAGE_SIDE, IMAGE_SIDE));
        let [train_images, test_images] = [train, test].map(|part| part.images().unwrap());
        for (image, &label) in train_images.outer_iter().zip(train.labels()) {
            let mut mean = means.index_axis_mut(Axis(0), usize::from(label));
            mean += &image
                .index_axis(Axis(0), 0)
                .mapv(|pixel| f32::from(pixel) * 10.0 / train.len() as f32);
        }
        let is_right = |(image, label): &(ArrayView3<u8>, &u16)| {
            let image = image.index_axis(Axis(0), 0).mapv(f32::from);
            let distance = |mean| (&image - &mean).mapv(|part| part * part).sum();
            let distances: Vec<f32> = means.outer_iter().map(distance).collect();
            let own = distances[usize::from(**label)];
            distances.iter().all(|&other| own <= other)
        };
        let images = test_images.outer_iter().zip(test.labels());
        images.filter(is_right).count() as f64 / test.len() as f64
    }

    #[test]
    fn labels_are_right_and_reading_them_is_not_too_easy() {
        let digits = digits(3000, 1000, 5);
        // The same rule reaches 0.82 on MNIST.
        let accuracy = nearest_mean_accuracy(&digits.train, &digits.test);
        assert!((0.7..0.93).contains(&accuracy), "{accuracy}");
    }
}
