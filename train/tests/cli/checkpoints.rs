//! Runs that are gone on with or exported, from checkpoints good and bad.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::sandbox::{QUICK, Sandbox};

/// A checkpoint taken apart, to be changed and put together again.
struct Parts {
    tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
    metadata: HashMap<String, String>,
}

impl Parts {
    fn of(bytes: &[u8]) -> Self {
        let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
        let own = |view: &TensorView| (view.dtype(), view.shape().to_vec(), view.data().to_vec());
        let file = SafeTensors::deserialize(bytes).unwrap();
        let tensors = file
            .iter()
            .map(|(name, view)| (name.to_owned(), own(&view)))
            .collect();
        Self {
            tensors,
            metadata: header.metadata().clone().unwrap(),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let view = |(dtype, shape, data)| TensorView::new(dtype, shape, data).unwrap();
        let views = self.tensors.iter().map(|(name, (dtype, shape, data))| {
            (name.as_str(), view((*dtype, shape.clone(), data)))
        });
        safetensors::serialize(views, Some(self.metadata.clone())).unwrap()
    }

    fn rename(&mut self, old: &str, new: &str) {
        let tensors = std::mem::take(&mut self.tensors);
        let renamed = tensors
            .into_iter()
            .map(|(name, tensor)| (name.replace(old, new), tensor));
        self.tensors = renamed.collect();
    }

    /// Replaces a piece of the record, which must be there.
    fn edit_record(&mut self, old: &str, new: &str) {
        let record = self.metadata.get_mut("training").unwrap();
        assert!(record.contains(old), "{old} is not in {record}");
        *record = record.replace(old, new);
    }
}

/// Neither a fit nor an export may go on from a checkpoint of this content, and both must say why.
fn assert_refused(sandbox: &Sandbox, content: impl AsRef<[u8]>, parts: &[&str]) {
    sandbox.write("bad/checkpoint.safetensors", content);
    sandbox.write("bad/digits.onnx", "earlier model");
    let parts = [
        &[
            "bad/checkpoint.safetensors: expected a checkpoint",
            ", found ",
        ],
        parts,
    ]
    .concat();
    for out in ["run", "bad", "new"] {
        sandbox.refuses(&format!("fit {QUICK} --resume bad --out {out}"), &parts);
    }
    assert!(
        !sandbox.path("new").exists(),
        "a refused checkpoint must be seen before a folder is made"
    );
    sandbox.refuses("export --run bad --data digits --runtime tract", &parts);
    sandbox.refuses(
        "export --run bad --data digits --runtime tract --out run/digits.onnx",
        &parts,
    );
}

#[test]
fn a_folder_without_a_checkpoint_is_refused() {
    let sandbox = Sandbox::with_run();
    let parts = [
        "nowhere/checkpoint.safetensors",
        "expected a checkpoint",
        "found none",
    ];
    sandbox.refuses(&format!("fit {QUICK} --resume nowhere --out run"), &parts);
    sandbox.refuses("export --run nowhere --data digits --runtime tract", &parts);
    let parts = ["digits/checkpoint.safetensors", "found none"];
    sandbox.refuses(&format!("fit {QUICK} --resume digits --out run"), &parts);
}

#[test]
fn truncated_checkpoints_are_refused() {
    let sandbox = Sandbox::with_run();
    let whole = sandbox.read("run/checkpoint.safetensors");
    for length in [0, 100, whole.len() - 1] {
        assert_refused(&sandbox, &whole[..length], &[]);
    }
    assert_refused(&sandbox, [&whole[..], b"x"].concat(), &[]);
}

#[test]
fn other_files_are_refused() {
    let sandbox = Sandbox::with_run();
    assert_refused(&sandbox, "Some notes on the run.\n", &[]);
    assert_refused(&sandbox, sandbox.read("run/digits.onnx"), &[]);
    let mut foreign = Parts::of(&sandbox.read("run/checkpoint.safetensors"));
    foreign.metadata.clear();
    assert_refused(
        &sandbox,
        foreign.to_bytes(),
        &["no `training` in its metadata"],
    );
    foreign
        .metadata
        .insert("training".into(), "{\"network\": \"digits\"}".into());
    assert_refused(&sandbox, foreign.to_bytes(), &["missing field"]);
}

#[test]
fn variables_of_another_optimizer_are_refused() {
    let sandbox = Sandbox::with_run();
    let bytes = sandbox.read("run/checkpoint.safetensors");
    let mut sgd = Parts::of(&bytes);
    sgd.rename("mean_square", "velocity");
    assert_refused(
        &sandbox,
        sgd.to_bytes(),
        &["no variable conv1.weight.mean_square"],
    );
    // RMSprop's variables are a part of Adam's.
    let mut adam = Parts::of(&bytes);
    adam.edit_record("\"rmsprop\"", "\"adam\"");
    assert_refused(&sandbox, adam.to_bytes(), &["no variable"]);
    sandbox
        .train(&format!(
            "fit {QUICK} --optimizer adam --epochs 1 --out adam"
        ))
        .success();
    let mut rmsprop = Parts::of(&sandbox.read("adam/checkpoint.safetensors"));
    rmsprop.edit_record("\"adam\"", "\"rmsprop\"");
    assert_refused(
        &sandbox,
        rmsprop.to_bytes(),
        &["that the optimiser does not have"],
    );
}

#[test]
fn variables_of_other_shapes_and_types_are_refused() {
    let sandbox = Sandbox::with_run();
    let bytes = sandbox.read("run/checkpoint.safetensors");
    let mut square = Parts::of(&bytes);
    square.tensors.get_mut("conv1.bias").unwrap().1 = vec![4, 4];
    assert_refused(
        &sandbox,
        square.to_bytes(),
        &["conv1.bias of shape [4, 4] instead of [16]"],
    );
    let mut integers = Parts::of(&bytes);
    integers.tensors.get_mut("dense2.bias").unwrap().0 = Dtype::I32;
    assert_refused(
        &sandbox,
        integers.to_bytes(),
        &["dense2.bias of type I32 instead of F32"],
    );
    let mut other = Parts::of(&bytes);
    other.edit_record("\"digits\"", "\"letters\"");
    assert_refused(
        &sandbox,
        other.to_bytes(),
        &["network `letters` instead of `digits`"],
    );
}

#[test]
fn a_taken_apart_checkpoint_put_together_is_good() {
    let sandbox = Sandbox::with_run();
    let bytes = sandbox.read("run/checkpoint.safetensors");
    sandbox.write("copy/checkpoint.safetensors", Parts::of(&bytes).to_bytes());
    sandbox
        .train("export --run copy --data digits --runtime tract")
        .success();
    assert!(sandbox.read("copy/digits.onnx") == sandbox.read("run/digits.onnx"));
}

#[test]
fn one_epoch_and_another_equal_two_in_one_go() {
    let sandbox = Sandbox::with_digits();
    for optimizer in ["rmsprop", "adamw"] {
        let options =
            format!("{QUICK} --overwrite --optimizer {optimizer} --seed 3 --learning-rate 0.002");
        sandbox
            .train(&format!("fit {options} --epochs 2 --out whole"))
            .success();
        sandbox
            .train(&format!("fit {options} --epochs 1 --out half"))
            .success();
        let half = sandbox.files("half");
        let resume = "fit --data digits --runtime tract --resume half --epochs 1 --overwrite";
        sandbox.train(&format!("{resume} --out resumed")).success();
        assert_eq!(
            sandbox.files("half"),
            half,
            "resuming into another folder changed the first"
        );
        assert_eq!(
            sandbox.files("resumed"),
            sandbox.files("whole"),
            "{optimizer}"
        );
        sandbox.train(&format!("{resume} --out half")).success();
        assert_eq!(sandbox.files("half"), sandbox.files("whole"), "{optimizer}");
    }
}

#[test]
fn a_resumed_run_takes_what_the_user_changes() {
    let sandbox = Sandbox::with_run();
    let options = "--resume run --batch 32 --learning-rate 0.0005 --augment invert --epochs 2";
    sandbox
        .train(&format!(
            "fit --data digits --runtime tract {options} --out run"
        ))
        .success();
    let bytes = sandbox.read("run/checkpoint.safetensors");
    let record: serde_json::Value =
        serde_json::from_str(&Parts::of(&bytes).metadata["training"]).unwrap();
    assert_eq!(
        (&record["batch_size"], &record["seed"]),
        (&32.into(), &0.into())
    );
    assert!((record["learning_rate"].as_f64().unwrap() - 0.0005).abs() < 1e-9);
    let epochs = record["epochs"].as_array().unwrap();
    let augments: Vec<_> = epochs
        .iter()
        .map(|epoch| epoch["augment"].as_str().unwrap())
        .collect();
    assert_eq!(augments, ["none", "invert", "invert"]);
}
