//! Other programs read what is written here: the reference library of the format, and a runtime that is strict about it.

use std::path::Path;
use std::process::Command;

use ndarray::ArrayD;
use prost::Message;
use rten::Value;
use tests::random::Numbers;
use tests::runtimes;
use tests::skip::{Cause, skip};
use train::models::{IMAGES, LOGITS};
use train::onnx;

/// Of each file: it keeps to the format, what it says of shapes too, and the library itself would write the same.
const REFERENCE: &str = "
import sys, onnx
for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    names = [node.name for node in model.graph.node]
    assert all(names) and len(set(names)) == len(names), f'{path}: names of nodes: {names}'
    with open(path, 'rb') as file:
        assert model.SerializeToString() == file.read(), f'{path}: expected the bytes of the library'
";

/// A shipped model as it is, and as the trainer writes it.
fn shipped_and_written(name: &str) -> [Vec<u8>; 2] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let shipped = std::fs::read(folder.join(name)).unwrap();
    let written = onnx::Model::decode(&shipped[..]).unwrap().encode_to_vec();
    [shipped, written]
}

#[test]
fn the_reference_library_would_write_the_same() {
    let test = "the_reference_library_would_write_the_same";
    let python = |arguments: &[&str]| Command::new("python3").args(arguments).output();
    if !python(&["-c", "import onnx"]).is_ok_and(|found| found.status.success()) {
        let reason = "Python has no package onnx; `pip install onnx` provides it";
        return skip(test, Cause::Tool, reason);
    }
    let folder = tempfile::tempdir().unwrap();
    let files = ["digits.onnx", "digits-int8.onnx"].map(|name| {
        let [_, written] = shipped_and_written(name);
        let path = folder.path().join(name);
        std::fs::write(&path, written).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let found = python(&["-c", REFERENCE, &files[0], &files[1]]).unwrap();
    let complaints = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{complaints}");
}

#[test]
fn rten_computes_what_tract_does() {
    const SHAPE: [usize; 4] = [1, 1, 28, 28];
    let [model, written] = shipped_and_written("digits.onnx");
    assert!(
        model == written,
        "the trainer writes the shipped model otherwise"
    );
    let mut on_tract = runtimes::tract().load(&model, Vec::new()).unwrap();
    let on_rten = rten::Model::load(model).unwrap();
    let mut numbers = Numbers::new(1);
    for _ in 0..5 {
        let image = numbers.tensor(&SHAPE, 0.0, 1.0).mapv(|pixel| pixel as f32);
        let pixels = image.iter().copied().collect::<Vec<_>>();
        let mut outputs = on_tract.run(vec![(IMAGES.into(), image.into())]).unwrap();
        let expected: ArrayD<f32> = outputs.take(LOGITS).unwrap();
        let input = Value::from_shape(&SHAPE, pixels).unwrap();
        let found = on_rten.run_one(input.into(), None).unwrap();
        let ([rows, classes], found) = found.into_shape_vec::<f32, 2>().unwrap();
        assert_eq!(expected.shape(), [rows, classes]);
        let largest = expected
            .iter()
            .fold(1.0_f32, |most, one| most.max(one.abs()));
        for (expected, found) in expected.iter().zip(found) {
            assert!(
                (expected - found).abs() <= 1e-5 * largest,
                "{expected} {found}"
            );
        }
    }
}
