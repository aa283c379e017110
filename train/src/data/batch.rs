//! Batches of one fixed size, in file order or shuffled.

use ndarray::{Array1, Array2, Array4, Axis};
use rayon::prelude::*;

use crate::data::augment::{Transform, Variant, apply, mixtures};
use crate::data::random::Random;
use crate::data::{DataError, Dataset};

pub use crate::data::prefetch::prefetch;

/// One batch of exactly `batch_size` rows, since graphs have fixed shapes; rows beyond `count` are only filling.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// `[batch_size, channels, rows, columns]`, pixels from 0 to 1, or numbers; all 0 in filling rows.
    pub images: Array4<f32>,
    /// `[batch_size]`, the classes; 0 in filling rows.
    pub labels: Array1<i64>,
    /// `[batch_size, targets]`, the numbers that belong to each sample; 0 in filling rows.
    pub targets: Array2<f32>,
    /// `[batch_size]`, how much a row counts: 1 unless classes have weights; 0 for filling rows.
    pub weights: Array1<f32>,
    /// The classes of what images are mixed with, and the share of the first class, where images are mixtures.
    pub mixed: Option<(Array1<i64>, Array1<f32>)>,
    /// The number of real rows, which come first; at least 1.
    pub count: usize,
    /// How many of these are of a class.
    pub classed: usize,
}

/// How pictures are shown in training, beside their variants.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Random changes of each picture.
    pub transforms: &'a [Transform],
    /// Of the changes.
    pub seed: u64,
    /// How much a picture of each class counts.
    pub class_weights: &'a [f32],
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
    shown: Option<Shown<'a>>,
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
            shown: None,
            remaining,
        })
    }

    /// The same epoch with pictures as training shows them.
    #[must_use]
    pub fn shown(self, shown: Shown<'a>) -> Self {
        Self {
            shown: Some(shown),
            ..self
        }
    }

    /// The batch of these samples.
    fn batch(&self, samples: &[usize]) -> Result<Batch, DataError> {
        let [channels, rows, columns] = self.dataset.shape();
        let mut batch = Batch {
            images: Array4::zeros((self.batch_size, channels, rows, columns)),
            labels: Array1::zeros(self.batch_size),
            targets: Array2::zeros((self.batch_size, self.dataset.target_len())),
            weights: Array1::zeros(self.batch_size),
            mixed: None,
            count: samples.len(),
            classed: 0,
        };
        self.read(samples, &mut batch.images)?;
        for (row, &sample) in samples.iter().enumerate() {
            let place = sample / self.variants.len();
            let label = self.dataset.labels()[place];
            if let Some(targets) = self.dataset.targets(place) {
                batch.targets.row_mut(row).assign(&targets);
            }
            let weights = self.shown.map_or(&[][..], |shown| shown.class_weights);
            batch.labels[row] = label.into();
            batch.classed += usize::from(usize::from(label) < self.dataset.classes().len());
            batch.weights[row] = weights.get(usize::from(label)).copied().unwrap_or(1.0);
        }
        if let Some(shown) = self.shown {
            let batch_number = self.remaining.len() as u64;
            let mixtures = mixtures(shown.transforms, samples.len(), [shown.seed, batch_number]);
            batch.mixed = mixtures.map(|mixtures| batch.mix(&mixtures));
        }
        Ok(batch)
    }

    /// Fills the first rows with the pictures of these samples.
    fn read(&self, samples: &[usize], images: &mut Array4<f32>) -> Result<(), DataError> {
        let len = self.dataset.picture_len();
        let images = images.as_slice_mut().unwrap_or_default();
        let rows = images.chunks_exact_mut(self.dataset.elements());
        let rows = rows.zip(samples);
        let Some(shown) = self.shown.filter(|shown| !shown.transforms.is_empty()) else {
            let mut bytes = vec![0; len];
            for (pixels, &sample) in rows {
                self.dataset
                    .read(sample / self.variants.len(), &mut bytes)?;
                let variant = self.variants[sample % self.variants.len()];
                self.dataset.numbers(&bytes, variant, pixels);
            }
            return Ok(());
        };
        rows.par_bridge().try_for_each(|(pixels, &sample)| {
            let mut bytes = vec![0; len];
            self.dataset
                .read(sample / self.variants.len(), &mut bytes)?;
            let variant = self.variants[sample % self.variants.len()];
            for byte in &mut bytes {
                *byte = variant.of(*byte);
            }
            let seeds = [shown.seed, sample as u64];
            apply(
                shown.transforms,
                (&bytes, self.dataset.shape()),
                seeds,
                pixels,
            );
            if let Some(table) = self.dataset.pixel_table() {
                table.apply(pixels);
            }
            Ok(())
        })
    }

    /// The samples of the epoch in its order, for those who look the images up themselves. Sample `s` shows variant
    /// `s % variants` of image `s / variants`.
    pub fn into_samples(self) -> impl Iterator<Item = usize> {
        self.remaining.into_iter().rev()
    }
}

