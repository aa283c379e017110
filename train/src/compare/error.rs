//! Why two models cannot be compared.

use input::normalization::NormalizationError;
use no_std_core::{FormatError, RunError};

use crate::graph::GraphError;
use crate::import::ImportError;
use crate::quantize::QuantizeError;
use crate::runtime::RuntimeError;

/// Why two models cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error(transparent)]
    Float(#[from] ImportError),
    #[error("expected an ONNX model, found bytes that are none ({0})")]
    NotOnnx(#[from] prost::DecodeError),
    #[error(
        "expected an int8 model with the metadata entry `int8_layers`, found none; `train quantize` of this version \
         writes it"
    )]
    NoLayers,
    #[error(
        "expected an int8 model as `train quantize` writes it, with one input, the integers of it and one output, found {0}; \
         quantise again"
    )]
    Form(String),
    #[error(
        "expected a layer {0}, of which the int8 model was made, found none; give the model that was quantised"
    )]
    NoSuchLayer(String),
    #[error(
        "layer {layer}: expected one of {all} channels in the float model, found {channel} in the int8 model; give the model \
         that was quantised"
    )]
    Channels {
        layer: String,
        channel: usize,
        all: usize,
    },
    #[error(
        "expected values {expected} of layer {layer}, as in the float model, found {found}; give the model that was \
         quantised"
    )]
    Shape {
        layer: String,
        expected: String,
        found: String,
    },
    #[error("expected a flash file beside the int8 model, found other bytes; quantise again")]
    NoFlash,
    #[error(
        "expected the flash file with the checksum {expected}, which the int8 model says, found {found}; quantise again to \
         have both of one network"
    )]
    OtherFlash { expected: String, found: String },
    #[error("the core refuses the flash file: {0}")]
    Flash(FormatError),
    #[error("the core does not run the flash file: {0}")]
    Core(#[from] RunError),
    #[error(
        "expected the values {expected} of layer {layer} in the flash file, as in the int8 model, found {found}; quantise again"
    )]
    FlashShape {
        layer: String,
        expected: String,
        found: String,
    },
    #[error("expected samples, found none; give those that calibrated, or others of their kind")]
    NoSamples,
    #[error(
        "expected pictures, or their pixels in uint8, since the int8 model holds what the one in floats does to its input, found \
         other numbers"
    )]
    NotPixels,
    #[error(
        "metadata entry `int8_layers`: expected layer {0} with positive scales and as many inputs as in the float model"
    )]
    Layer(String),
    #[error(transparent)]
    Samples(#[from] QuantizeError),
    #[error(
        "expected a board with the model of checksum {expected:08x}, found {found:08x}; `infer update` or flashing gives it \
         this one"
    )]
    OtherModel { expected: u32, found: u32 },
    #[error("expected a flash file beside the int8 model to compare a board with, found none")]
    NoFlashForDevice,
    #[error(
        "sample {sample}: expected values that stand for pixels, which the board takes, found others"
    )]
    NoPixels { sample: usize },
    #[error("metadata of the int8 model: {0}")]
    Normalization(#[from] NormalizationError),
    #[error(transparent)]
    Device(#[from] device::DeviceError),
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// Not a reason not to compare, but what came of it.
    #[error(
        "expected the integers of {one} on {other}, found others from layer {layer} on, in sample {sample} first"
    )]
    Differs {
        one: String,
        other: String,
        layer: String,
        sample: usize,
    },
    #[error("interrupted")]
    Stopped,
}
