//! Fits that go well: what is printed, what is learnt, and that the seed decides everything.

use train::checkpoint::{Checkpoint, Epoch};
use train::net::Network;

use crate::idx;
use crate::sandbox::{QUICK, Sandbox};

/// The finished epochs of a run.
fn epochs(sandbox: &Sandbox, run: &str) -> Vec<Epoch> {
    let checkpoint = Checkpoint::load(&sandbox.path(run), &Network::digits()).unwrap();
    checkpoint.record.epochs
}

#[test]
fn a_fit_prints_a_header_and_a_line_an_epoch() {
    let sandbox = Sandbox::new();
    let line = "fit --data synthetic --limit 128 --batch 32 --epochs 2 --runtime tract --out run";
    let finished = sandbox.train(line);
    let lines: Vec<&str> = finished.success().lines().collect();
    assert!(lines[0].ends_with("128 + 4000 images"), "{finished:?}");
    assert!(lines[1].starts_with("tract"), "{finished:?}");
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words(lines[2]),
        [
            "epoch",
            "loss",
            "accuracy",
            "val_loss",
            "val_accuracy",
            "seconds"
        ]
    );
    for (epoch, line) in epochs(&sandbox, "run").iter().zip(&lines[3..]) {
        let numbers = [
            epoch.loss,
            epoch.accuracy,
            epoch.val_loss,
            epoch.val_accuracy,
        ];
        assert_eq!(
            words(line)[1..5],
            numbers.map(|number| format!("{number:.4}"))
        );
    }
    assert_eq!(
        [words(lines[3])[0].as_str(), words(lines[4])[0].as_str()],
        ["1/2", "2/2"]
    );
    assert!(lines[5].starts_with("run/digits.onnx: agrees with the trainer on tract"));
    assert_eq!(lines.len(), 6);
    let names: Vec<_> = sandbox.files("run").into_keys().collect();
    assert_eq!(names, ["checkpoint.safetensors", "digits.onnx"]);
}

