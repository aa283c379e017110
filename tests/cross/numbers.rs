//! Networks of numbers from training to the decision on each machine: autoencoders and regressions.

mod refused;

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use clap::Parser;
use serde_json::Value;
use tests::random::Numbers;
use tests::restart;
use train::cli::Cli;
use train::commands;
use train::console::Console;
use train::stop::Stop;

use crate::arrays::{floats, npy, npz};
use crate::inference::infer;

/// Numbers of a sample.
const FEATURES: usize = 12;

const AUTOENCODER: &str = r#"
name = "again"
input = [12, 1, 1]
classes = 0
layers = [
    { layer = "flatten" },
    { layer = "dense", units = 16, activation = "relu" },
    { layer = "dense", units = 3 },
    { layer = "dense", units = "inputs" },
]
"#;

const REGRESSION: &str = r#"
name = "linear"
input = [3, 1, 1]
classes = 0
layers = [{ layer = "flatten" }, { layer = "dense", units = 2 }]
"#;

/// The test that is `train` in a process of its own, as one process opens one runtime once.
const TRAIN: &str = "numbers::train_runs_in_a_process_of_its_own";

#[test]
fn train_runs_in_a_process_of_its_own() {
    let Some(file) = restart::exchange() else {
        return;
    };
    let words: Vec<String> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let cli = Cli::try_parse_from(std::iter::once("train".to_owned()).chain(words)).unwrap();
    let said = Said::default();
    let mut console = Console::new(said.clone());
    let done = commands::run(&cli, &mut console, &Stop::default());
    let said = String::from_utf8(said.0.lock().unwrap().clone()).unwrap();
    let result: Result<String, String> = done.map(|()| said).map_err(|error| error.to_string());
    std::fs::write(file, serde_json::to_vec(&result).unwrap()).unwrap();
}

/// A folder with a network's file and arrays, in which both programs run.
struct Workplace(tempfile::TempDir);

