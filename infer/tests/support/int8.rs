//! A small ONNX model of 8-bit integers.

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{ModelProto, TensorProto};

use super::{flash, model, node, tensor, with_ints};

/// What a step of a weight stands for.
pub const WEIGHT_SCALE: f32 = 255.0 / 2048.0;

/// What a step of a logit stands for.
pub const LOGIT_SCALE: f32 = 0.5;

fn int8(name: &str, dims: &[i64], values: &[i8]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: DataType::Int8 as i32,
        raw_data: values.iter().map(|value| value.cast_unsigned()).collect(),
        ..TensorProto::default()
    }
}

/// The network of [`flash::brightness`] with another zero point.
pub fn brightness(zero_point: i8) -> ModelProto {
    let spec = flash::brightness();
    let convolution = [
        "q", "x_scale", "x_zero", "weights", "w_scales", "w_zeros", "y_scale", "y_zero", "bias",
    ];
    let convolution = node("QLinearConv", &convolution, "conv");
    let nodes = vec![
        node("QuantizeLinear", &["pixels", "x_scale", "x_zero"], "q"),
        with_ints(convolution, "kernel_shape", &[28, 28]),
        node("DequantizeLinear", &["conv", "y_scale", "y_zero"], "reals"),
        node("Flatten", &["reals"], "logits"),
    ];
    let biases = &spec.operators[0].biases;
    let bias = TensorProto {
        data_type: DataType::Int32 as i32,
        raw_data: biases.iter().flat_map(|bias| bias.to_le_bytes()).collect(),
        ..int8("bias", &[2], &[])
    };
    let weights = vec![
        tensor("x_scale", &[], &[1.0 / 255.0]),
        int8("x_zero", &[], &[-128]),
        int8("weights", &[2, 1, 28, 28], &spec.operators[0].weights),
        tensor("w_scales", &[2], &[WEIGHT_SCALE; 2]),
        int8("w_zeros", &[2], &[0; 2]),
        tensor("y_scale", &[], &[LOGIT_SCALE]),
        int8("y_zero", &[], &[zero_point]),
        bias,
    ];
    model(nodes, weights, 2)
}
