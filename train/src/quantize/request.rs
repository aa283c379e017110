//! What to quantise, and with what.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use input::arrays::ClassesError;
use input::normalization::Normalization;
use no_std_core::format::OutputKind;
use no_std_core::prepare::Preparation;

use crate::data::arrays::Inputs;
use crate::data::{Dataset, Sets};
use crate::export::SecondRuntime;
use crate::import::Options;
use crate::ops::Quantization;

/// What to quantise, and how to check it.
pub struct Request<'a> {
    /// The bytes of an ONNX model.
    pub model: &'a [u8],
    /// What to read of it.
    pub options: Options<'a>,
    /// What the results are called: see [`int8_name`](super::int8_name) and [`flash_name`](super::flash_name).
    pub name: &'a str,
    /// What to calibrate, choose and measure with.
    pub data: Data,
    /// What runs the int8 model besides the runtime, if there is another.
    pub second: Option<&'a dyn SecondRuntime>,
    /// Folder for the results, which exists.
    pub out: &'a Path,
    /// The share of the samples held out that the integers may get wrong in place of right.
    pub max_drop: f64,
    /// Write the files however many they get wrong.
    pub force: bool,
    /// Becomes true when the user wants to stop; then nothing is written.
    pub interrupted: &'a AtomicBool,
}

/// What a network is quantised with.
pub enum Data {
    /// Pictures as a network of ours takes them.
    Sets {
        /// Images: those to train on decide, those to test on are only counted.
        sets: Box<Sets>,
        /// The first test images, on which the written files are run, plain and inverted.
        checked: Dataset,
        /// How pictures shall become images, for the flash file to say. These images are prepared already.
        preparation: Preparation,
    },
    /// Inputs of any network.
    Arrays(Arrays),
}

impl Data {
    /// Whether what the network does to its input before all else is done to them already.
    pub(super) fn is_normalized(&self) -> bool {
        matches!(self, Self::Arrays(arrays) if arrays.is_normalized)
    }
}

/// Inputs of any network.
#[derive(Clone, Debug)]
pub struct Arrays {
    /// What messages call the array of inputs; may be empty.
    pub name: String,
    /// Each as the model's file has it.
    pub inputs: Inputs,
    /// The class of each sample, where that is known, or why what should say it does not; of a reconstruction 0 for inputs
    /// that it is for, 1 for others.
    pub labels: Result<Option<Vec<usize>>, ClassesError>,
    /// The names of the classes, if not the model but the samples say them; then the output is classes.
    pub names: Option<Vec<String>>,
    /// What the integers of the input shall mean; else the range of the inputs says it.
    pub meaning: Option<Quantization>,
    /// What the pixels of a picture become, if pictures become the input.
    pub pixels: Option<Normalization>,
    /// Whether `pixels` holds what the model does to its input before all else, which is to be left out of the network.
    pub is_normalized: bool,
    /// What the output is; else classes, if the model ends in a Softmax or names classes, and values if not.
    pub output: Option<OutputKind>,
}

impl Arrays {
    /// Inputs of which nothing else is known.
    pub fn new(inputs: Inputs) -> Self {
        Self {
            name: String::new(),
            inputs,
            labels: Ok(None),
            names: None,
            meaning: None,
            pixels: None,
            is_normalized: false,
            output: None,
        }
    }
}
