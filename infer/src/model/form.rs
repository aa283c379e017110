//! What an ONNX file says of its input and its output.

use std::str::FromStr;

use input::normalization::{self, Normalization};
use input::{labels, metadata};
use no_std_core::Fault;
use no_std_core::format::{ONE, OutputKind, Shape, TensorRecord};
use no_std_core::prepare::Preparation;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, ModelProto};
use tract_onnx::prelude::{Datum, TypedFact};

use super::proto::{self, metadata as entry, quantization_of};
use crate::decision::Decision;
use crate::error::ModelError;
use crate::output::squared_steps;
use crate::picture::SIDE;
use crate::spec::{InputSpec, Layout, OutputSpec, Quantization};

/// The output of a model of digits that says nothing of itself.
const LOGITS: &str = "logits";

/// Whether the file says how a picture becomes the input.
pub fn says_preparation(proto: &ModelProto) -> bool {
    entry(proto, metadata::PREPARATION).is_some()
}

/// What the file says of its input.
pub fn input(proto: &ModelProto) -> Result<InputSpec, ModelError> {
    let default = GraphProto::default();
    let graph = proto.graph.as_ref().unwrap_or(&default);
    let (name, sizes) = only_input(graph)?;
    let is_of_digits =
        sizes == [1, SIDE, SIDE] && graph.output.iter().any(|output| output.name == LOGITS);
    let is_ours =
        is_of_digits || says_preparation(proto) || entry(proto, normalization::RANGE).is_some();
    let is_image = is_ours && sizes.len() == 3;
    if is_image {
        check_shape(proto, &sizes)?;
    }
    let quantization = proto::input_quantization(graph, name);
    let preparation = match entry(proto, metadata::PREPARATION) {
        Some(text) => said_preparation(proto, text, &sizes, quantization)?,
        None if is_image => Preparation::PLAIN,
        None => Preparation::NONE,
    };
    Ok(InputSpec {
        layout: if is_image {
            Layout::ChannelsFirst
        } else {
            Layout::Unknown
        },
        quantization,
        preparation,
        sizes,
    })
}

/// The name of the only input and its sizes without the batch.
fn only_input(graph: &GraphProto) -> Result<(&str, Vec<usize>), ModelError> {
    // Files of ONNX IR version 3 list weights among the inputs too.
    let inputs: Vec<_> = graph
        .input
        .iter()
        .filter(|input| proto::initializer(graph, &input.name).is_none())
        .collect();
    let [input] = inputs[..] else {
        return Err(ModelError::form("one input", proto::names(&inputs)));
    };
    let (element, shape) = proto::tensor_type(input);
    if let (DataType::Float, [None | Some(1), sizes @ ..]) = (element, &shape[..])
        && let Some(sizes) = sizes
            .iter()
            .map(|&size| usize::try_from(size?).ok())
            .collect()
    {
        return Ok((&input.name, sizes));
    }
    let half = [DataType::Float16, DataType::Bfloat16].contains(&element);
    let of_half =
        "; half floats are what converters for graphics cards write: export the model in float32";
    let hint = if half { of_half } else { "" };
    let found = format!("{} {}{hint}", element.as_str_name(), proto::show(&shape));
    let expected = "input FLOAT [1, ...] of sizes that are known";
    Err(ModelError::form(expected, found))
}

/// Refuses a model of ours that is for an input of another shape.
fn check_shape(proto: &ModelProto, sizes: &[usize]) -> Result<(), ModelError> {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let expected = sizes.join(",");
    match entry(proto, metadata::INPUT_SHAPE).filter(|&found| found != expected) {
        None => Ok(()),
        Some(found) => Err(ModelError::form(
            format!("metadata {} \"{expected}\"", metadata::INPUT_SHAPE),
            format!("{found:?}"),
        )),
    }
}

/// What pixels become in a model of this input: what the file says; else 0 to 1, or integers count them.
pub fn pixels(proto: &ModelProto, input: &InputSpec) -> Result<Normalization, ModelError> {
    let channels = input.shape().map_or(1, |[_, _, channels]| channels);
    let takes_pictures = input.preparation.takes_pictures();
    let said_entry = |key: &str| entry(proto, key).filter(|_| takes_pictures);
    let said = Normalization::from_entries(said_entry, channels);
    let of_integers = input
        .quantization
        .filter(|_| says_preparation(proto))
        .map_or(1.0, |of| 255.0 * of.scale);
    Ok(said?.unwrap_or_else(|| Normalization::up_to(of_integers, channels)))
}

