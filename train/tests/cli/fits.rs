//! Fits that go well: what is printed, what is learnt, and that the seed decides everything.

use train::checkpoint::{Checkpoint, Epoch};

use crate::idx;
use crate::sandbox::{EVALUATE, EXPORT, QUICK, Sandbox};

/// The finished epochs of a run.
fn epochs(sandbox: &Sandbox, run: &str) -> Vec<Epoch> {
    let checkpoint = Checkpoint::load(&sandbox.path(run)).unwrap().0;
    checkpoint.record.epochs
}

#[test]
fn a_fit_prints_a_header_and_a_line_an_epoch() {
    let sandbox = Sandbox::new();
    let line = "fit --data synthetic --limit 128 --batch 32 --epochs 2 --runtime tract --out run";
    let printed = sandbox.succeeds(line);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[0].ends_with("128 + 4000 images"), "{printed}");
    assert!(lines[1].starts_with("tract"), "{printed}");
    let header = "epoch loss accuracy val_loss val_accuracy seconds";
    assert!(lines[2].split_whitespace().eq(header.split(' ')));
    let epochs = epochs(&sandbox, "run");
    for ((epoch, line), number) in epochs.iter().zip(&lines[3..]).zip(["1/2", "2/2"]) {
        let numbers = [
            epoch.loss,
            epoch.accuracy.unwrap(),
            epoch.val_loss,
            epoch.val_accuracy.unwrap(),
        ];
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[0], number);
        assert_eq!(words[1..5], numbers.map(|number| format!("{number:.4}")));
    }
    assert!(lines[5].starts_with("run/digits.onnx: agrees with the trainer on tract"));
    let names: Vec<_> = sandbox.files("run").into_keys().collect();
    assert_eq!(names, ["checkpoint.safetensors", "digits.onnx"]);
}

#[test]
fn few_samples_are_learnt_for_longer_unless_told() {
    let sandbox = Sandbox::with_digits();
    let fit = "fit --data digits --limit 8 --network digits-small --runtime tract --out";
    let longer = sandbox.train(&format!("{fit} longer")).expect_code(0);
    let note = "note: 100 epochs, since there are few samples to learn from";
    assert!(longer.stderr.contains(note), "{longer:?}");
    assert_eq!(epochs(&sandbox, "longer").len(), 100);
    let told = sandbox
        .train(&format!("{fit} told --epochs 1"))
        .expect_code(0);
    assert!(!told.stderr.contains("epochs"), "{told:?}");
    assert_eq!(epochs(&sandbox, "told").len(), 1);
}

