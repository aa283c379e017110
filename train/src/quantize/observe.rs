//! What the layers of a network put out for samples, in floats and in integers.

use ndarray::ArrayD;

use super::candidate::Candidate;
use super::histogram::Histogram;
use super::run::Runner;
use super::samples::Samples;
use super::{QuantizeError, graphs};
use crate::network::Network;

/// For each tensor, the input first, what was seen of it in all samples.
pub fn histograms(
    runner: &Runner,
    network: &Network,
    samples: &Samples,
) -> Result<Vec<Histogram>, QuantizeError> {
    let mut seen = vec![Histogram::new(); network.nodes.len() + 1];
    let not_finite = |node: &str| {
        let node = node.to_owned();
        |found| QuantizeError::NotFinite { node, found }
    };
    samples.each(|sample| {
        runner.check_stop()?;
        seen[0].add(&sample).map_err(not_finite("the input"))
    })?;
    let names: Vec<&str> = network.nodes.iter().map(|node| &node.name[..]).collect();
    let model = graphs::float_layers(network, runner.names)?;
    runner.run(&model, &names, samples, |outputs| {
        for ((seen, output), node) in seen[1..].iter_mut().zip(&outputs).zip(&network.nodes) {
            seen.add(output).map_err(not_finite(&node.origin))?;
        }
        Ok(())
    })?;
    Ok(seen)
}

/// For each layer how much stronger its float outputs are than what the integers change in them, in decibels.
pub fn signal_to_noise(
    runner: &Runner,
    best: &Candidate,
    samples: &Samples,
) -> Result<Vec<f64>, QuantizeError> {
    let layers = &best.int8.nodes;
    let float = layers.iter().map(|layer| layer.name.clone());
    let int8 = layers.iter().map(|layer| graphs::int8_name(&layer.name));
    let names: Vec<String> = float.chain(int8).collect();
    let mut powers = vec![(0.0, 0.0); layers.len()];
    let model = graphs::compared(&best.network, &best.int8, runner.names)?;
    runner.run(&model, &names, samples, |outputs| {
        let (float, int8) = outputs.split_at(layers.len());
        for ((signal, noise), (float, int8)) in powers.iter_mut().zip(float.iter().zip(int8)) {
            *signal += power(float);
            *noise += power(&(int8 - float));
        }
        Ok(())
    })?;
    let decibels = |(signal, noise): (f64, f64)| 10.0 * (signal / noise).log10();
    Ok(powers.into_iter().map(decibels).collect())
}

/// The sum of the squares.
fn power(values: &ArrayD<f32>) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum()
}
