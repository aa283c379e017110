//! What a device needs beforehand to find its batches without the host: all samples once, and each epoch's inputs.

use ndarray::{Array1, Array2, Array4, ArrayD, IxDyn};

use crate::architecture::Network;
use crate::data::augment::Variant;
use crate::data::batch::{Batches, Order};
use crate::data::{DataError, Dataset};
use crate::init::Masks;
use crate::models::on_device::{SAMPLES, STEP, Sizes};
use crate::models::{IMAGES, LABELS, WEIGHTS, mask_name};
use crate::tensor::Tensor;

pub(super) type EpochInputs = Vec<(String, Tensor)>;

#[derive(Clone)]
pub(super) struct DeviceData<'a> {
    network: Network,
    dataset: &'a Dataset,
    variants: &'static [Variant],
    pub(super) sizes: Sizes,
}

impl<'a> DeviceData<'a> {
    /// Epochs of batches of `batch_size`; 0 or more than all samples is an error.
    pub(super) fn new(
        network: &Network,
        dataset: &'a Dataset,
        variants: &'static [Variant],
        batch_size: usize,
    ) -> Result<Self, DataError> {
        Batches::new(dataset, variants, batch_size, Order::Sequential)?;
        let samples = dataset.len() * variants.len();
        Ok(Self {
            network: network.clone(),
            dataset,
            variants,
            sizes: Sizes {
                samples,
                batch_size,
            },
        })
    }

    /// The inputs that are the same in all epochs: each variant of each image, the labels, and which rows count.
    pub(super) fn samples(&self) -> Result<Vec<(String, Tensor)>, DataError> {
        let Sizes {
            samples,
            batch_size,
        } = self.sizes;
        let variants = self.variants.len();
        let [channels, rows, columns] = self.dataset.shape();
        let plain = self.dataset.images()?;
        let shape = (samples, channels, rows, columns);
        let images = Array4::from_shape_fn(shape, |(sample, channel, row, column)| {
            let byte = plain[[sample / variants, channel, row, column]];
            self.variants[sample % variants].of(byte)
        });
        let label = |sample: usize| i64::from(self.dataset.labels()[sample / variants]);
        let counts = |(step, row): (usize, usize)| f32::from(row < self.sizes.count(step));
        let weights = Array2::from_shape_fn((self.sizes.steps(), batch_size), counts);
        Ok(vec![
            (IMAGES.into(), images.into()),
            (LABELS.into(), Array1::from_shape_fn(samples, label).into()),
            (WEIGHTS.into(), weights.into()),
        ])
    }

    /// Inputs of the sizes that an epoch's have, before the first one.
    pub(super) fn blank(&self) -> EpochInputs {
        let rows = [self.sizes.steps(), self.sizes.batch_size];
        let samples = Array2::<i64>::zeros(rows);
        let mut inputs = vec![
            (STEP.into(), Tensor::integer(0)),
            (SAMPLES.into(), samples.into()),
        ];
        for (layer, _, shape) in self.network.dropouts() {
            let mask = ArrayD::<u8>::zeros([&rows, &shape[..]].concat());
            inputs.push((mask_name(&layer), mask.into()));
        }
        inputs
    }

    /// The inputs of the epoch of a seed: its samples, its masks, and that no step is done.
    pub(super) fn epoch(&self, seed: u64) -> Result<EpochInputs, DataError> {
        let Sizes { batch_size, .. } = self.sizes;
        let order = Order::Shuffled(seed);
        let batches = Batches::new(self.dataset, self.variants, batch_size, order)?;
        // Rows of weight 0 show some image, too.
        let mut samples = Array2::zeros((self.sizes.steps(), batch_size));
        for (place, sample) in samples.iter_mut().zip(batches.into_samples()) {
            *place = sample as i64;
        }
        let mut inputs = vec![
            (STEP.into(), Tensor::integer(0)),
            (SAMPLES.into(), samples.into()),
        ];
        inputs.extend(self.masks(seed));
        Ok(inputs)
    }

    /// For each dropout layer which elements of each step are kept.
    fn masks(&self, seed: u64) -> Vec<(String, Tensor)> {
        let mut masks = Masks::new(&self.network, self.sizes.batch_size, seed);
        let steps = self.sizes.steps();
        let drawn = (0..steps).map(|_| masks.draw());
        let layers = self.network.dropouts();
        let mut kept: Vec<Vec<u8>> = vec![Vec::new(); layers.len()];
        for step in drawn {
            for (kept, (_, mask)) in kept.iter_mut().zip(&step) {
                let mask = mask.as_f32().into_iter().flatten();
                kept.extend(mask.map(|&element| u8::from(element > 0.0)));
            }
        }
        let input = |((layer, _, shape), kept): ((String, _, Vec<usize>), Vec<u8>)| {
            let shape = [&[steps, self.sizes.batch_size], &shape[..]].concat();
            let kept = ArrayD::from_shape_vec(IxDyn(&shape), kept);
            let kept = kept.expect("masks have the shape of their layer's output");
            (mask_name(&layer), Tensor::U8(kept))
        };
        layers.into_iter().zip(kept).map(input).collect()
    }
}
