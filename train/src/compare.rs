//! Comparing a network in floats with the one in integers that `train quantize` has made of it, layer by layer.
//!
//! `pairs` says which layer belongs to which, by what the int8 model says of its layers. `graphs` makes both networks put
//! out what each layer makes, and each layer by itself on what the floats before it are: so `noise` tells what a layer adds
//! from what came to it. `digests` tells whether the runtime, the core on the flash file and a board have the same integers,
//! `report` what came of all.

mod board;
mod digests;
mod error;
mod graphs;
mod noise;
mod pairs;
mod report;
mod run;

use std::sync::atomic::AtomicBool;

use input::normalization::Normalization;
use ndarray::Array4;
use no_std_core::Model;
use prost::Message;

pub use error::CompareError;
pub use report::{Difference, OnBoard, Report, Row};

use crate::data::arrays::Inputs;
use crate::data::calibration::Calibration;
use crate::data::split;
use crate::import::Options;
use crate::network::{Network, Shape};
use crate::onnx;
use crate::ops::Quantization;
use crate::quantize::{self, Arrays, Origins};
use crate::runtime::Runtime;
use pairs::Pairs;

/// A model in floats and what was made of it.
pub struct Files<'a> {
    /// In floats: any model that can be quantised.
    pub float: &'a [u8],
    /// In integers, as `train quantize` writes it.
    pub int8: &'a [u8],
    /// Its flash file.
    pub flash: Option<&'a [u8]>,
}

/// The layers of two models, side by side.
pub struct Comparison<'a> {
    pairs: Pairs,
    files: Files<'a>,
    flash: Option<Model<'a>>,
    pixels: Option<Normalization>,
    /// Whether what the model in floats does to its input is part of `pixels`.
    is_normalized: bool,
}

impl<'a> Comparison<'a> {
    /// Reads the models and pairs their layers.
    ///
    /// # Errors
    ///
    /// If a file is not what it should be, or the files are not of one network.
    pub fn new(files: Files<'a>, options: &Options) -> Result<Self, CompareError> {
        let metadata = onnx::Model::decode(files.int8)?.metadata_props;
        let entry = |key: &str| {
            let found = metadata.iter().find(|entry| entry.key == key);
            found.map(|entry| &*entry.value)
        };
        let layers = entry(Origins::KEY).and_then(Origins::from_metadata);
        let layers = layers.ok_or(CompareError::NoLayers)?;
        let network = quantize::network(files.float, options, layers.is_normalized)?;
        let pixels = Normalization::from_entries(entry, network.input.shape[0])?;
        let pairs = Pairs::new(network, &layers)?;
        let checksum = entry(input::pair::CHECKSUM_KEY);
        let flash = files.flash.map(|file| flash_file(file, checksum, &pairs));
        Ok(Self {
            flash: flash.transpose()?,
            pairs,
            files,
            pixels,
            is_normalized: layers.is_normalized,
        })
    }

    /// What pixels become, if pictures become the input.
    pub fn pixels(&self) -> Option<&Normalization> {
        self.pixels.as_ref()
    }

    /// The network in floats.
    pub fn network(&self) -> &Network {
        &self.pairs.network
    }

    /// What the integers of the input stand for.
    pub fn input_meaning(&self) -> Quantization {
        self.pairs.meaning(0)
    }

    /// The checksum of the flash file.
    pub fn checksum(&self) -> Option<u32> {
        no_std_core::format::stored_checksum(self.files.flash?)
    }

    /// Runs both networks on samples, at most `count`, of each class in proportion, and a board on the first of them.
    ///
    /// # Errors
    ///
    /// If the samples are not for the network, something does not run, or `interrupted` becomes true.
    pub fn run(
        &self,
        runtime: &Runtime,
        (samples, count): (Calibration, usize),
        device: Option<&device::Device>,
        interrupted: &AtomicBool,
    ) -> Result<Report, CompareError> {
        if self.is_normalized && matches!(samples.samples.inputs, Inputs::Numbers(_)) {
            return Err(CompareError::NotPixels);
        }
        let samples = drawn(&self.pairs.network, self.pixels.clone(), (samples, count))?;
        run::Running::new(self, runtime)?.all(&samples, device, interrupted)
    }
}

/// The model in a flash file that belongs to an int8 model which says this checksum of it.
fn flash_file<'a>(
    file: &'a [u8],
    expected: Option<&str>,
    pairs: &Pairs,
) -> Result<Model<'a>, CompareError> {
    let found = input::pair::checksum(file).ok_or(CompareError::NoFlash)?;
    let expected = expected.unwrap_or("none");
    if found != expected {
        let expected = expected.to_owned();
        return Err(CompareError::OtherFlash { expected, found });
    }
    let model = Model::new(file).map_err(CompareError::Flash)?;
    let outputs = model.operations().map(|operation| operation.output().shape);
    let found: Vec<Shape> = outputs
        .map(|shape| [shape.channels, shape.rows, shape.columns].map(usize::from))
        .collect();
    if found.len() != pairs.layers.len() {
        return Err(CompareError::FlashShape {
            layer: "the last one".into(),
            expected: format!("of {} layers", pairs.layers.len()),
            found: format!("those of {}", found.len()),
        });
    }
    for (index, pair) in pairs.layers.iter().enumerate() {
        let (expected, found) = (pairs.shape(index + 1), found.get(index));
        if found != Some(&expected) {
            return Err(CompareError::FlashShape {
                layer: pair.name.clone(),
                expected: format!("{expected:?}"),
                found: found.map_or("none".into(), |shape| format!("{shape:?}")),
            });
        }
    }
    Ok(model)
}

/// Some of the samples, as a network takes them.
fn drawn(
    network: &Network,
    pixels: Option<Normalization>,
    (found, count): (Calibration, usize),
) -> Result<Array4<f32>, CompareError> {
    let samples = found.samples;
    let labels = samples.labels.unwrap_or_default();
    let arrays = Arrays {
        name: samples.name,
        pixels,
        ..Arrays::new(samples.inputs)
    };
    let all = quantize::arranged(network, &arrays)?;
    let len = all.len();
    let labels = labels.filter(|labels| labels.len() == len);
    let (drawn, _) = split::stratified(labels.unwrap_or(vec![0; len]).into_iter(), count, 0);
    if drawn.is_empty() {
        return Err(CompareError::NoSamples);
    }
    let [channels, rows, columns] = network.input.shape;
    let shape = (drawn.len(), channels, rows, columns);
    let numbers = all.select(&drawn).rows()?.into_shape_with_order(shape);
    Ok(numbers.expect("each sample has as many numbers as the network's input"))
}

#[cfg(test)]
mod tests;
