//! Batches of one fixed size, in file order or shuffled.

use ndarray::{Array1, Array4, Axis};

use crate::data::augment::Variant;
use crate::data::random::Random;
use crate::data::{DataError, Dataset, IMAGE_SIDE};

pub use crate::data::prefetch::{Prefetch, prefetch};

/// One batch of exactly `batch_size` rows, since graphs have fixed shapes; rows beyond `count` are only filling.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// `[batch_size, 1, 28, 28]`, 0 to 1; all 0 in filling rows.
    pub images: Array4<f32>,
    /// `[batch_size]`, 0 to 9; 0 in filling rows.
    pub labels: Array1<i64>,
    /// `[batch_size]`, 1 for real rows and 0 for filling rows.
    pub weights: Array1<f32>,
    /// The number of real rows, which come first; at least 1.
    pub count: usize,
}

impl Batch {
    fn filling(batch_size: usize) -> Self {
        Self {
            images: Array4::zeros((batch_size, 1, IMAGE_SIDE, IMAGE_SIDE)),
            labels: Array1::zeros(batch_size),
            weights: Array1::zeros(batch_size),
            count: 0,
        }
    }
}

/// In which order an epoch visits its samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// All variants of the first image, then all of the second, and so on.
    Sequential,
    /// A random permutation that depends on the seed only.
    Shuffled(u64),
}

/// One epoch over a data set: every pair of an image and a variant exactly once.
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    dataset: &'a Dataset,
    variants: &'a [Variant],
    batch_size: usize,
    /// The samples still to come, last first; see [`Batches::into_samples`].
    remaining: Vec<usize>,
}

impl<'a> Batches<'a> {
    /// Plans an epoch; a `batch_size` of 0 or beyond the number of samples (images times variants) is an error.
    pub fn new(
        dataset: &'a Dataset,
        variants: &'a [Variant],
        batch_size: usize,
        order: Order,
    ) -> Result<Self, DataError> {
        let samples = dataset.len() * variants.len();
        if batch_size == 0 || batch_size > samples {
            return Err(DataError::BatchSize {
                batch_size,
                samples,
            });
        }
        let mut remaining: Vec<usize> = (0..samples).rev().collect();
        if let Order::Shuffled(seed) = order {
            shuffle(&mut remaining, &mut Random::new(seed, 0));
        }
        Ok(Self {
            dataset,
            variants,
            batch_size,
            remaining,
        })
    }

    /// The samples of the epoch in its order, for those who look the images up themselves. Sample `s` shows variant
    /// `s % variants` of image `s / variants`.
    pub fn into_samples(self) -> impl Iterator<Item = usize> {
        self.remaining.into_iter().rev()
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let rest = self.remaining.len().saturating_sub(self.batch_size);
        let samples = self.remaining.drain(rest..).rev();
        let mut batch = Batch::filling(self.batch_size);
        for (row, sample) in samples.enumerate() {
            let (image, variant) = (
                sample / self.variants.len(),
                self.variants[sample % self.variants.len()],
            );
            let pixels = batch
                .images
                .index_axis_mut(Axis(0), row)
                .index_axis_move(Axis(0), 0);
            variant.write(&self.dataset.images.index_axis(Axis(0), image), pixels);
            batch.labels[row] = i64::from(self.dataset.labels[image]);
            batch.weights[row] = 1.0;
            batch.count += 1;
        }
        (batch.count > 0).then_some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let batches = self.remaining.len().div_ceil(self.batch_size);
        (batches, Some(batches))
    }
}

impl ExactSizeIterator for Batches<'_> {}