/// The preparation that an entry names, if it can make the input.
fn said_preparation(
    proto: &ModelProto,
    text: &str,
    sizes: &[usize],
    quantization: Option<Quantization>,
) -> Result<Preparation, ModelError> {
    let key = metadata::PREPARATION;
    let refusal = |expected: &str| {
        ModelError::form(format!("metadata {key} {expected}"), format!("{text:?}"))
    };
    let preparation = metadata::preparation(text).ok_or_else(|| {
        refusal("\"plain\", \"stretch\", \"crop\", \"pad\", \"none\" or \"centred\" with a box")
    })?;
    let takes_pixels = quantization.is_none_or(|of| of.zero_point == i8::MIN);
    let is_said = entry(proto, normalization::RANGE).is_some();
    if preparation.takes_pictures() && !takes_pixels && !is_said {
        return Err(refusal("\"none\" where 0 is no black pixel"));
    }
    if preparation.box_side().is_some() && sizes != [1, SIDE, SIDE] {
        return Err(refusal("\"plain\" or \"none\" for pictures not of 28 x 28"));
    }
    Ok(preparation)
}

/// What an ONNX file says of its output.
#[derive(Clone, Debug)]
pub struct OutputForm {
    /// Its name.
    pub name: String,
    kind: OutputKind,
    labels: Vec<String>,
    threshold: Option<u32>,
    /// Of a reconstruction in floats the greatest mean of the squared differences that is accepted.
    pub greatest_score: Option<f64>,
    /// Of classes in floats the least probability of an answer that is accepted.
    pub least_probability: Option<f64>,
    /// The sizes of its axes, without the batch.
    sizes: Vec<usize>,
    /// What its integers stand for, if it is made of such.
    pub quantization: Option<Quantization>,
    /// Whether the sizes are channels, rows and columns.
    is_image: bool,
}

/// What the file says of its output, about which tract knows `fact`.
pub fn output(proto: &ModelProto, fact: &TypedFact) -> Result<OutputForm, ModelError> {
    let default = GraphProto::default();
    let graph = proto.graph.as_ref().unwrap_or(&default);
    let name = graph.output.first().map_or("", |output| &output.name);
    let found = format!("{:?} {:?}", fact.datum_type, fact.shape);
    let expected = |form: &str| ModelError::form(format!("output {name} FLOAT {form}"), &found);
    let shape = fact.shape.as_concrete();
    let shape = shape.filter(|_| fact.datum_type == f32::datum_type());
    let is_flat = matches!(shape, Some(&[1, classes]) if classes > 0);
    let kind = output_kind(proto, graph, name, is_flat)?;
    let (Some([1, sizes @ ..]), true) = (shape, kind != OutputKind::Classes || is_flat) else {
        let of_classes = kind == OutputKind::Classes;
        let form = if of_classes {
            "[1, classes]"
        } else {
            "[1, ...]"
        };
        return Err(expected(form));
    };
    let labels = match kind {
        OutputKind::Classes => labels::of_classes(entry(proto, labels::KEY), sizes[0])?,
        OutputKind::Values => Vec::new(),
        OutputKind::Reconstruction => {
            check_judged(proto)?;
            Vec::new()
        }
    };
    let quantization = quantization_of(graph, name);
    let of_floats = |other: OutputKind| kind == other && quantization.is_none();
    let threshold = entry(proto, metadata::THRESHOLD).filter(|_| says_preparation(proto));
    let [score, integer] = if of_floats(OutputKind::Reconstruction) {
        [threshold, None]
    } else {
        [None, threshold]
    };
    let least = entry(proto, metadata::LEAST_PROBABILITY);
    let least = least.filter(|_| of_floats(OutputKind::Classes));
    let is_score = |score: &f64| score.is_finite() && *score >= 0.0;
    let is_probability = |number: &f64| (0.0..=1.0).contains(number);
    Ok(OutputForm {
        name: name.to_owned(),
        kind,
        least_probability: number(metadata::LEAST_PROBABILITY, least, is_probability)?,
        labels,
        threshold: number(metadata::THRESHOLD, integer, |_| true)?,
        greatest_score: number(metadata::THRESHOLD, score, is_score)?,
        sizes: sizes.to_vec(),
        quantization,
        is_image: says_preparation(proto) && sizes.len() == 3,
    })
}

