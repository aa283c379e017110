//! First values of parameters, and dropout masks.

use ndarray::{ArrayD, IxDyn};

use crate::architecture::Network;
use crate::data::random::Random;
use crate::layers::{Initial, Parameter};
use crate::tensor::Tensor;

/// Streams of random numbers that one seed yields; the data module shuffles with stream 0.
const PARAMETERS: u64 = 1;
const MASKS: u64 = 2;
/// The first of the streams that give each epoch a seed of its own.
const EPOCHS: u64 = 3;

/// The seed of the order and the masks of the epoch after `finished` ones, whether the run was resumed or not.
pub fn epoch_seed(seed: u64, finished: usize) -> u64 {
    Random::new(seed, EPOCHS + finished as u64).word()
}

/// Draws the parameters: weights uniform with the variance of
/// [Glorot and Bengio](https://proceedings.mlr.press/v9/glorot10a.html), all others constant.
pub fn parameters(network: &Network, seed: u64) -> Vec<(String, Tensor)> {
    let mut random = Random::new(seed, PARAMETERS);
    let draw = |parameter: Parameter| {
        let (middle, limit) = match parameter.initial {
            Initial::Random([inputs, outputs]) => (0.0, (6.0 / (inputs + outputs) as f32).sqrt()),
            Initial::Constant(value) => (value, 0.0),
        };
        // Constants take numbers from the stream, too.
        let array = ArrayD::from_shape_simple_fn(IxDyn(&parameter.shape), || {
            middle + random.between(-limit, limit)
        });
        (parameter.name, Tensor::F32(array))
    };
    network.parameters().into_iter().map(draw).collect()
}

/// Draws the dropout masks of an epoch, batch after batch.
pub struct Masks {
    random: Random,
    layers: Vec<(String, f32, Vec<usize>)>,
}

impl Masks {
    /// The masks for batches of `batch_size` in the epoch of this seed.
    pub fn new(network: &Network, batch_size: usize, epoch_seed: u64) -> Self {
        let mut layers = network.dropouts();
        for (_, _, shape) in &mut layers {
            shape.insert(0, batch_size);
        }
        Self {
            random: Random::new(epoch_seed, MASKS),
            layers,
        }
    }

    /// For each dropout layer its name and a mask: 0 for dropped elements, `1 / (1 - rate)` for the others.
    pub fn draw(&mut self) -> Vec<(String, Tensor)> {
        let random = &mut self.random;
        let layers = self.layers.iter();
        let mask = |(layer, rate, shape): &(String, _, Vec<_>)| {
            (layer.clone(), Tensor::F32(mask(random, *rate, shape)))
        };
        layers.map(mask).collect()
    }
}

fn mask(random: &mut Random, rate: f32, shape: &[usize]) -> ArrayD<f32> {
    let kept = 1.0 / (1.0 - rate);
    let units = random.units(shape.iter().product());
    ArrayD::from_shape_vec(shape, units)
        .expect("the shape has as many elements as there are numbers")
        .mapv_into(|unit| if unit < rate { 0.0 } else { kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_variance_of_glorot_and_biases_are_zero() {
        let network = Network::digits();
        let drawn = parameters(&network, 3);
        for (parameter, (name, tensor)) in network.parameters().iter().zip(drawn) {
            let squares = tensor
                .as_f32()
                .unwrap()
                .mapv(|value| f64::from(value).powi(2));
            let variance = squares.mean().unwrap();
            let expected = match parameter.initial {
                Initial::Random([inputs, outputs]) => 2.0 / (inputs + outputs) as f64,
                Initial::Constant(_) => 0.0,
            };
            let error = (variance - expected).abs();
            assert!(
                error <= 0.2 * expected,
                "{name}: {variance} against {expected}"
            );
        }
    }

    #[test]
    fn each_epoch_of_each_seed_has_a_seed_of_its_own() {
        let of_seed = |seed| (0..10).map(move |epoch| epoch_seed(seed, epoch));
        let seeds = (0..100).chain([1 << 32, 1 << 33]).flat_map(of_seed);
        let seeds: std::collections::BTreeSet<u64> = seeds.collect();
        assert_eq!(seeds.len(), 1020);
    }

    #[test]
    fn masks_keep_the_mean_and_follow_the_seed() {
        let network = Network::digits();
        let mask = |seed| Masks::new(&network, 128, seed).draw().remove(0).1;
        let Tensor::F32(values) = mask(1) else {
            panic!("masks are floats")
        };
        assert_eq!(values.shape(), [128, 128]);
        let kept = 1.0 / 0.6f32;
        let is_mask = |value: &f32| [0, kept.to_bits()].contains(&value.to_bits());
        assert!(values.iter().all(is_mask));
        assert!((values.mean().unwrap() - 1.0).abs() < 0.05);
        assert_eq!(mask(1), mask(1));
        assert_ne!(mask(1), mask(2));
    }
}
