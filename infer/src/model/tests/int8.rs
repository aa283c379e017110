//! Graphs of 8-bit integers with floats at both ends.

use tract_onnx::pb::{AttributeProto, TensorProto, attribute_proto::AttributeType};

use super::*;
use crate::flash::FlashModel;
use crate::support::flash;
use crate::support::model as float_model;

const WEIGHT_SCALE: f32 = 255.0 / 2048.0;
const LOGIT_SCALE: f32 = 0.5;

fn int8(name: &str, dims: &[i64], values: &[i8]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: DataType::Int8 as i32,
        raw_data: values.iter().map(|value| value.cast_unsigned()).collect(),
        ..TensorProto::default()
    }
}

fn int32(name: &str, dims: &[i64], values: &[i32]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: DataType::Int32 as i32,
        raw_data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        ..TensorProto::default()
    }
}

/// The network of [`flash::brightness`] with another zero point.
pub fn brightness(zero_point: i8) -> ModelProto {
    let spec = flash::brightness();
    let convolution = [
        "q", "x_scale", "x_zero", "weights", "w_scales", "w_zeros", "y_scale", "y_zero", "bias",
    ];
    let mut nodes = vec![
        node("QuantizeLinear", &["pixels", "x_scale", "x_zero"], "q"),
        node("QLinearConv", &convolution, "conv"),
        node("DequantizeLinear", &["conv", "y_scale", "y_zero"], "reals"),
        node("Flatten", &["reals"], "logits"),
    ];
    nodes[1].attribute.push(AttributeProto {
        name: "kernel_shape".into(),
        ints: vec![28, 28],
        r#type: AttributeType::Ints as i32,
        ..AttributeProto::default()
    });
    let weights = vec![
        tensor("x_scale", &[], &[1.0 / 255.0]),
        int8("x_zero", &[], &[-128]),
        int8("weights", &[2, 1, 28, 28], &spec.layers[0].weights),
        tensor("w_scales", &[2], &[WEIGHT_SCALE; 2]),
        int8("w_zeros", &[2], &[0; 2]),
        tensor("y_scale", &[], &[LOGIT_SCALE]),
        int8("y_zero", &[], &[zero_point]),
        int32("bias", &[2], &spec.layers[0].biases),
    ];
    float_model(nodes, weights, 2)
}

#[test]
fn logits_are_the_integers_of_the_flash_file() {
    let mut spec = flash::brightness();
    spec.layers[0].output_zero_point = 3;
    spec.layers[0].multiplier = (1.0 / 255.0 * WEIGHT_SCALE) / LOGIT_SCALE;
    let file = spec.file();
    let flash = FlashModel::from_bytes(&file, "m.q8").unwrap();
    let onnx = open(&brightness(3)).unwrap();
    for pixels in [picture(), [0; PIXELS], [255; PIXELS], [129; PIXELS]] {
        let (flash, onnx) = (flash.scores(&pixels).unwrap(), onnx.scores(&pixels).unwrap());
        assert_eq!(onnx.logits, flash.logits);
        assert_eq!((onnx.class, onnx.accepted), (flash.class, None));
    }
    let white = onnx.scores(&[255; PIXELS]).unwrap();
    assert_eq!(white.logits, Logits::Int8(vec![3, 101]));
    // 98 steps of a half.
    let likelier = 1.0 / (1.0 + (-49.0_f64).exp());
    assert_eq!(white.probabilities[1], likelier);
}

#[test]
fn logits_are_floats_if_floats_compute_them() {
    let mut proto = brightness(3);
    let graph = proto.graph.as_mut().unwrap();
    graph.node[3] = node("Flatten", &["reals"], "flat");
    graph.node.push(node("Relu", &["flat"], "logits"));
    let white = open(&proto).unwrap().scores(&[255; PIXELS]).unwrap();
    assert_eq!(white.logits, Logits::Float(vec![0.0, 49.0]));
}