/// What the output is: what the file says, or classes where it names some or ends as classes do.
fn output_kind(
    proto: &ModelProto,
    graph: &GraphProto,
    name: &str,
    is_flat: bool,
) -> Result<OutputKind, ModelError> {
    let named = name == LOGITS || entry(proto, labels::KEY).is_some();
    match entry(proto, metadata::OUTPUT_KIND) {
        Some(text) => {
            metadata::output_kind(text).ok_or_else(|| unknown(metadata::OUTPUT_KIND, text))
        }
        None if named || is_flat && input::onnx::ends_in_softmax(graph, name) => {
            Ok(OutputKind::Classes)
        }
        None => Ok(OutputKind::Values),
    }
}

/// The number that an entry says, if there is one.
fn number<T: FromStr>(
    key: &str,
    text: Option<&str>,
    is_possible: impl Fn(&T) -> bool,
) -> Result<Option<T>, ModelError> {
    let number = |text: &str| {
        let number = text.parse().ok().filter(&is_possible);
        number.ok_or_else(|| unknown(key, text))
    };
    text.map(number).transpose()
}

/// Refuses a reconstruction of which the file does not say when it is accepted.
fn check_judged(proto: &ModelProto) -> Result<(), ModelError> {
    let mut missing = vec![metadata::THRESHOLD, metadata::PREPARATION];
    missing.retain(|key| entry(proto, key).is_none());
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(" and ");
    let expected = format!("metadata {missing} of a reconstruction");
    Err(ModelError::form(expected, "none"))
}

fn unknown(key: &str, text: &str) -> ModelError {
    let expected = format!("metadata {key} as `train` writes it");
    ModelError::form(expected, format!("{text:?}"))
}

impl OutputForm {
    pub fn spec(&self) -> OutputSpec {
        match self.kind {
            OutputKind::Classes => OutputSpec::Classes {
                labels: self.labels.clone(),
            },
            OutputKind::Values => OutputSpec::Values {
                outputs: self.sizes.iter().product(),
            },
            OutputKind::Reconstruction => OutputSpec::Reconstruction {
                threshold: self.threshold.map(squared_steps).or(self.greatest_score),
            },
        }
    }

    /// Rows, columns and channels of an output in which channels come first.
    pub fn channels_first(&self) -> Option<[usize; 3]> {
        match self.sizes[..] {
            [channels, rows, columns] if self.is_image => Some([rows, columns, channels]),
            _ => None,
        }
    }

    /// The sizes of an output as it is given: of models of integers rows, columns and channels.
    pub fn shape(&self) -> Vec<usize> {
        self.channels_first()
            .map_or_else(|| self.sizes.clone(), |shape| shape.to_vec())
    }

    /// What the core decides from the integers of the output; `None` where the file says no threshold, or has no integers.
    pub fn decision(&self, input: &InputSpec) -> Result<Option<Decision>, ModelError> {
        let is_reconstruction = self.kind == OutputKind::Reconstruction;
        let count: usize = self.sizes.iter().product();
        let (Some(threshold), Some(of)) = (self.threshold, self.quantization) else {
            if is_reconstruction && count != input.elements() {
                let expected = "a reconstruction with as many numbers as the input";
                return Err(ModelError::form(expected, format!("{:?}", self.sizes)));
            }
            return Ok(None);
        };
        if is_reconstruction && (count != input.elements() || input.quantization != Some(of)) {
            let expected = "a reconstruction with shape, scale and zero point of the input";
            return Err(ModelError::form(
                expected,
                format!("{:?} {of:?}", self.sizes),
            ));
        }
        let [rows, columns, channels] = match self.sizes[..] {
            [channels, rows, columns] => [rows, columns, channels],
            _ => [1, 1, count],
        };
        let size = |size: usize| {
            u16::try_from(size).map_err(|_| ModelError::form("sizes up to 65535", size.to_string()))
        };
        let shape = Shape {
            rows: size(rows)?,
            columns: size(columns)?,
            channels: size(channels)?,
        };
        let tensor = TensorRecord::new(shape, of.scale, of.zero_point);
        match Decision::new(self.kind, tensor, threshold) {
            Err(error) if error.fault == Fault::Threshold => Err(ModelError::form(
                format!(
                    "metadata {} that fits the output (of classes at most {ONE})",
                    metadata::THRESHOLD
                ),
                format!("\"{threshold}\""),
            )),
            decision => Ok(Some(decision?)),
        }
    }
}
