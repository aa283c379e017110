//! Training images to calibrate with, and others to choose by.

use ndarray::Axis;

use super::QuantizeError;
use crate::data::Dataset;
use crate::data::batch::shuffle;
use crate::data::random::Random;

/// Images to calibrate with, at most.
const CALIBRATION: usize = 500;
/// Images to choose by, at most.
const HELD_OUT: usize = 2500;
/// Of a small training set this part is for calibration.
const CALIBRATION_PART: usize = 6;
/// The same images at each run.
const SEED: u64 = 0;

/// Two parts of a training set without a common image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Images whose outputs give the ranges.
    pub calibration: Dataset,
    /// Images that decide between methods and set the threshold.
    pub held_out: Dataset,
}

impl Split {
    /// Draws both parts from a training set of at least two images.
    pub fn new(train: &Dataset) -> Result<Self, QuantizeError> {
        if train.len() < 2 {
            return Err(QuantizeError::TooFewImages(train.len()));
        }
        let mut indices: Vec<usize> = (0..train.len()).collect();
        shuffle(&mut indices, &mut Random::new(SEED, 0));
        let count = (train.len() / CALIBRATION_PART).clamp(1, CALIBRATION);
        let (calibration, rest) = indices.split_at(count);
        let held_out = &rest[..rest.len().min(HELD_OUT)];
        Ok(Self {
            calibration: select(train, calibration),
            held_out: select(train, held_out),
        })
    }
}

fn select(dataset: &Dataset, indices: &[usize]) -> Dataset {
    Dataset {
        images: dataset.images.select(Axis(0), indices),
        labels: dataset.labels.select(Axis(0), indices),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ndarray::{Array1, Array3};

    use super::*;

    /// Image `n` has the bytes of `n` in its first pixels.
    fn numbered(count: usize) -> Dataset {
        let pixel = |(image, _, column): (usize, usize, usize)| (image >> (8 * column)) as u8;
        Dataset {
            images: Array3::from_shape_fn((count, 1, 4), pixel),
            labels: Array1::from_shape_fn(count, |image| (image % 10) as u8),
        }
    }

    fn numbers(dataset: &Dataset) -> BTreeSet<u32> {
        let rows = dataset.images.outer_iter().zip(&dataset.labels);
        rows.map(|(image, &label)| {
            let bytes = [0, 1, 2, 3].map(|column| image[[0, column]]);
            let number = u32::from_le_bytes(bytes);
            assert_eq!(number % 10, u32::from(label));
            number
        })
        .collect()
    }

    #[test]
    fn no_image_is_in_both_parts_and_none_twice() {
        for (count, sizes) in [
            (2, [1, 1]),
            (7, [1, 6]),
            (60, [10, 50]),
            (9000, [500, 2500]),
        ] {
            let split = Split::new(&numbered(count)).unwrap();
            let (calibration, held_out) = (numbers(&split.calibration), numbers(&split.held_out));
            assert_eq!([calibration.len(), held_out.len()], sizes);
            assert_eq!([split.calibration.len(), split.held_out.len()], sizes);
            assert!(calibration.is_disjoint(&held_out));
        }
    }

    #[test]
    fn the_parts_are_drawn_from_all_over_and_alike_at_each_run() {
        let dataset = numbered(9000);
        let split = Split::new(&dataset).unwrap();
        let mean = numbers(&split.calibration).iter().sum::<u32>() / 500;
        // Five standard errors (116 each) around 4500.
        assert!((3920..5080).contains(&mean), "{mean}");
        assert_eq!(Split::new(&dataset).unwrap(), split);
    }

    #[test]
    fn too_few_images_are_refused() {
        for count in [0, 1] {
            let error = Split::new(&numbered(count)).unwrap_err().to_string();
            assert!(error.contains(&format!("found {count}")), "{error}");
        }
    }
}