#[test]
fn results_go_to_the_folder_run_where_no_other_is_named() {
    let sandbox = Sandbox::with_digits();
    sandbox.succeeds(&format!("fit {QUICK} --epochs 1"));
    sandbox.succeeds("export --data digits --runtime tract");
    assert_eq!(sandbox.files("run").len(), 2);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_others() {
    let sandbox = Sandbox::with_digits();
    let fit = |seed: &str, out: &str| {
        sandbox.succeeds(&format!("fit {QUICK} --epochs 2 {seed} --out {out}"));
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
        sandbox.succeeds(&format!("fit {QUICK} --epochs 4 {out}"));
        let epochs = epochs(&sandbox, optimizer);
        let [first, last] = [epochs[0], epochs[3]];
        assert!(last.loss < 0.95 * first.loss, "{optimizer}: {epochs:?}");
        assert!(last.val_loss < first.val_loss, "{optimizer}: {epochs:?}");
    }
}

#[test]
fn an_incomplete_last_batch_counts_its_images_only() {
    let sandbox = Sandbox::with_digits();
    // With a step of almost nothing the loss is that of the first parameters, whatever the batches.
    let fit = |batch: &str| {
        let options = "--learning-rate 1e-30 --epochs 1 --optimizer sgd --out run --overwrite";
        sandbox.succeeds(&format!(
            "fit --data digits --runtime tract {options} {batch}"
        ));
        epochs(&sandbox, "run")[0]
    };
    let (even, odd) = (fit("--batch 32"), fit("--batch 63"));
    let difference = even.val_loss - odd.val_loss;
    assert!(difference.abs() < 1e-6, "{even:?} {odd:?}");
    // Dropout masks differ, so that losses are only about the same; counting 126 images would halve one.
    let ratio = odd.loss / even.loss;
    assert!((0.8..1.25).contains(&ratio), "{even:?} {odd:?}");
}

#[test]
fn inverted_images_are_learnt_and_measured_too() {
    let sandbox = Sandbox::with_digits();
    sandbox.succeeds(&format!(
        "fit {QUICK} --augment invert --epochs 1 --out run"
    ));
    let accuracy = epochs(&sandbox, "run")[0].val_accuracy.unwrap();
    let inverted = sandbox.train(&format!("{EVALUATE} --invert"));
    let expected = format!("accuracy {accuracy:.4} on 40 images");
    assert_eq!(inverted.first_line(), expected);
    let plain = sandbox.train(EVALUATE);
    assert!(plain.first_line().ends_with("on 20 images"));
}

#[test]
fn an_export_is_what_the_fit_wrote() {
    let sandbox = Sandbox::with_run();
    let printed = sandbox.succeeds(&format!("{EXPORT} --out again.onnx"));
    assert!(printed.starts_with("again.onnx: agrees with the trainer on tract"));
    let model = sandbox.read("run/digits.onnx");
    assert!(sandbox.read("again.onnx") == model);
    sandbox.write("run/digits.onnx", "damaged");
    sandbox.succeeds(EXPORT);
    assert!(sandbox.read("run/digits.onnx") == model);
}

#[test]
fn an_evaluation_agrees_with_the_fit_and_writes_every_logit() {
    let sandbox = Sandbox::with_run();
    let evaluate = format!("{EVALUATE} --scores scores");
    let accuracy = epochs(&sandbox, "run")[0].val_accuracy.unwrap();
    let finished = sandbox.train(&evaluate);
    let expected = format!("accuracy {accuracy:.4} on 20 images");
    assert_eq!(finished.first_line(), expected);
    let all = sandbox.read("scores");
    assert_eq!(all.len(), 20 * 10 * 4);
    let (chunks, _) = all.as_chunks();
    let logits: Vec<f32> = chunks
        .iter()
        .map(|&logit| f32::from_le_bytes(logit))
        .collect();
    assert!(logits.iter().all(|logit| logit.is_finite()));
    assert!(logits.iter().any(|&logit| logit < 0.0));
    let labels = sandbox.read(&format!("digits/{}", idx::TEST_LABELS))[8..].to_vec();
    let right = logits.chunks(10).zip(labels).filter(|(row, label)| {
        let own = row[usize::from(*label)];
        row.iter().filter(|&&logit| logit >= own).count() == 1
    });
    assert!((right.count() as f64 / 20.0 - accuracy).abs() < 1e-9);
    sandbox.succeeds(&format!("{evaluate} --images 7"));
    assert_eq!(sandbox.read("scores"), all[..7 * 10 * 4]);
    sandbox.succeeds(&format!("{evaluate} --images 7 --invert"));
    assert_eq!(sandbox.read("scores").len(), 14 * 10 * 4);
}

#[test]
fn a_fit_that_diverges_keeps_the_last_good_checkpoint() {
    let sandbox = Sandbox::with_run();
    let fit = format!("fit {QUICK} --learning-rate 1e30 --epochs 2");
    let loss = "epoch 1: expected a finite loss, found NaN";
    for options in ["--out run --overwrite", "--resume run --out run"] {
        sandbox.refuses(&format!("{fit} {options}"), &[loss, "--learning-rate"]);
    }
}

/// A network of the user's with layers that only its file names, and a recipe: the checkpoint keeps both, so that whatever
/// comes after needs no other word, and the same seed gives the same files.
#[test]
fn a_network_and_a_recipe_of_the_users_go_all_the_way() {
    let sandbox = Sandbox::with_digits();
    sandbox.write(
        "net.toml",
        "name = 'mine'\ninput = [1, 28, 28]\nclasses = 10\nlayers = [\n\
         { layer = 'conv', filters = 6, kernel = 3, stride = 2, batch_norm = true, activation = 'relu', name = 'a' },\n\
         { layer = 'separable', filters = 6, kernel = 3, batch_norm = true, activation = 'relu6', name = 'b' },\n\
         { layer = 'add', from = ['a', 'b'] },\n\
         { layer = 'global_pool' },\n\
         { layer = 'dropout', rate = 0.1 },\n\
         { layer = 'dense', units = 'classes' },\n]\n",
    );
    sandbox.write(
        "recipe.toml",
        "epochs = 3\nbatch = 16\noptimizer = 'adam'\nlearning_rate = 0.01\nschedule = 'cosine'\naverage = 0.9\n\
         label_smoothing = 0.1\nclass_weights = 'balanced'\n\
         augment = [{ shift = 0.1 }, { noise = 0.02 }, { mixup = 0.2 }]\n",
    );
    let fit = |out: &str| {
        let data = "--data digits --runtime tract --network net.toml --recipe recipe.toml";
        sandbox.succeeds(&format!("fit {data} --out {out}"));
        sandbox.files(out)
    };
    assert_eq!(fit("one"), fit("two"));
    assert_eq!(epochs(&sandbox, "one").len(), 3);
    let (checkpoint, _) = Checkpoint::load(&sandbox.path("one")).unwrap();
    let mut names = checkpoint.variables.iter().map(|(name, _)| name);
    assert!(names.any(|name| name.ends_with(".mean.average")));
    sandbox.succeeds("fit --data digits --runtime tract --resume one --epochs 1 --out one");
    let after = epochs(&sandbox, "one");
    assert_eq!(after.len(), 4);
    assert!(after[3].loss < after[0].loss, "{after:?}");

    let model = |model: &str| sandbox.succeeds(&format!("{model} --runtime tract"));
    model("export --run one --data digits --out again.onnx");
    let exported = sandbox.files("one/mine.onnx").into_values().next();
    assert_eq!(sandbox.files("again.onnx").into_values().next(), exported);
    let checked = model("check --model again.onnx");
    for part in ["3 BatchNormalization", "add1", "average_pool1"] {
        assert!(checked.contains(part), "{checked}");
    }
    model("quantize --model again.onnx --calibrate digits --out int8 --force");
    assert!(sandbox.files("int8").contains_key("again.q8"));
}

#[test]
fn pixels_are_brought_to_a_mean_of_0_unless_the_recipe_leaves_them() {
    let sandbox = Sandbox::with_digits();
    sandbox.write("recipe.toml", "pixels = 'unchanged'\n");
    let fit = |options: &str, out: &str| {
        let data = "--data digits --runtime tract --epochs 1 --batch 16";
        sandbox.succeeds(&format!("fit {data} {options} --out {out}"));
        let (checkpoint, _) = Checkpoint::load(&sandbox.path(out)).unwrap();
        checkpoint.record.picture_input
    };
    let network = "--network digits-small";
    let usual = fit(network, "usual").unwrap();
    assert!(usual.mean[0] > 0.0 && usual.deviation[0] < 1.0);
    let recipe = format!("{network} --recipe recipe.toml");
    assert_eq!(fit(&recipe, "unchanged"), None);
    // What begins with a trained network takes what that takes.
    assert_eq!(fit("--from unchanged", "tuned"), None);
    assert_eq!(fit("--from usual", "other"), Some(usual));
}
