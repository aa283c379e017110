//! Runs that are gone on with or exported, from checkpoints good and bad.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::sandbox::{EXPORT, QUICK, Sandbox};

/// Type, shape and bytes of a tensor.
type Stored = (Dtype, Vec<usize>, Vec<u8>);

/// A checkpoint taken apart, to be changed and put together again.
struct Parts {
    tensors: BTreeMap<String, Stored>,
    metadata: HashMap<String, String>,
}

impl Parts {
    fn of(bytes: &[u8]) -> Self {
        let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
        let own = |view: &TensorView| (view.dtype(), view.shape().to_vec(), view.data().to_vec());
        let file = SafeTensors::deserialize(bytes).unwrap();
        let tensors = file.iter();
        Self {
            tensors: tensors
                .map(|(name, view)| (name.into(), own(&view)))
                .collect(),
            metadata: header.metadata().clone().unwrap(),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let views = self.tensors.iter().map(|(name, (dtype, shape, data))| {
            let view = TensorView::new(*dtype, shape.clone(), data);
            (name, view.unwrap())
        });
        safetensors::serialize(views, Some(self.metadata.clone())).unwrap()
    }

    fn rename(&mut self, old: &str, new: &str) {
        let tensors = std::mem::take(&mut self.tensors).into_iter();
        let renamed = tensors.map(|(name, tensor)| (name.replace(old, new), tensor));
        self.tensors = renamed.collect();
    }

    fn tensor(&mut self, name: &str) -> &mut Stored {
        self.tensors.get_mut(name).unwrap()
    }

    /// Replaces a piece of the record, which must be there.
    fn edit_record(&mut self, old: &str, new: &str) {
        let record = self.metadata.get_mut("training").unwrap();
        assert!(record.contains(old), "{old} is not in {record}");
        *record = record.replace(old, new);
    }
}

/// A checkpoint after a change.
fn changed(bytes: &[u8], change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = Parts::of(bytes);
    change(&mut parts);
    parts.to_bytes()
}

/// Neither a fit nor an export may go on from a checkpoint of this content, and both must say why.
fn assert_refused(sandbox: &Sandbox, content: impl AsRef<[u8]>, reason: &str) {
    sandbox.write("bad/checkpoint.safetensors", content);
    sandbox.write("bad/digits.onnx", "earlier model");
    let expected = "bad/checkpoint.safetensors: expected a checkpoint";
    let parts = [expected, ", found ", reason];
    for out in ["run", "bad", "new"] {
        sandbox.refuses(&format!("fit {QUICK} --resume bad --out {out}"), &parts);
        let is_new = sandbox.path("new").exists();
        assert!(!is_new, "a folder is made for a refused checkpoint");
    }
    let export = "export --run bad --data digits --runtime tract";
    for out in ["", "--out run/digits.onnx"] {
        sandbox.refuses(&format!("{export} {out}"), &parts);
    }
}

#[test]
fn a_folder_without_a_checkpoint_is_refused() {
    let sandbox = Sandbox::with_run();
    for (line, folder) in [
        (format!("fit {QUICK} --out run --resume nowhere"), "nowhere"),
        (format!("fit {QUICK} --out run --resume digits"), "digits"),
        (EXPORT.replace("--run run", "--run nowhere"), "nowhere"),
    ] {
        let expected = format!("{folder}/checkpoint.safetensors: expected a checkpoint");
        sandbox.refuses(&line, &[&expected, "found none"]);
    }
}

#[test]
fn files_that_are_no_whole_checkpoints_are_refused() {
    let sandbox = Sandbox::with_run();
    let whole = sandbox.read("run/checkpoint.safetensors");
    let record = |record: &str| [("training".to_owned(), record.to_owned())].into();
    for (content, reason) in [
        (whole[..0].to_vec(), ""),
        (whole[..100].to_vec(), ""),
        (whole[..whole.len() - 1].to_vec(), ""),
        ([&whole[..], b"x"].concat(), ""),
        (b"Some notes on the run.\n".to_vec(), ""),
        (sandbox.read("run/digits.onnx"), ""),
        (
            changed(&whole, |parts| parts.metadata.clear()),
            "no `training` in its metadata",
        ),
        (
            changed(&whole, |parts| {
                parts.metadata = record("{\"network\": \"digits\"}");
            }),
            "missing field",
        ),
    ] {
        assert_refused(&sandbox, content, reason);
    }
}

#[test]
fn variables_of_another_optimizer_network_shape_or_type_are_refused() {
    let sandbox = Sandbox::with_run();
    sandbox.succeeds(&format!(
        "fit {QUICK} --optimizer adam --epochs 1 --out adam"
    ));
    let rmsprop = sandbox.read("run/checkpoint.safetensors");
    let adam = sandbox.read("adam/checkpoint.safetensors");
    for (content, reason) in [
        (
            changed(&rmsprop, |parts| parts.rename("mean_square", "velocity")),
            "no variable conv1.weight.mean_square",
        ),
        // RMSprop's variables are a part of Adam's.
        (
            changed(&rmsprop, |parts| {
                parts.edit_record("\"rmsprop\"", "\"adam\"");
            }),
            "no variable",
        ),
        (
            changed(&adam, |parts| parts.edit_record("\"adam\"", "\"rmsprop\"")),
            "that the optimiser does not have",
        ),
        (
            changed(&rmsprop, |parts| parts.tensor("conv1.bias").1 = vec![4, 4]),
            "conv1.bias of shape [4, 4] instead of [16]",
        ),
        (
            changed(&rmsprop, |parts| parts.tensor("dense2.bias").0 = Dtype::I32),
            "dense2.bias of type I32 instead of F32",
        ),
        (
            changed(&rmsprop, |parts| {
                parts.edit_record("\"digits\"", "\"letters\"");
            }),
            "network `letters`, of whose layers it says nothing",
        ),
    ] {
        assert_refused(&sandbox, content, reason);
    }
}

#[test]
fn a_taken_apart_checkpoint_put_together_is_good() {
    let sandbox = Sandbox::with_run();
    let bytes = sandbox.read("run/checkpoint.safetensors");
    sandbox.write("copy/checkpoint.safetensors", changed(&bytes, |_| ()));
    sandbox.succeeds(&EXPORT.replace("--run run", "--run copy"));
    assert!(sandbox.read("copy/digits.onnx") == sandbox.read("run/digits.onnx"));
}

#[test]
fn one_epoch_and_another_equal_two_in_one_go() {
    let sandbox = Sandbox::with_digits();
    for optimizer in ["rmsprop", "adamw"] {
        let options = format!("--overwrite --optimizer {optimizer} --seed 3 --learning-rate 0.002");
        for (epochs, out) in [(2, "whole"), (1, "half")] {
            let fit = format!("fit {QUICK} {options} --epochs {epochs} --out {out}");
            sandbox.succeeds(&fit);
        }
        let half = sandbox.files("half");
        let resume = "fit --data digits --runtime tract --resume half --epochs 1 --overwrite";
        sandbox.succeeds(&format!("{resume} --out resumed"));
        let first = sandbox.files("half");
        assert_eq!(
            first, half,
            "resuming into another folder changed the first"
        );
        sandbox.succeeds(&format!("{resume} --out half"));
        for resumed in ["resumed", "half"] {
            let (resumed, whole) = (sandbox.files(resumed), sandbox.files("whole"));
            assert_eq!(resumed, whole, "{optimizer}");
        }
    }
}

#[test]
fn a_resumed_run_takes_what_the_user_changes() {
    let sandbox = Sandbox::with_run();
    let options = "--resume run --batch 32 --learning-rate 0.0005 --augment invert --epochs 2";
    sandbox.succeeds(&format!(
        "fit --data digits --runtime tract {options} --out run"
    ));
    let parts = Parts::of(&sandbox.read("run/checkpoint.safetensors"));
    let record: serde_json::Value = serde_json::from_str(&parts.metadata["training"]).unwrap();
    assert_eq!(
        (&record["batch_size"], &record["seed"]),
        (&32.into(), &0.into())
    );
    assert!((record["learning_rate"].as_f64().unwrap() - 0.0005).abs() < 1e-9);
    let epochs = record["epochs"].as_array().unwrap().iter();
    let augments: Vec<_> = epochs.map(|epoch| &epoch["augment"]).collect();
    assert_eq!(augments, ["none", "invert", "invert"]);
}
