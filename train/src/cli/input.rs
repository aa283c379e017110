//! What a user says of a model's input and output.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use input::normalization;

use super::positive;
use crate::network::Layout;

#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct InputArgs {
    /// The numbers that black and white become, of pictures and of arrays in uint8: 0..1, 0..255, -1..1 [default with --mean or
    /// --std: 0..1; else what the model says of itself]
    #[arg(long, value_name = "LOW..HIGH", value_parser = range, allow_hyphen_values = true)]
    pub range: Option<Range>,
    /// What is subtracted from these numbers, one for all channels or one each: 0.485,0.456,0.406
    #[arg(
        long,
        value_name = "MEAN",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub mean: Vec<f32>,
    /// What they are divided by then, likewise: 0.229,0.224,0.225
    #[arg(
        long,
        value_name = "STD",
        value_delimiter = ',',
        value_parser = positive
    )]
    pub std: Vec<f32>,
    /// The order of the input's axes [default: the first with which the layers fit]
    #[arg(long, value_enum)]
    pub layout: Option<LayoutArg>,
    /// The number that a step of the input's integers stands for, of an input that is no picture; samples in int8 are such
    /// integers then [default: what a quantised model says, else from the range of the samples]
    #[arg(long, value_name = "SCALE", value_parser = positive, conflicts_with_all = ["range", "mean", "std"])]
    pub input_scale: Option<f32>,
    /// The integer of the input that stands for 0 [default: -128]
    #[arg(
        long,
        value_name = "N",
        requires = "input_scale",
        allow_negative_numbers = true
    )]
    pub input_zero_point: Option<i8>,
    /// The names of the classes, a line each, or a JSON array of texts [default: those that the model says, else those of the
    /// samples' folders, else numbers]
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// What the output is [default: classes, if the model ends in a Softmax or classes have names; else values]
    #[arg(long, value_enum)]
    pub output: Option<OutputArg>,
    /// The output that is wanted of a model with several; the error without this option lists them
    #[arg(long, value_name = "NAME")]
    pub output_name: Option<String>,
}

/// The numbers that black and white become.
pub type Range = [f32; 2];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutArg {
    /// Channels, rows, columns, as `PyTorch` has them
    Nchw,
    /// Rows, columns, channels, as Keras has them
    Nhwc,
}

impl From<LayoutArg> for Layout {
    fn from(layout: LayoutArg) -> Self {
        match layout {
            LayoutArg::Nchw => Self::ChannelsFirst,
            LayoutArg::Nhwc => Self::ChannelsLast,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputArg {
    /// Logits, one a class: the greatest is the answer
    Classes,
    /// Numbers, whatever they stand for
    Values,
    /// What an autoencoder makes of its input: the further from it, the stranger the input is
    Reconstruction,
}

fn range(text: &str) -> Result<Range, String> {
    match normalization::range(text) {
        Some([low, high]) if low.is_finite() && high.is_finite() && low < high => Ok([low, high]),
        _ => Err("expected two numbers with dots between them, as 0..1 or -1..1".into()),
    }
}
