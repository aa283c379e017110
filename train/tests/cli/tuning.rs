//! Fits that begin with a trained network, as a user starts them.

use image::{Rgb, RgbImage};
use train::checkpoint::Checkpoint;
use train::data::synthetic;

use crate::sandbox::{QUICK, Sandbox};

/// The run of a fit that must go well, with what it said on standard error.
fn tuned(sandbox: &Sandbox, line: &str) -> (Checkpoint, String) {
    let finished = sandbox.train(&format!(
        "fit {QUICK} --epochs 1 {line} --out tuned --overwrite"
    ));
    let finished = finished.expect_code(0);
    let (checkpoint, _) = Checkpoint::load(&sandbox.path("tuned")).unwrap();
    (checkpoint, finished.stderr)
}

#[test]
fn a_run_and_its_model_are_the_same_start() {
    let sandbox = Sandbox::with_run();
    let (of_run, notes) = tuned(&sandbox, "--from run --freeze ..conv2");
    assert_eq!(notes, "");
    let first = Checkpoint::load(&sandbox.path("run")).unwrap().0;
    assert_eq!(of_run.variables[..4], first.variables[..4]);
    assert_ne!(of_run.variables[4..8], first.variables[4..8]);
    assert_eq!(of_run.record.frozen, ["conv1", "conv2"]);
    assert!(!of_run.record.recipe.augment.is_empty());
    let (of_model, notes) = tuned(&sandbox, "--from run/digits.onnx --freeze ..conv2");
    assert_eq!(notes, "");
    assert_eq!(of_model.variables[..4], first.variables[..4]);
    let source = of_model.record.tuned_from.unwrap();
    assert!(source.starts_with("digits, SHA-256 "), "{source}");
    assert_eq!(of_model.record.epochs.len(), 1);
}

#[test]
fn the_same_seed_gives_the_same_files_and_a_resumed_run_too() {
    let sandbox = Sandbox::with_run();
    let fit = format!("fit {QUICK} --from run --freeze body");
    sandbox.succeeds(&format!("{fit} --epochs 2 --out a"));
    sandbox.succeeds(&format!("{fit} --epochs 2 --out b"));
    assert_eq!(sandbox.files("a"), sandbox.files("b"));
    let constant = "--recipe constant.toml";
    sandbox.write("constant.toml", "average = 0.9");
    sandbox.succeeds(&format!("{fit} {constant} --epochs 2 --out c"));
    sandbox.succeeds(&format!("{fit} {constant} --epochs 1 --out d"));
    sandbox.succeeds(&format!("fit {QUICK} --resume d --epochs 1 --out d"));
    assert_eq!(sandbox.files("c"), sandbox.files("d"));
}

/// Pictures of another size become what the network takes, and classes with other names a new last layer.
#[test]
fn other_pictures_and_classes_need_no_other_word() {
    let sandbox = Sandbox::with_run();
    let digits = synthetic::digits(300, 1, 9).train;
    let images = digits.images().unwrap();
    let mut list = vec!["path,label".to_owned()];
    std::fs::create_dir_all(sandbox.path("letters")).unwrap();
    for (index, (image, &label)) in images.outer_iter().zip(digits.labels()).enumerate() {
        let Some(letter) = ["a", "b", "c"].get(usize::from(label)) else {
            continue;
        };
        let picture = RgbImage::from_fn(50, 40, |x, y| {
            Rgb([image[[0, y as usize / 2, x as usize / 2]], 40, 20])
        });
        let name = format!("letters/{index}.png");
        picture.save(sandbox.path(&name)).unwrap();
        list.push(format!("{name},{letter}"));
    }
    sandbox.write("letters.csv", list.join("\n"));
    let line = "fit --data letters.csv --runtime tract --batch 8 --epochs 1 --from run --out tuned";
    let finished = sandbox.train(line).expect_code(0);
    let note = "note: the last layer, dense2, begins anew: the 3 classes are other ones";
    assert!(finished.stderr.contains(note), "{}", finished.stderr);
    let (tuned, network) = Checkpoint::load(&sandbox.path("tuned")).unwrap();
    assert_eq!((network.input, network.labels.len()), ([1, 28, 28], 3));
    assert!(
        tuned
            .variables
            .iter()
            .any(|(name, _)| name == "dense2.weight")
    );
    let refused = sandbox.train(&format!("{line} --overwrite --size 32x32"));
    refused.refusal(&[
        "expected pictures of 28 x 28 in 1 channels, as the network `digits` takes them",
        "found 32 x 32 in 1 channels: layer `dense1` has weights for another size",
        "leave out `--size` and `--colour`",
    ]);
}

#[test]
fn what_a_model_does_not_say_is_said_by_options() {
    let sandbox = Sandbox::with_run();
    let bytes = sandbox.read("run/digits.onnx");
    let mut model: train::onnx::Model = prost::Message::decode(&bytes[..]).unwrap();
    model.metadata_props.clear();
    sandbox.write("bare.model.onnx", prost::Message::encode_to_vec(&model));
    let (tuned, notes) = tuned(&sandbox, "--from bare.model.onnx");
    assert_eq!(tuned.record.network, "bare_model");
    for part in [
        "note: bare.model.onnx does not say what pixels become: it is given numbers from 0 to 1",
        "note: the last layer, dense2, begins anew: the 10 classes are not known to be those of the model",
    ] {
        assert!(notes.contains(part), "{notes}");
    }
    sandbox.write("names.txt", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    let said = "--range 0..255 --mean 127.5 --std 127.5 --labels names.txt";
    let (tuned, notes) = self::tuned(&sandbox, &format!("--from bare.model.onnx {said}"));
    assert_eq!(notes, "");
    let text = tuned.record.described.unwrap().text;
    assert!(
        text.contains("layer = \"normalize\", from = [\"input\"], mean = [0.5], std = [1.0]"),
        "{text}"
    );
    let checked = sandbox.succeeds("check --model tuned/bare_model.onnx");
    assert!(checked.contains("dense2"), "{checked}");
}

#[test]
fn what_cannot_be_tuned_is_refused() {
    let sandbox = Sandbox::with_run();
    let fit = format!("fit {QUICK} --out tuned");
    sandbox.refuses(
        &format!("{fit} --from run --freeze conv1,convX"),
        &["--freeze: expected layers with parameters, found `convX`; there are conv1, conv2, dense1, dense2"],
    );
    sandbox.refuses(
        &format!("{fit} --from digits"),
        &["expected a checkpoint", "found none"],
    );
    sandbox.write("a.onnx", "no model");
    sandbox.refuses(
        &format!("{fit} --from a.onnx"),
        &["a.onnx: cannot be trained: expected an ONNX model"],
    );
    let same = format!("fit {QUICK} --from run/digits.onnx --out run --overwrite");
    sandbox.refuses(&same, &["run/digits.onnx", "--from"]);
    for (options, parts) in [
        ("--from run --resume run", &["--from", "--resume"][..]),
        ("--from run --network digits", &["--from", "--network"]),
        ("--from run --output values", &["--from", "--output"]),
        ("--freeze body", &["--from"]),
        ("--mean 0.5", &["--from MODEL only"]),
        ("--from run --mean 0.5", &["--from MODEL only"]),
    ] {
        sandbox.misuses(&format!("{fit} {options}"), parts);
    }
}
