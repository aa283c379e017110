//! Graphs of 8-bit integers with floats at both ends.

use super::*;
use crate::flash::FlashModel;
use crate::support::flash;
use crate::support::int8::{LOGIT_SCALE, WEIGHT_SCALE, brightness};

#[test]
fn logits_are_the_integers_of_the_flash_file() {
    let mut spec = flash::brightness();
    spec.layers[0].output_zero_point = 3;
    spec.layers[0].multiplier = (1.0 / 255.0 * WEIGHT_SCALE) / LOGIT_SCALE;
    let file = spec.file();
    let flash = FlashModel::from_bytes(&file, "m.q8").unwrap();
    let onnx = open(&brightness(3)).unwrap();
    for pixels in [picture(), [0; PIXELS], [255; PIXELS], [129; PIXELS]] {
        let (flash, onnx) = (
            flash.scores(&pixels).unwrap(),
            onnx.scores(&pixels).unwrap(),
        );
        assert_eq!(onnx.logits, flash.logits);
        assert_eq!((onnx.class, onnx.accepted), (flash.class, None));
    }
    let white = onnx.scores(&[255; PIXELS]).unwrap();
    assert_eq!(white.logits, Logits::Int8(vec![3, 101]));
    // 98 steps of a half.
    let likelier = 1.0 / (1.0 + (-49.0_f64).exp());
    assert!((white.probabilities[1] - likelier).abs() < 1e-12);
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
