//! What a model is, as the server tells it.

use serde::Serialize;

use crate::open::Contender;
use crate::spec::{InputSpec, Layout, OutputSpec, Spec};

/// A model as the routes under `/v1/models` describe it.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    pub name: String,
    /// What runs it: `tract`, `onnxruntime` or the `integer` engine.
    pub engine: &'static str,
    /// Bytes of its file.
    pub bytes: usize,
    pub input: AboutInput,
    pub output: AboutOutput,
}

/// What a model takes.
#[derive(Clone, Debug, Serialize)]
pub struct AboutInput {
    /// The sizes of its axes, in the order in which a raw tensor has them.
    pub sizes: Vec<usize>,
    pub layout: &'static str,
    /// The type of a raw tensor: `int8`, or `float32` in little-endian order.
    #[serde(rename = "type")]
    pub element: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_point: Option<i8>,
    /// What pictures become.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<AboutPicture>,
}

/// What a picture becomes.
#[derive(Clone, Debug, Serialize)]
pub struct AboutPicture {
    pub rows: usize,
    pub columns: usize,
    pub channels: usize,
    /// Whether it is taken for a drawing, which the page has found and centred.
    pub centres: bool,
}

/// What a model gives.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AboutOutput {
    Classes {
        labels: Vec<String>,
    },
    Values {
        outputs: usize,
    },
    Reconstruction {
        #[serde(skip_serializing_if = "Option::is_none")]
        threshold: Option<f64>,
    },
}

impl About {
    pub fn new(name: &str, contender: Contender, bytes: &[u8], spec: &Spec) -> Self {
        Self {
            name: name.to_owned(),
            engine: match contender {
                Contender::Integer(_) => "integer",
                Contender::Tract => "tract",
                Contender::OnnxRuntime => "onnxruntime",
            },
            bytes: bytes.len(),
            input: AboutInput::new(&spec.input),
            output: match &spec.output {
                OutputSpec::Classes { labels } => AboutOutput::Classes {
                    labels: labels.clone(),
                },
                OutputSpec::Values { outputs } => AboutOutput::Values { outputs: *outputs },
                OutputSpec::Reconstruction { threshold } => AboutOutput::Reconstruction {
                    threshold: *threshold,
                },
            },
        }
    }
}

impl AboutInput {
    fn new(spec: &InputSpec) -> Self {
        let picture = |[rows, columns, channels]: [usize; 3]| AboutPicture {
            rows,
            columns,
            channels,
            centres: spec.is_of_drawings(),
        };
        Self {
            sizes: spec.sizes.clone(),
            layout: match spec.layout {
                Layout::ChannelsLast => "channels_last",
                Layout::ChannelsFirst => "channels_first",
                Layout::Unknown => "unknown",
            },
            element: if spec.quantization.is_some() {
                "int8"
            } else {
                "float32"
            },
            scale: spec.quantization.map(|of| of.scale),
            zero_point: spec.quantization.map(|of| of.zero_point),
            picture: spec.picture().map(picture),
        }
    }
}