/// Fisher and Yates: every permutation is equally likely.
pub(crate) fn shuffle(samples: &mut [usize], random: &mut Random) {
    for last in (1..samples.len()).rev() {
        samples.swap(last, random.below(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ndarray::Array3;

    use super::*;
    use crate::data::augment::Augment;

    /// Image `n` has the value `n` in every pixel, so that a row of a batch tells its image and its variant.
    fn numbered(count: usize) -> Dataset {
        Dataset {
            images: Array3::from_shape_fn((count, IMAGE_SIDE, IMAGE_SIDE), |(image, ..)| {
                image as u8
            }),
            labels: Array1::from_shape_fn(count, |image| (image % 10) as u8),
        }
    }

    /// The pixel value of every real row of an epoch over `count` images, plain and inverted.
    fn visited(count: usize, batch_size: usize, order: Order) -> Vec<u8> {
        let dataset = numbered(count);
        let batches =
            Batches::new(&dataset, Augment::Invert.variants(), batch_size, order).unwrap();
        let mut values = Vec::new();
        for batch in batches {
            for row in 0..batch.count {
                let pixels = batch.images.index_axis(Axis(0), row);
                assert!(
                    pixels
                        .iter()
                        .all(|&pixel| pixel.to_bits() == pixels[[0, 0, 0]].to_bits())
                );
                let value = (pixels[[0, 0, 0]] * 255.0).round() as u8;
                let image = if usize::from(value) < count {
                    value
                } else {
                    255 - value
                };
                assert_eq!(batch.labels[row], i64::from(image % 10));
                values.push(value);
            }
        }
        values
    }

    #[test]
    fn every_pair_is_visited_exactly_once() {
        for count in [1, 2, 7, 100] {
            for batch_size in [1, 2, 3, 2 * count] {
                for order in [Order::Sequential, Order::Shuffled(count as u64)] {
                    if batch_size > 2 * count {
                        continue;
                    }
                    let values = visited(count, batch_size, order);
                    let expected: BTreeSet<u8> = (0..count as u8)
                        .flat_map(|image| [image, 255 - image])
                        .collect();
                    assert_eq!(
                        values.len(),
                        2 * count,
                        "{count} images by {batch_size}, {order:?}"
                    );
                    assert_eq!(values.into_iter().collect::<BTreeSet<_>>(), expected);
                }
            }
        }
    }

    #[test]
    fn sequential_keeps_the_variants_of_an_image_together() {
        assert_eq!(visited(3, 4, Order::Sequential), [0, 255, 1, 254, 2, 253]);
    }

    #[test]
    fn the_order_depends_on_the_seed_and_on_nothing_else() {
        let orders: Vec<_> = (0..50)
            .map(|seed| visited(20, 8, Order::Shuffled(seed)))
            .collect();
        let different: BTreeSet<_> = orders.iter().collect();
        assert_eq!(different.len(), orders.len());
        assert_eq!(visited(20, 5, Order::Shuffled(7)), orders[7]);
    }

    #[test]
    fn all_permutations_of_three_are_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..6000 {
            let mut samples = [0, 1, 2];
            shuffle(&mut samples, &mut Random::new(seed, 0));
            *counts.entry(samples).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Five standard deviations (29 each) around 1000.
        assert!(
            counts.values().all(|count| (855..=1145).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn the_last_batch_is_filled_up_with_rows_of_weight_0() {
        let dataset = numbered(10);
        let batches: Vec<_> = Batches::new(&dataset, &[Variant::Inverted], 4, Order::Sequential)
            .unwrap()
            .collect();
        assert_eq!(
            batches.iter().map(|batch| batch.count).collect::<Vec<_>>(),
            [4, 4, 2]
        );
        let last = &batches[2];
        assert_eq!(last.images.shape(), [4, 1, IMAGE_SIDE, IMAGE_SIDE]);
        assert_eq!(last.labels.to_vec(), [8, 9, 0, 0]);
        assert_eq!(last.weights.to_vec(), [1.0, 1.0, 0.0, 0.0]);
        assert!(
            last.images
                .iter()
                .skip(2 * IMAGE_SIDE * IMAGE_SIDE)
                .all(|pixel| pixel.to_bits() == 0)
        );
        assert_eq!(batches[0].weights.to_vec(), [1.0; 4]);
    }

    #[test]
    fn the_length_is_exact_all_the_way() {
        let dataset = numbered(10);
        let mut batches = Batches::new(&dataset, &[Variant::Plain], 4, Order::Shuffled(1)).unwrap();
        for expected in [3, 2, 1, 0] {
            assert_eq!(batches.len(), expected);
            assert_eq!(batches.next().is_some(), expected > 0);
        }
        assert!(batches.next().is_none());
    }

    #[test]
    fn impossible_batch_sizes_are_refused() {
        let message = |count, variants, batch_size| {
            Batches::new(&numbered(count), variants, batch_size, Order::Sequential)
                .unwrap_err()
                .to_string()
        };
        let plain = &[Variant::Plain];
        assert_eq!(
            message(5, plain, 0),
            "--batch: expected 1 or more and no more than the 5 samples, found 0"
        );
        assert!(message(5, plain, 6).ends_with("the 5 samples, found 6"));
        assert!(message(0, plain, 1).ends_with("the 0 samples, found 1"));
        assert!(message(5, &[], 1).ends_with("the 0 samples, found 1"));
        assert!(
            Batches::new(
                &numbered(5),
                Augment::Invert.variants(),
                10,
                Order::Sequential
            )
            .is_ok()
        );
    }
}
