//! Small models, for the tests of the library and of the program.

pub mod flash;
pub mod int8;
pub mod onnx;

pub use onnx::*;

use tract_onnx::pb::ModelProto;

const PIXELS: usize = 28 * 28;

/// A model that gives the same logits for every picture.
pub fn constant(logits: &[f32], labels: Option<&str>) -> Vec<u8> {
    let model = linear(&vec![0.0; PIXELS * logits.len()], logits);
    let metadata = labels.map(|labels| ("labels", labels));
    encode(&with_metadata(model, metadata.as_slice()))
}

/// `logits = pixels x weights + bias`, with weights of shape `[784, bias.len()]`.
pub fn linear(weights: &[f32], bias: &[f32]) -> ModelProto {
    let classes = bias.len();
    model(
        vec![
            node("Flatten", &["pixels"], "flat"),
            node("Gemm", &["flat", "weights", "bias"], "logits"),
        ],
        vec![
            tensor("weights", &[PIXELS, classes], weights),
            tensor("bias", &[classes], bias),
        ],
        classes,
    )
}
