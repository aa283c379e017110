//! What the layers of a network put out for images, in floats and in integers.

use std::sync::atomic::AtomicBool;

use ndarray::ArrayD;

use super::graphs;
use super::network::FloatNetwork;
use super::scale::Int8Layer;
use super::{QuantizeError, VARIANTS, go_on};
use crate::data::Dataset;
use crate::data::batch::{Batches, Order};
use crate::error::Error;
use crate::models::IMAGES;
use crate::runtime::{Runtime, Session};
use crate::tensor::Tensor;

/// For each layer everything that it puts out for all variants of all images.
pub fn outputs(
    runtime: &Runtime,
    network: &FloatNetwork,
    images: &Dataset,
    interrupted: &AtomicBool,
) -> Result<Vec<Vec<f32>>, Error> {
    let mut layers = Layers::load(runtime, &graphs::float_layers(network)?, network)?;
    let mut values = vec![Vec::new(); network.layers.len()];
    for batch in Batches::new(images, VARIANTS, 1, Order::Sequential)? {
        go_on(interrupted)?;
        for (values, output) in values.iter_mut().zip(layers.run(batch.images.into())?) {
            values.extend(output);
        }
    }
    for (layer, values) in network.layers.iter().zip(&values) {
        if let Some(&found) = values.iter().find(|value| !value.is_finite()) {
            return Err(QuantizeError::NotFinite {
                node: layer.node.clone(),
                found,
            }
            .into());
        }
    }
    Ok(values)
}

/// For each layer how much stronger its float outputs are than what the integers change in them, in decibels.
pub fn signal_to_noise(
    runtime: &Runtime,
    network: &FloatNetwork,
    int8: &[Int8Layer],
    images: &Dataset,
    interrupted: &AtomicBool,
) -> Result<Vec<f64>, Error> {
    let mut float_layers = Layers::load(runtime, &graphs::float_layers(network)?, network)?;
    let mut int8_layers = Layers::load(runtime, &graphs::int8_layers(network, int8)?, network)?;
    let mut powers = vec![(0.0, 0.0); network.layers.len()];
    for batch in Batches::new(images, VARIANTS, 1, Order::Sequential)? {
        go_on(interrupted)?;
        let image = Tensor::from(batch.images);
        let pairs = float_layers
            .run(image.clone())?
            .into_iter()
            .zip(int8_layers.run(image)?);
        for ((signal, noise), (float, int8)) in powers.iter_mut().zip(pairs) {
            *signal += power(&float);
            *noise += power(&(int8 - float));
        }
    }
    Ok(powers
        .into_iter()
        .map(|(signal, noise)| 10.0 * (signal / noise).log10())
        .collect())
}

/// The sum of the squares.
fn power(values: &ArrayD<f32>) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum()
}

/// A model that has an output for each layer, on a runtime.
struct Layers<'a> {
    session: Session,
    network: &'a FloatNetwork,
}

impl<'a> Layers<'a> {
    fn load(runtime: &Runtime, onnx: &[u8], network: &'a FloatNetwork) -> Result<Self, Error> {
        Ok(Self {
            session: runtime.load(onnx, Vec::new())?,
            network,
        })
    }

    /// The output of each layer for one image, `[1, channels, rows, columns]`.
    fn run(&mut self, image: Tensor) -> Result<Vec<ArrayD<f32>>, Error> {
        let mut outputs = self.session.run(vec![(IMAGES.into(), image)])?;
        let layers = self.network.layers.iter();
        Ok(layers
            .map(|layer| outputs.take(&layer.name))
            .collect::<Result<_, _>>()?)
    }
}
