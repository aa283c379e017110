//! Graphs of 8-bit integers with floats at both ends.

use super::*;
use crate::flash::FlashModel;
use crate::support::flash;
use crate::support::int8::{LOGIT_SCALE, WEIGHT_SCALE, brightness};

#[test]
fn logits_are_the_integers_of_the_flash_file() {
    let mut other = flash::brightness();
    other.operators[0].output.zero_point = 3;
    other.operators[0].multipliers = flash::multipliers((1.0 / 255.0 * WEIGHT_SCALE) / LOGIT_SCALE);
    let onnx = open(&brightness(3)).unwrap();
    let shipped = include_bytes!("../../../../models/digits-int8.onnx");
    let shipped = Model::from_bytes(shipped, "m.onnx").unwrap();
    for (onnx, file) in [
        (&onnx, &other.to_file().unwrap()[..]),
        (&shipped, include_bytes!("../../../../models/digits.q8")),
    ] {
        let flash = FlashModel::from_bytes(file, "m.q8").unwrap();
        for pixels in [picture(), [0; PIXELS], [255; PIXELS], [129; PIXELS]] {
            let [onnx, flash] = [onnx.scores(&pixels), flash.scores(&pixels)].map(Result::unwrap);
            assert_eq!(onnx.logits, flash.logits);
            assert_eq!((onnx.class, onnx.accepted), (flash.class, None));
        }
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