impl Workplace {
    fn new(network: &str, arrays: &[(&str, Vec<u8>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("network.toml"), network).unwrap();
        std::fs::write(folder.path().join("data.npz"), npz(arrays)).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// What `train` says of these options, in which names of files stand after an equals sign; or why it fails.
    fn train(&self, line: &str) -> Result<String, String> {
        let option = |word: &str| match word.split_once('=') {
            Some((option, name)) => format!("{option}={}", self.name(name)),
            None => word.to_owned(),
        };
        let words: Vec<String> = line.split_whitespace().map(option).collect();
        let file = self.path("exchange");
        std::fs::write(&file, serde_json::to_vec(&words).unwrap()).unwrap();
        restart::test(TRAIN, &file);
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    }

    fn fit(&self, options: &str) -> Result<String, String> {
        let line =
            "fit --network=network.toml --data=data.npz --out=run --overwrite --runtime tract";
        self.train(&format!("{line} {options}"))
    }

    fn evaluate(&self, model: &str) -> Value {
        let (model, data) = (self.name(model), self.name("data.npz"));
        let found = infer(&["evaluate", "--model", &model, "--data", &data, "--json"]);
        serde_json::from_str(&found).unwrap()
    }

    /// Whether each sample of the data is accepted, and its score.
    fn decisions(&self, model: &str, data: &str) -> Vec<(bool, f64)> {
        let (model, data) = (self.name(model), self.name(data));
        let found = infer(&["predict", "--model", &model, "--json", &data]);
        let decision = |line: &str| {
            let found: Value = serde_json::from_str(line).unwrap();
            let accepted = found["accepted"].as_bool().unwrap();
            (accepted, found["score"].as_f64().unwrap())
        };
        found.lines().map(decision).collect()
    }
}

/// What a console was told.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Features around -30 that follow from two numbers, or ones of which some are off by `strange`.
fn features(random: &mut Numbers, count: usize, strange: f64) -> Vec<f32> {
    let mut samples = Vec::new();
    for _ in 0..count {
        let hidden = [0; 2].map(|_| random.between(-1.0, 1.0));
        for feature in 0..FEATURES {
            let angle = feature as f64;
            let value = hidden[0] * angle.sin() + hidden[1] * (2.0 * angle).cos();
            let off = if feature < 4 {
                random.between(-strange, strange)
            } else {
                0.0
            };
            samples.push((-30.0 + 5.0 * value + off + random.between(-0.6, 0.6)) as f32);
        }
    }
    samples
}

fn autoencoder() -> Workplace {
    let mut random = Numbers::new(3);
    let train = features(&mut random, 400, 0.0);
    let held_out = features(&mut random, 100, 0.0);
    let test = [
        features(&mut random, 60, 0.0),
        features(&mut random, 40, 14.0),
    ]
    .concat();
    let labels: Vec<u8> = (0..100).map(|sample| u8::from(sample >= 60)).collect();
    let sizes = |count| [count, FEATURES];
    let workplace = Workplace::new(
        AUTOENCODER,
        &[
            ("x_train", floats(&sizes(400), &train)),
            ("x_val", floats(&sizes(100), &held_out)),
            ("x_test", floats(&sizes(100), &test)),
            ("y_test", npy("|u1", &[100], &labels)),
        ],
    );
    let held_out = npz(&[("x", floats(&sizes(100), &held_out))]);
    std::fs::write(workplace.path("held_out.npz"), held_out).unwrap();
    let test = npz(&[("x", floats(&sizes(100), &test))]);
    std::fs::write(workplace.path("test.npz"), test).unwrap();
    workplace
}

#[test]
fn an_autoencoder_decides_alike_in_floats_and_in_integers() {
    let workplace = autoencoder();
    let said = workplace
        .fit("--epochs 20 --batch 32 --false-alarms 0.05")
        .unwrap();
    for part in [
        "epoch    loss  val_loss  seconds",
        "0.0500 (5 of 100)",
        "AUC",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("accuracy"), "{said}");
    let line = "quantize --model=run/again.onnx --data=data.npz --out=int8 --runtime tract";
    let said = workplace.train(line).unwrap();
    assert!(said.contains("95.0 % of the samples held out"), "{said}");

    let models = ["run/again.onnx", "int8/again-int8.onnx", "int8/again.q8"];
    for model in models {
        // The threshold lets through what it says of the normal samples that were held out.
        let accepted = workplace.decisions(model, "held_out.npz").into_iter();
        assert_eq!(
            accepted.filter(|(accepted, _)| !accepted).count(),
            5,
            "{model}"
        );
        let found = workplace.evaluate(model);
        assert!(found["auc"].as_f64().unwrap() > 0.95, "{found}");
    }
    let [float, int8, flash] = models.map(|model| workplace.decisions(model, "test.npz"));
    assert_eq!(int8, flash);
    let pairs = float.iter().zip(&int8);
    let others = pairs.filter(|((float, _), (int8, _))| float != int8);
    // Those at the threshold.
    assert!(others.count() <= 5);
    assert!(float[60..].iter().filter(|(accepted, _)| !accepted).count() > 30);
    assert_report(&workplace, &float);
}

/// The report has the counts that the decisions give, and its scores are means of squared differences.
fn assert_report(workplace: &Workplace, float: &[(bool, f64)]) {
    let report = std::fs::read(workplace.path("run/again-report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let strange =
        |samples: &[(bool, f64)]| samples.iter().filter(|(accepted, _)| !accepted).count();
    let counts = |name: &str| report[name]["above"].as_u64().map(|count| count as usize);
    assert_eq!(counts("false_alarms"), Some(strange(&float[..60])));
    assert_eq!(counts("detected"), Some(strange(&float[60..])));
    assert!(workplace.path("run/again-report.html").is_file());
}

#[test]
fn the_same_seed_gives_the_same_files_and_a_resumed_run_keeps_what_is_normal() {
    let workplace = autoencoder();
    let read = |name: &str| std::fs::read(workplace.path(name)).unwrap();
    workplace.fit("--epochs 2").unwrap();
    let first = read("run/again.onnx");
    workplace.fit("--epochs 2").unwrap();
    assert!(read("run/again.onnx") == first);
    let line = "fit --resume=run --data=data.npz --out=run --epochs 1 --runtime tract";
    workplace.train(line).unwrap();
    let model = read("run/again.onnx");
    let text = String::from_utf8_lossy(&model);
    for entry in ["false_alarms", "reconstruction", "threshold"] {
        assert!(text.contains(entry), "{entry}");
    }
}

#[test]
fn parts_of_a_batch_on_threads_give_the_sum_of_the_losses() {
    let workplace = autoencoder();
    let losses = |threads: u32| -> Vec<f64> {
        let said = workplace.fit(&format!("--epochs 1 --batch 30 --threads {threads}"));
        let said = said.unwrap();
        let line = said.lines().find(|line| line.starts_with("1/1")).unwrap();
        let numbers = line.split_whitespace().skip(1).take(2);
        numbers.map(|number| number.parse().unwrap()).collect()
    };
    for (one, two) in losses(1).into_iter().zip(losses(2)) {
        assert!((one - two).abs() < 2e-3 * one, "{one} and {two}");
    }
}

/// Numbers of different sizes, and two that follow from them.
fn regression(count: usize, random: &mut Numbers) -> (Vec<f32>, Vec<f32>) {
    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let hidden = [0; 3].map(|_| random.between(-1.0, 1.0));
        let numbers = [4.0 * hidden[0] + 3.0, hidden[1], 2.0 * hidden[2] - 5.0];
        inputs.extend(numbers.map(|x| x as f32));
        let first = 3.0 * hidden[0] - 2.0 * hidden[1] + 4.0;
        targets.extend([first, hidden[2] - 1.0].map(|y| y as f32));
    }
    (inputs, targets)
}

#[test]
fn a_linear_function_is_learnt_and_kept_by_integers() {
    let mut random = Numbers::new(5);
    let [(inputs, targets), (test_inputs, test_targets)] =
        [400, 100].map(|count| regression(count, &mut random));
    let workplace = Workplace::new(
        REGRESSION,
        &[
            ("x_train", floats(&[400, 3], &inputs)),
            ("y_train", floats(&[400, 2], &targets)),
            ("x_test", floats(&[100, 3], &test_inputs)),
            ("y_test", floats(&[100, 2], &test_targets)),
        ],
    );
    let said = workplace
        .fit("--epochs 40 --batch 16 --learning-rate 0.02")
        .unwrap();
    assert!(
        said.contains("R2 ") && said.contains("output 1: "),
        "{said}"
    );
    let line = "quantize --model=run/linear.onnx --data=data.npz --out=int8 --runtime tract";
    workplace.train(line).unwrap();
    let error = |model: &str| {
        workplace.evaluate(model)["mean_squared_error"]
            .as_f64()
            .unwrap()
    };
    assert!(
        error("run/linear.onnx") < 1e-3,
        "{}",
        error("run/linear.onnx")
    );
    let int8 = error("int8/linear.q8");
    // Steps of the integers are of about .05, here and in the input.
    assert!(int8 < 0.01, "{int8}");
    assert!((int8 - error("int8/linear-int8.onnx")).abs() < 1e-12);
    let report = std::fs::read(workplace.path("run/linear-report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let reported = report["mean_squared_error"].as_f64().unwrap();
    assert!((reported - error("run/linear.onnx")).abs() < 1e-6);
    assert!(
        report["outputs"][1]["r2"].as_f64().unwrap() > 0.99,
        "{report}"
    );
}
