use super::*;
use crate::picture::PIXELS;
use crate::support::{brightness, flash};

fn assert_close(actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        assert!(
            (actual - expected).abs() < 1e-6,
            "{actual} is not {expected}"
        );
    }
}

#[test]
fn softmax_gives_back_the_probabilities_of_their_logarithms() {
    let probabilities = [0.5, 0.25, 0.125, 0.0625, 0.0625];
    let logits: Vec<f32> = probabilities.iter().map(|p: &f64| p.ln() as f32).collect();
    assert_close(&softmax(&logits), &probabilities);
    let shifted: Vec<f32> = logits.iter().map(|logit| logit + 3.0).collect();
    assert_close(&softmax(&shifted), &probabilities);
}

#[test]
fn softmax_survives_the_largest_floats() {
    assert_close(&softmax(&[f32::MAX, f32::MIN, f32::MAX]), &[0.5, 0.0, 0.5]);
    assert_close(&softmax(&[f32::MIN, f32::MIN]), &[0.5, 0.5]);
}

fn refusal(bytes: &[u8], choice: Choice) -> String {
    match open(bytes, "m", choice) {
        Ok(_) => panic!("{choice:?} takes it"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_file_decides() {
    let (onnx, flash) = (brightness(), flash::brightness().file());
    for choice in [Choice::Auto, Choice::Float] {
        let scores = open(&onnx, "m", choice)
            .unwrap()
            .scores(&[255; PIXELS])
            .unwrap();
        assert_eq!((scores.class, scores.accepted), (1, None));
        assert_eq!(scores.logits.bytes().len(), 8);
    }
    for choice in [Choice::Auto, Choice::Int8] {
        let scores = open(&flash, "m", choice)
            .unwrap()
            .scores(&[255; PIXELS])
            .unwrap();
        assert_eq!((scores.class, scores.accepted), (1, Some(true)));
        assert_eq!(scores.logits.bytes(), [0, 98]);
    }
}

#[test]
fn the_other_engine_says_what_the_file_is() {
    let (onnx, flash) = (brightness(), flash::brightness().file());
    assert_eq!(
        refusal(&onnx, Choice::Int8),
        "m: expected a flash file, found an ONNX model; leave out --engine to let the file decide, or give --engine float"
    );
    assert_eq!(
        refusal(&flash, Choice::Float),
        "m: expected an ONNX model, found a flash file; leave out --engine to let the file decide, or give --engine int8"
    );
    let text = b"neither the one nor the other, but long enough to have a header of 64 bytes";
    for choice in [Choice::Auto, Choice::Float] {
        let error = refusal(text, choice);
        assert!(
            error.starts_with("m: expected an ONNX model or a flash file (.q8), found "),
            "{error}"
        );
    }
    let error = refusal(text, Choice::Int8);
    assert!(
        error.starts_with("m: byte 0: expected a flash file"),
        "{error}"
    );
}

#[test]
fn logits_become_bytes() {
    assert_eq!(
        Logits::Float(vec![1.0, -2.5]).bytes(),
        [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0]
    );
    assert_eq!(Logits::Int8(vec![1, -1, -128]).bytes(), [1, 255, 128]);
}
