//! What the options and a model say of its input and its classes.

use std::path::Path;

use input::file::{self, InFile, ReadError, display_name};
use input::labels::{self, LabelsError};
use input::normalization::Normalization;
use no_std_core::format::OutputKind;

use super::quantize::in_model;
use crate::cli::{InputArgs, LimitArgs, OutputArg};
use crate::data::arrays::{Inputs, Uint8};
use crate::data::calibration::{self, Calibration, Task};
use crate::error::Error;
use crate::import::{Options, import_with};
use crate::network::{Layout, Network};
use crate::ops::Quantization;
use crate::quantize::{self, Arrays};

/// What is to be read of the model in this file.
pub fn options<'a>(args: &'a InputArgs, model: &'a Path, limits: LimitArgs) -> Options<'a> {
    Options {
        output: args.output_name.as_deref(),
        folder: Some(file::folder_of(model)),
        layout: args.layout.map(Layout::from),
        limits: limits.get(),
    }
}

/// What is known of a network's input and output before samples are seen.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// What the integers of the input shall mean.
    pub input: Option<Quantization>,
    /// What pixels become, if pictures become the input.
    pub pixels: Option<Normalization>,
    /// Whether that holds what the network did to its input itself, which was taken out of it.
    pub is_normalized: bool,
    /// What the output is.
    pub output: Option<OutputKind>,
    /// The names of the classes that the user gives.
    pub names: Option<Vec<String>>,
}

impl Meaning {
    /// What the options say, else the model.
    pub fn of(args: &InputArgs, network: &Network) -> Result<Self, Error> {
        let said = args.input_scale.map(|scale| Quantization {
            scale,
            zero_point: args.input_zero_point.unwrap_or(i8::MIN),
        });
        let input = said.or(network.input.given);
        Ok(Self {
            input,
            pixels: pixels(args, network, input)?,
            is_normalized: false,
            output: args.output.map(OutputKind::from),
            names: given_names(args, network)?,
        })
    }

    /// Takes what the network does to its input out of it, if these samples are pixels, which become that then.
    fn absorb(&mut self, network: &mut Network, inputs: &Inputs) {
        let (Some(pixels), None, Inputs::Pixels(_)) = (&self.pixels, self.input, inputs) else {
            return;
        };
        let mut rest = network.clone();
        let own = rest.take_normalization();
        let both = own.and_then(|[mean, deviation]| pixels.then(&mean, &deviation));
        if let Some(both) = both {
            (*network, self.pixels, self.is_normalized) = (rest, Some(both), true);
        }
    }

    /// These inputs, and all that is known.
    pub fn arrays(mut self, network: &mut Network, inputs: Inputs) -> Arrays {
        self.absorb(network, &inputs);
        Arrays {
            names: self.names,
            meaning: self.input,
            pixels: self.pixels,
            is_normalized: self.is_normalized,
            output: self.output,
            ..Arrays::new(inputs)
        }
    }
}

/// What the options say, else the model's metadata, else integers that pixels are known to have.
fn pixels(
    args: &InputArgs,
    network: &Network,
    input: Option<Quantization>,
) -> Result<Option<Normalization>, Error> {
    let channels = network.input.shape[0];
    let is_said = args.range.is_some() || !args.mean.is_empty() || !args.std.is_empty();
    match (channels, is_said) {
        (1 | 3, _) => {}
        (_, true) => return Err(Error::NoPictures(channels)),
        (_, false) => return Ok(None),
    }
    if is_said {
        let or = |numbers: &[f32], usual| match numbers {
            [] => vec![usual],
            numbers => numbers.to_vec(),
        };
        let (mean, deviation) = (or(&args.mean, 0.0), or(&args.std, 1.0));
        let range = args.range.unwrap_or([0.0, 1.0]);
        let said = Normalization::new(range, [&mean, &deviation], channels);
        return Ok(Some(said?));
    }
    let said = Normalization::from_entries(|key| network.metadata(key), channels);
    if let Some(said) = said.map_err(Error::NormalizationOfModel)? {
        return Ok(Some(said));
    }
    let steps = |white: f32| Quantization {
        scale: white / 255.0,
        zero_point: i8::MIN,
    };
    let mut whites = [1.0, 255.0].into_iter();
    let white = whites.find(|&white| input == Some(steps(white)));
    Ok(white.map(|white| Normalization::up_to(white, channels)))
}

/// The samples to calibrate with that are at a path, and what is said of input and output; `model` is its file and what is
/// in it.
pub fn samples(
    args: &InputArgs,
    (file, model, options): (&Path, &[u8], &Options),
    path: &Path,
) -> Result<Arrays, Error> {
    let network = import_with(model, options);
    let mut network = network.map_err(|error| in_model(file, error.into()))?;
    let meaning = Meaning::of(args, &network)?;
    let names = network.metadata(labels::KEY);
    let names = names.and_then(|names| labels::from_metadata(names).ok());
    let task = Task {
        shape: network.input.shape,
        meaning: meaning.input,
        uint8: Uint8::of(meaning.pixels.is_some(), network.input.integers),
        fit: quantize::fit(&network),
        outputs: network.output()[0],
        names: meaning.names.clone().or(names),
    };
    let Calibration { samples, names } = calibration::read(path, &task)?;
    Ok(Arrays {
        name: samples.name,
        labels: samples.labels,
        names: meaning.names.clone().or(names),
        ..meaning.arrays(&mut network, samples.inputs)
    })
}

fn given_names(args: &InputArgs, network: &Network) -> Result<Option<Vec<String>>, Error> {
    let Some(path) = &args.labels else {
        return Ok(None);
    };
    let name = display_name(path);
    let text = file::read(path).map_err(InFile::<ReadError>::named(&name))?;
    let names = labels::from_file(&text, network.output()[0]);
    Ok(Some(names.map_err(InFile::<LabelsError>::named(&name))?))
}

impl From<OutputArg> for OutputKind {
    fn from(output: OutputArg) -> Self {
        match output {
            OutputArg::Classes => Self::Classes,
            OutputArg::Values => Self::Values,
            OutputArg::Reconstruction => Self::Reconstruction,
        }
    }
}
