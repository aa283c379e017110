//! Graphs of 8-bit integers with floats at both ends.

use super::*;
use crate::flash::FlashModel;
use crate::picture::Pixels;
use crate::support::flash;
use crate::support::int8::{LOGIT_SCALE, WEIGHT_SCALE, brightness};

/// The classes of a picture of a digit.
fn classes(engine: &dyn Engine, pixels: &Pixels) -> Classes {
    let Answer { output, .. } = engine.run(&Input::Pixels(pixels.to_vec())).unwrap();
    let Output::Classes(classes) = output else {
        panic!("digits are classes");
    };
    classes
}

/// What a step of a logit stands for.
fn meaning(zero_point: i8) -> Quantization {
    Quantization {
        scale: LOGIT_SCALE,
        zero_point,
    }
}

#[test]
fn logits_are_the_integers_of_the_flash_file() {
    let mut other = flash::brightness();
    other.operators[0].output.zero_point = 3;
    other.operators[0].multipliers = flash::multipliers((1.0 / 255.0 * WEIGHT_SCALE) / LOGIT_SCALE);
    let onnx = open(&brightness(3)).unwrap();
    let shipped = include_bytes!("../../../../models/digits-int8.onnx");
    let shipped = Model::from_bytes(shipped, "m.onnx").unwrap();
    for (onnx, file, is_judged) in [
        (&onnx, &other.to_file().unwrap()[..], false),
        (
            &shipped,
            include_bytes!("../../../../models/digits.q8"),
            true,
        ),
    ] {
        let flash = FlashModel::from_bytes(file, "m.q8").unwrap();
        for pixels in [picture(), [0; PIXELS], [255; PIXELS], [129; PIXELS]] {
            let [onnx, flash] = [classes(onnx, &pixels), classes(&flash, &pixels)];
            assert_eq!(onnx.logits, flash.logits);
            let accepted = flash.accepted.filter(|_| is_judged);
            assert_eq!((onnx.class, onnx.accepted), (flash.class, accepted));
        }
    }
    let white = classes(&onnx, &[255; PIXELS]);
    assert_eq!(white.logits, Numbers::Int8(vec![3, 101], meaning(3)));
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
    let white = classes(&open(&proto).unwrap(), &[255; PIXELS]);
    assert_eq!(white.logits, Numbers::Float(vec![0.0, 49.0]));
}

/// The model with entries as `train quantize` writes them.
fn described(mut proto: ModelProto, entries: &[[&str; 2]]) -> ModelProto {
    let entries: Vec<(&str, &str)> = entries.iter().map(|&[key, value]| (key, value)).collect();
    proto = with_metadata(proto, &entries);
    proto
}

#[test]
fn a_model_that_says_its_threshold_decides_as_the_flash_file() {
    let mut contents = flash::brightness();
    contents.threshold = 50_000;
    contents.probabilities = input::probabilities::table(LOGIT_SCALE).to_vec();
    contents.operators[0].output.zero_point = 3;
    contents.operators[0].multipliers =
        flash::multipliers((1.0 / 255.0 * WEIGHT_SCALE) / LOGIT_SCALE);
    let file = contents.to_file().unwrap();
    let core = FlashModel::from_bytes(&file, "m.q8").unwrap();
    let entries = [
        ["output_kind", "classes"],
        ["threshold", "50000"],
        ["preparation", "plain"],
        ["labels", "dark,bright"],
    ];
    let onnx = open(&described(brightness(3), &entries)).unwrap();
    assert_eq!(onnx.spec().output, core.spec().output);
    let mut accepted = [0; 2];
    for grey in 100..160 {
        let found = classes(&onnx, &[grey; PIXELS]);
        assert_eq!(found, classes(&core, &[grey; PIXELS]));
        accepted[usize::from(found.accepted == Some(true))] += 1;
    }
    assert!(accepted[0] > 5 && accepted[1] > 5, "{accepted:?}");
}

#[test]
fn entries_that_do_not_suit_the_model_are_refused() {
    let refused = |entries: &[[&str; 2]]| open(&described(brightness(3), entries)).unwrap_err();
    let plain = ["preparation", "plain"];
    for (entries, expected) in [
        (
            &[["preparation", "by hand"]][..],
            "metadata preparation \"plain\", \"stretch\", \"crop\", \"pad\", \"none\" or \"centred\" with a box, found \"by hand\"",
        ),
        (
            &[plain, ["threshold", "-1"]],
            "metadata threshold as `train` writes it, found \"-1\"",
        ),
        (
            &[plain, ["output_kind", "guesses"]],
            "metadata output_kind as `train` writes it, found \"guesses\"",
        ),
        (
            &[plain, ["output_kind", "reconstruction"]],
            "metadata threshold of a reconstruction, found none",
        ),
        (
            &[["output_kind", "reconstruction"]],
            "metadata threshold and preparation of a reconstruction, found none",
        ),
        (
            &[plain, ["threshold", "65537"]],
            "metadata threshold that fits the output (of classes at most 65536), found \"65537\"",
        ),
        (
            &[plain, ["output_kind", "reconstruction"], ["threshold", "9"]],
            "a reconstruction with shape, scale and zero point of the input, found [2] ",
        ),
        (
            &[plain, ["input_shape", "3,28,28"]],
            "metadata input_shape \"1,28,28\", found \"3,28,28\"",
        ),
    ] {
        let error = refused(entries);
        let expected = format!("m.onnx: expected {expected}");
        assert!(error.starts_with(&expected), "{error}");
    }
}