impl Batch {
    /// Mixes each real row with another one; returns the classes of these and the shares of the first ones.
    fn mix(&mut self, mixtures: &[(f32, usize)]) -> (Array1<i64>, Array1<f32>) {
        let (pure, rows) = (self.images.clone(), self.labels.len());
        let (mut labels, mut shares) = (self.labels.clone(), Array1::ones(rows));
        for (row, &(share, other)) in mixtures.iter().enumerate() {
            let mut image = self.images.index_axis_mut(Axis(0), row);
            image.zip_mut_with(&pure.index_axis(Axis(0), other), |pixel, &other| {
                *pixel = other + (*pixel - other) * share;
            });
            labels[row] = self.labels[other];
            shares[row] = share;
        }
        (labels, shares)
    }
}

impl Iterator for Batches<'_> {
    /// An error where pixels lie in a file that cannot be read.
    type Item = Result<Batch, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.remaining.len().saturating_sub(self.batch_size);
        let samples: Vec<usize> = self.remaining.drain(rest..).rev().collect();
        (!samples.is_empty()).then(|| self.batch(&samples))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let batches = self.remaining.len().div_ceil(self.batch_size);
        (batches, Some(batches))
    }
}

impl ExactSizeIterator for Batches<'_> {}

/// Fisher and Yates: every permutation is equally likely.
pub(crate) fn shuffle<T>(samples: &mut [T], random: &mut Random) {
    for last in (1..samples.len()).rev() {
        samples.swap(last, random.below(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ndarray::{Axis, s};

    use super::*;
    use crate::data::augment::Augment;
    use crate::data::numbers;

    const SHAPE: [usize; 3] = [3, 4, 5];

    /// Image `n` has the value `n` in every pixel, so that a row of a batch tells its image and its variant.
    fn numbered(count: usize) -> Dataset {
        let pixels = (0..count).flat_map(|image| [image as u8; 60]).collect();
        let labels = (0..count).map(|image| (image % 10) as u16).collect();
        Dataset::new(SHAPE, pixels, labels, numbers(0, 10))
    }

    /// The pixel value of every real row of an epoch over `count` images, plain and inverted.
    fn visited(count: usize, batch_size: usize, order: Order) -> Vec<u8> {
        let dataset = numbered(count);
        let batches =
            Batches::new(&dataset, Augment::Invert.variants(), batch_size, order).unwrap();
        let mut values = Vec::new();
        for batch in batches {
            let batch = batch.unwrap();
            for row in 0..batch.count {
                let pixels = batch.images.index_axis(Axis(0), row);
                let bits = pixels[[0, 0, 0]].to_bits();
                assert!(pixels.iter().all(|pixel| pixel.to_bits() == bits));
                let value = (pixels[[0, 0, 0]] * 255.0).round() as u8;
                let image = value.min(255 - value);
                assert_eq!(batch.labels[row], i64::from(image % 10));
                values.push(value);
            }
        }
        values
    }

    #[test]
    fn every_pair_is_visited_exactly_once() {
        for count in [1, 2, 7, 100] {
            let together = |image| [image, 255 - image];
            let in_order: Vec<u8> = (0..count as u8).flat_map(together).collect();
            let mut sorted = in_order.clone();
            sorted.sort_unstable();
            for batch_size in [1, 2, 3.min(2 * count), 2 * count] {
                assert_eq!(visited(count, batch_size, Order::Sequential), in_order);
                let mut shuffled = visited(count, batch_size, Order::Shuffled(count as u64));
                shuffled.sort_unstable();
                assert_eq!(shuffled, sorted, "{count} images by {batch_size}");
            }
        }
    }

    #[test]
    fn the_order_depends_on_the_seed_and_on_nothing_else() {
        let orders = (0..50).map(|seed| visited(20, 8, Order::Shuffled(seed)));
        let orders: Vec<_> = orders.collect();
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
        let mut batches =
            Batches::new(&dataset, &[Variant::Inverted], 4, Order::Sequential).unwrap();
        for (length, labels, weights) in [
            (3, [0, 1, 2, 3], [1.0; 4]),
            (2, [4, 5, 6, 7], [1.0; 4]),
            (1, [8, 9, 0, 0], [1.0, 1.0, 0.0, 0.0]),
        ] {
            assert_eq!(batches.len(), length);
            let batch = batches.next().unwrap().unwrap();
            assert_eq!(batch.images.shape(), [4, 3, 4, 5]);
            assert_eq!(batch.labels.to_vec(), labels);
            assert_eq!(batch.weights.to_vec(), weights);
            let filling = batch.images.slice(s![batch.count.., .., .., ..]);
            assert!(filling.iter().all(|pixel| pixel.to_bits() == 0));
            assert_eq!(batch.count, batch.weights.sum() as usize);
        }
        assert!(batches.len() == 0 && batches.next().is_none());
    }

    #[test]
    fn impossible_batch_sizes_are_refused() {
        let plain = &[Variant::Plain][..];
        for (count, variants, batch_size, end) in [
            (5, plain, 0, "the 5 samples, found 0"),
            (5, plain, 6, "the 5 samples, found 6"),
            (0, plain, 1, "the 0 samples, found 1"),
            (5, &[], 1, "the 0 samples, found 1"),
        ] {
            let dataset = numbered(count);
            let refused = Batches::new(&dataset, variants, batch_size, Order::Sequential);
            let expected = format!("--batch: expected 1 or more and no more than {end}");
            assert_eq!(refused.unwrap_err().to_string(), expected);
        }
    }
}
