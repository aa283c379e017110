//! What is checked of an ONNX file before anything runs it. Of this crate, only this module knows tract.

use std::collections::HashMap;

use prost::Message;
use thiserror::Error;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::{Framework, InferenceModel, TractError};

use crate::file::one_line;
use crate::limits::{Excess, Limits};

mod foreign;
mod inputs;
mod names;
mod outputs;
mod processor;
mod quiet;
mod shapes;
mod weights;
mod work;

pub use foreign::{explain, is_standard};
pub use outputs::{ends_in_softmax, producer};
pub use processor::avoid_tiles;
pub use quiet::guarded;

/// Why an ONNX file was refused.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum OnnxError {
    #[error("expected an ONNX model, found {0}")]
    NotOnnx(String),
    #[error("expected operators of standard ONNX, found {0}")]
    Operator(String),
    #[error(
        "expected operators without graphs of their own, found {0}; export the model without loops and conditions"
    )]
    Nested(String),
    #[error("expected names that stand for one thing, found two {0}; export the model again")]
    Twice(String),
    #[error("expected operator set 1 of ONNX or a newer one, found {0}; export the model again")]
    OperatorSet(String),
    #[error(
        "expected all weights in the file, found those of {0}; save it as one file: onnx.save(onnx.load(FILE), OTHER)"
    )]
    External(String),
    #[error(
        "expected weights that are numbers, found {0}; the training failed, or the file is damaged"
    )]
    NoNumber(String),
    #[error(transparent)]
    Excess(#[from] Excess),
    #[error(
        "expected values whose sizes are known before the model runs, found {0}; export the model with fixed shapes"
    )]
    Open(String),
    #[error(
        "expected a graph that tract can run, found half floats ({half}), which converters for graphics cards write, and: {reason}; export the model in float32"
    )]
    Half { half: &'static str, reason: String },
    #[error("expected a graph that tract can run, found: {0}")]
    Graph(String),
}

impl From<TractError> for OnnxError {
    fn from(error: TractError) -> Self {
        Self::Graph(one_line(&format!("{error:#}")))
    }
}

/// What is to run a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// tract, which takes shapes and operators that it knows.
    Tract,
    /// ONNX Runtime, which has operators of its own.
    OnnxRuntime,
}

/// A model that was found to be within limits.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The file, with open dimensions of its inputs set to 1, without weights among the inputs, and without what no
    /// output needs.
    pub proto: ModelProto,
    /// What tract makes of it, with the shape of every value.
    pub graph: InferenceModel,
}

/// The model in the bytes of an ONNX file; it has a graph.
pub fn parse(mut bytes: &[u8]) -> Result<ModelProto, OnnxError> {
    let proto = tract_onnx::onnx()
        .proto_model_for_read(&mut bytes)
        .map_err(|error| {
            OnnxError::NotOnnx(format!("none ({})", one_line(&format!("{error:#}"))))
        })?;
    match proto.graph {
        Some(_) => Ok(proto),
        None => Err(OnnxError::NotOnnx("no graph in it".to_owned())),
    }
}

/// The bytes of an ONNX file.
pub fn encode(proto: &ModelProto) -> Vec<u8> {
    proto.encode_to_vec()
}

/// The model file that `runtime` is to run for one picture after the other, or why it should not: see [`OnnxError`].
/// Nothing is computed.
///
/// Open first dimensions of inputs become 1, and weights are no inputs any more. ONNX Runtime is free to run what tract
/// cannot; then the limits hold as far as tract knows its operators.
pub fn for_one_picture(
    bytes: &[u8],
    limits: &Limits,
    runtime: Runtime,
) -> Result<Vec<u8>, OnnxError> {
    let proto = prepared(parse(bytes)?, limits, runtime)?;
    match measured(&proto, limits) {
        Err(error @ OnnxError::Excess(_)) => return Err(error),
        Err(error @ OnnxError::Open(_)) if names::are_of_tract(&proto) => return Err(error),
        Err(error) if runtime == Runtime::Tract => return Err(error),
        _ => {}
    }
    Ok(encode(&proto))
}

/// The model without what is in the way of running it, if its names and operators are in order.
fn prepared(
    mut proto: ModelProto,
    limits: &Limits,
    runtime: Runtime,
) -> Result<ModelProto, OnnxError> {
    names::check_sets_and_metadata(&proto)?;
    let graph = proto.graph.get_or_insert_default();
    limits.check_operators(graph.node.len() as u64)?;
    names::check(graph, runtime)?;
    names::drop_unneeded(graph);
    weights::check(graph)?;
    inputs::fix(graph);
    Ok(proto)
}

/// What tract makes of the model, within the limits.
fn measured(proto: &ModelProto, limits: &Limits) -> Result<InferenceModel, OnnxError> {
    let half = proto.graph.as_ref().and_then(foreign::half_floats);
    guarded(|| shapes::measure(proto, limits)).map_err(|error| match (error, half) {
        (OnnxError::Graph(reason), Some(half)) => OnnxError::Half { half, reason },
        (error, _) => error,
    })
}

impl Checked {
    /// Checks a model for tract; nothing is computed but values of constants that are known to be small.
    pub fn new(proto: ModelProto, limits: &Limits) -> Result<Self, OnnxError> {
        let proto = prepared(proto, limits, Runtime::Tract)?;
        let graph = measured(&proto, limits)?;
        Ok(Self { proto, graph })
    }

    /// The shape of every value, by its name.
    pub fn shapes(&self) -> HashMap<String, Vec<usize>> {
        shapes::by_name(&self.graph)
    }
}

#[cfg(test)]
mod tests;
