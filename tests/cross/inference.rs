//! What `train quantize` makes of a network, run by `infer`: the same from the int8 ONNX and from the flash file.

use std::path::Path;

use clap::Parser;
use image::{Rgb, RgbImage};
use infer::cli::{Cli, run};
use ndarray::{Axis, Slice};
use serde_json::Value;
use tests::runtimes;
use train::data::arrays::{Inputs, Uint8, read_samples};
use train::import::import;
use train::quantize::{Arrays, OutputKind, flash_name, int8_name};
use train::runtime::Runtime;

use crate::arrays::{floats, npz};
use crate::quantize::{FEATURES, TASKS, Task, folder, model, quantize_into, random_inputs};

/// Inputs that a network is quantised with.
const SAMPLES: usize = 20;

/// Runs the program with these arguments, which all succeeds.
pub fn infer(arguments: &[&str]) -> String {
    let cli = Cli::try_parse_from([&["infer"], arguments].concat()).unwrap();
    let mut output = Vec::new();
    let mut complaints = Vec::new();
    let mut complain = |error: &dyn std::fmt::Display| complaints.push(error.to_string());
    run(&cli, &mut output, &mut complain).unwrap();
    assert_eq!(complaints, [""; 0], "{arguments:?}");
    String::from_utf8(output).unwrap()
}

/// The objects that the program prints, without what depends on time.
fn objects(arguments: &[&str]) -> Vec<Value> {
    let output = infer(arguments);
    let objects = output.lines().map(|line| {
        let mut object: Value = serde_json::from_str(line).unwrap();
        let fields = object.as_object_mut().unwrap();
        for field in [
            "elapsed_microseconds",
            "images_per_second",
            "inputs_per_second",
        ] {
            fields.remove(field);
        }
        object
    });
    objects.collect()
}

/// What the program gives for the flash file, after the int8 ONNX gave the same.
fn same(folder: &Path, task: &Task, command: &[&str]) -> Vec<Value> {
    let names = [int8_name(task.name), flash_name(task.name)];
    let [onnx, flash] = names.map(|name| {
        let model = folder.join(name);
        objects(&[command, &["--json", "--model", model.to_str().unwrap()]].concat())
    });
    assert_eq!(onnx, flash, "{}", task.name);
    flash
}

/// Quantises a network with random inputs; its rows, columns and channels.
fn quantized(runtime: &Runtime, task: &Task, out: &Path) -> Option<[usize; 3]> {
    let folder = folder("quantized")?;
    let model = model(&folder, task.name);
    let [channels, rows, columns] = import(&model).unwrap().input.shape;
    let shape = [rows, columns, channels];
    let inputs = task.arrays(random_inputs(task, SAMPLES, &shape));
    quantize_into(out, runtime, task, &model, inputs);
    for name in [int8_name(task.name), flash_name(task.name)] {
        let table = infer(&["inspect", out.join(name).to_str().unwrap()]);
        assert!(table.contains("multiply-adds"), "{table}");
    }
    Some(shape)
}

#[test]
fn int8_onnx_and_flash_file_give_the_same_for_arrays_and_pictures() {
    let test = "int8_onnx_and_flash_file_give_the_same_for_arrays_and_pictures";
    if folder(test).is_none() {
        return;
    }
    let runtime = runtimes::onnxruntime(test).unwrap_or_else(runtimes::tract);
    let values = Task {
        output: Some(OutputKind::Values),
        ..TASKS[2]
    };
    // Pixels that a table makes integers of.
    let normalized = Task {
        range: [-1.0, 1.3],
        meaning: None,
        pixels: Some([-1.0, 1.3]),
        ..TASKS[3]
    };
    for task in TASKS.iter().chain([&values, &normalized]) {
        let out = tempfile::tempdir().unwrap();
        let shape = quantized(&runtime, task, out.path()).unwrap();
        // Beyond the range of the samples, too.
        let [low, high] = task.range;
        let wider = Task {
            range: [low - 0.2 * (high - low), high + 0.2 * (high - low)],
            ..*task
        };
        let inputs = random_inputs(&wider, 12, &shape);
        let inputs = floats(inputs.shape(), inputs.as_slice().unwrap());
        let path = out.path().join("random.npz");
        std::fs::write(&path, npz(&[("x", inputs)])).unwrap();
        let path = path.to_str().unwrap();
        let found = same(out.path(), task, &["predict", path]);
        assert_eq!(found.len(), 12);
        let field = match task.output {
            None => "label",
            Some(OutputKind::Reconstruction) => "score",
            _ => "integers",
        };
        assert!(
            found.iter().all(|object| object.get(field).is_some()),
            "{}",
            found[0]
        );
        println!(
            "{}: {}",
            task.name,
            found[0].to_string().chars().take(300).collect::<String>()
        );
        if field != "label" {
            same(out.path(), task, &["evaluate", "--data", path]);
        }
        if shape[2] == 3 {
            let picture = RgbImage::from_fn(120, 90, |x, y| {
                Rgb([(x * 2) as u8, (y * x % 251) as u8, (255 - y * 2) as u8])
            });
            let path = out.path().join("picture.png");
            picture.save(&path).unwrap();
            let found = same(out.path(), task, &["predict", path.to_str().unwrap()]);
            assert!(found[0]["probability"].as_f64().unwrap() > 0.0);
        }
    }
}

#[test]
fn keywords_are_spotted_by_the_program() {
    let test = "keywords_are_spotted_by_the_program";
    let Some(folder) = folder(test) else {
        return;
    };
    let runtime = runtimes::onnxruntime(test).unwrap_or_else(runtimes::tract);
    let data = folder.join("kws_test.npz");
    let samples = read_samples(&data, Some(FEATURES), Uint8::Unknown).unwrap();
    let Inputs::Numbers(inputs) = samples.inputs else {
        panic!("{:?}", samples.inputs.shape())
    };
    let first = inputs.slice_axis(Axis(0), Slice::from(..100));
    let inputs = Arrays {
        name: samples.name,
        labels: Ok(Some(samples.labels.unwrap().unwrap()[..100].to_vec())),
        meaning: Some(FEATURES),
        ..Arrays::new(Inputs::Numbers(first.to_owned()))
    };
    let task = &TASKS[1];
    let out = tempfile::tempdir().unwrap();
    quantize_into(
        out.path(),
        &runtime,
        task,
        &model(&folder, task.name),
        inputs,
    );
    let data = data.to_str().unwrap();
    let [found] = &same(out.path(), task, &["evaluate", "--data", data])[..] else {
        panic!("one object");
    };
    println!(
        "accuracy {}, accepted {}",
        found["accuracy"], found["accepted"]
    );
    assert_eq!(found["images"], 1000);
    assert!(found["accuracy"].as_f64().unwrap() >= 0.905, "{found}");
    assert!(found["accepted"].as_u64().unwrap() > 900, "{found}");
}
