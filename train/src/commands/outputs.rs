//! `train outputs`, which the program starts itself to run a model of its own on a runtime that it does not use.

use std::io::{self, Read};

use ndarray::{ArrayD, IxDyn};
use prost::Message;

use super::{open, read_model};
use crate::cli::OutputsArgs;
use crate::console::Console;
use crate::error::Error;
use crate::onnx::{self, ValueInfo};
use crate::runtime::RuntimeError;

/// Reads inputs of a model with one input and one output of fixed shapes as 32-bit floats, one after another, and writes
/// its outputs like that.
pub fn run(args: &OutputsArgs, console: &mut Console) -> Result<(), Error> {
    let model = read_model(&args.model)?;
    let runtime = open(args.runtime)?;
    let [(input, shape), (output, _)] = ends(&model).ok_or_else(|| RuntimeError::Model {
        runtime: runtime.kind().name(),
        reason: "expected an input and an output of fixed shapes, found others".into(),
    })?;
    let mut session = runtime.load(&model, Vec::new())?;
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map_err(Error::Input)?;
    let (numbers, _) = bytes.as_chunks();
    let numbers: Vec<f32> = numbers.iter().copied().map(f32::from_le_bytes).collect();
    for sample in numbers.chunks_exact(shape.iter().product()) {
        let sample = ArrayD::from_shape_vec(IxDyn(&shape), sample.to_vec());
        let sample = sample.expect("a chunk has as many numbers as the shape says");
        let mut found = session.run(vec![(input.clone(), sample.into())])?;
        let found = found.take(&output)?.into_iter();
        console.write(&found.flat_map(f32::to_le_bytes).collect::<Vec<u8>>());
    }
    Ok(())
}

/// Names and shapes of the input and the output.
fn ends(model: &[u8]) -> Option<[(String, Vec<usize>); 2]> {
    let graph = onnx::Model::decode(model).ok()?.graph?;
    let end = |value: &ValueInfo| {
        let size = |size: Option<i64>| usize::try_from(size?).ok().filter(|&size| size > 0);
        let sizes = value.sizes()?.map(size);
        Some((value.name.clone(), sizes.collect::<Option<_>>()?))
    };
    Some([end(graph.input.first()?)?, end(graph.output.first()?)?])
}
