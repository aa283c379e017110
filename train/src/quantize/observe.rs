//! What the layers of a network put out for images, in floats and in integers.

use ndarray::ArrayD;

use super::network::FloatNetwork;
use super::run::Runner;
use super::scale::Int8Layer;
use super::{QuantizeError, graphs};
use crate::data::Dataset;

/// For each layer everything that it puts out for all variants of all images.
pub fn outputs(
    runner: &Runner,
    network: &FloatNetwork,
    images: &Dataset,
) -> Result<Vec<Vec<f32>>, QuantizeError> {
    let names: Vec<&str> = network.layers.iter().map(|layer| &layer.name[..]).collect();
    let mut values = vec![Vec::new(); names.len()];
    runner.run(&graphs::float_layers(network)?, &names, images, |outputs| {
        for (values, output) in values.iter_mut().zip(outputs) {
            values.extend(output);
        }
    })?;
    for (layer, values) in network.layers.iter().zip(&values) {
        if let Some(&found) = values.iter().find(|value| !value.is_finite()) {
            let node = layer.node.clone();
            return Err(QuantizeError::NotFinite { node, found });
        }
    }
    Ok(values)
}

/// For each layer how much stronger its float outputs are than what the integers change in them, in decibels.
pub fn signal_to_noise(
    runner: &Runner,
    layers: &[Int8Layer],
    images: &Dataset,
) -> Result<Vec<f64>, QuantizeError> {
    let float = layers.iter().map(|layer| layer.layer.name.clone());
    let int8 = layers.iter().map(|layer| graphs::int8_name(layer.layer));
    let names: Vec<String> = float.chain(int8).collect();
    let mut powers = vec![(0.0, 0.0); layers.len()];
    runner.run(&graphs::compared(layers)?, &names, images, |outputs| {
        let (float, int8) = outputs.split_at(layers.len());
        for ((signal, noise), (float, int8)) in powers.iter_mut().zip(float.iter().zip(int8)) {
            *signal += power(float);
            *noise += power(&(int8 - float));
        }
    })?;
    let decibels = |(signal, noise): (f64, f64)| 10.0 * (signal / noise).log10();
    Ok(powers.into_iter().map(decibels).collect())
}

/// The sum of the squares.
fn power(values: &ArrayD<f32>) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum()
}