#[test]
fn results_go_to_the_folder_run_where_no_other_is_named() {
    let sandbox = Sandbox::with_digits();
    sandbox.train(&format!("fit {QUICK} --epochs 1")).success();
    sandbox
        .train("export --data digits --runtime tract")
        .success();
    assert_eq!(sandbox.files("run").len(), 2);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_others() {
    let sandbox = Sandbox::with_digits();
    let fit = |seed: &str, out: &str| {
        sandbox
            .train(&format!("fit {QUICK} --epochs 2 {seed} --out {out}"))
            .success();
        sandbox.files(out)
    };
    let first = fit("--seed 7", "first");
    assert_eq!(fit("--seed 7", "a/folder/in/folders"), first);
    let other = fit("--seed 8", "other");
    assert!(first.keys().eq(other.keys()));
    assert!(first.iter().all(|(name, content)| other[name] != *content));
    assert_eq!(fit("--seed 0", "zero"), fit("", "default"));
}

#[test]
fn every_optimizer_learns() {
    let sandbox = Sandbox::with_digits();
    for optimizer in ["rmsprop", "sgd", "adam", "adamw"] {
        let out = format!("--optimizer {optimizer} --out {optimizer}");
        sandbox
            .train(&format!("fit {QUICK} --epochs 4 {out}"))
            .success();
        let epochs = epochs(&sandbox, optimizer);
        assert!(
            epochs[3].loss < 0.95 * epochs[0].loss,
            "{optimizer}: {epochs:?}"
        );
        assert!(
            epochs[3].val_loss < epochs[0].val_loss,
            "{optimizer}: {epochs:?}"
        );
    }
}

#[test]
fn an_incomplete_last_batch_counts_its_images_only() {
    let sandbox = Sandbox::with_digits();
    // With a step of almost nothing the loss is that of the first parameters, whatever the batches.
    let fit = |batch: &str| {
        let options = format!("--data digits --runtime tract --learning-rate 1e-30 {batch}");
        sandbox
            .train(&format!(
                "fit {options} --epochs 1 --optimizer sgd --out run --overwrite"
            ))
            .success();
        epochs(&sandbox, "run")[0]
    };
    let (even, odd) = (fit("--batch 32"), fit("--batch 63"));
    assert!(
        (even.val_loss - odd.val_loss).abs() < 1e-6,
        "{even:?} {odd:?}"
    );
    // Dropout masks differ, so that losses are only about the same; counting 126 images would halve one.
    assert!(
        (0.8..1.25).contains(&(odd.loss / even.loss)),
        "{even:?} {odd:?}"
    );
}

#[test]
fn inverted_images_are_learnt_and_measured_too() {
    let sandbox = Sandbox::with_digits();
    sandbox
        .train(&format!(
            "fit {QUICK} --augment invert --epochs 1 --out run"
        ))
        .success();
    let evaluate = "evaluate --model run/digits.onnx --data digits --runtime tract";
    let finished = sandbox.train(&format!("{evaluate} --invert"));
    let accuracy = epochs(&sandbox, "run")[0].val_accuracy;
    assert_eq!(
        finished.first_line(),
        format!("accuracy {accuracy:.4} on 40 images")
    );
    assert!(
        sandbox
            .train(evaluate)
            .first_line()
            .ends_with("on 20 images")
    );
}

#[test]
fn an_export_is_what_the_fit_wrote() {
    let sandbox = Sandbox::with_run();
    let export = "export --run run --data digits --runtime tract";
    let finished = sandbox.train(&format!("{export} --out again.onnx"));
    assert!(
        finished
            .success()
            .starts_with("again.onnx: agrees with the trainer on tract")
    );
    let model = sandbox.read("run/digits.onnx");
    assert!(sandbox.read("again.onnx") == model);
    sandbox.write("run/digits.onnx", "damaged");
    sandbox.train(export).success();
    assert!(sandbox.read("run/digits.onnx") == model);
}

#[test]
fn an_evaluation_agrees_with_the_fit_and_writes_every_logit() {
    let sandbox = Sandbox::with_run();
    let evaluate = "evaluate --model run/digits.onnx --data digits --runtime tract --scores scores";
    let accuracy = epochs(&sandbox, "run")[0].val_accuracy;
    let finished = sandbox.train(evaluate);
    assert_eq!(
        finished.first_line(),
        format!("accuracy {accuracy:.4} on 20 images")
    );
    let all = sandbox.read("scores");
    assert_eq!(all.len(), 20 * 10 * 4);
    let logits = all
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&logit| f32::from_le_bytes(logit));
    assert!(logits.clone().all(f32::is_finite) && logits.clone().any(|logit| logit < 0.0));
    let labels = sandbox.read(&format!("digits/{}", idx::TEST_LABELS))[8..].to_vec();
    let logits: Vec<f32> = logits.collect();
    let right = logits.chunks(10).zip(labels).filter(|(row, label)| {
        let label = usize::from(*label);
        row.iter()
            .enumerate()
            .all(|(class, logit)| class == label || *logit < row[label])
    });
    assert!((right.count() as f64 / 20.0 - accuracy).abs() < 1e-9);
    sandbox.train(&format!("{evaluate} --images 7")).success();
    assert_eq!(sandbox.read("scores"), all[..7 * 10 * 4]);
    sandbox
        .train(&format!("{evaluate} --images 7 --invert"))
        .success();
    assert_eq!(sandbox.read("scores").len(), 14 * 10 * 4);
}

#[test]
fn a_fit_that_diverges_keeps_the_last_good_checkpoint() {
    let sandbox = Sandbox::with_run();
    let fit = format!("fit {QUICK} --learning-rate 1e30 --epochs 2");
    let parts = [
        "epoch 1",
        "expected a finite loss",
        "found NaN",
        "--learning-rate",
    ];
    sandbox.refuses(&format!("{fit} --out run --overwrite"), &parts);
    sandbox.refuses(&format!("{fit} --resume run --out run"), &parts);
}
