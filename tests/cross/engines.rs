//! tract and ONNX Runtime as engines of `infer`: the same answers, and the choice between them.

use std::env;
use std::path::{Path, PathBuf};
use std::thread;

use clap::Parser;
use infer::cli::{Cli, run};
use infer::engine::Engine;
use infer::input::Input;
use infer::model::Model;
use infer::open::Contender;
use input::limits::Limits;
use tests::random::Numbers;
use tests::{networks, restart, runtimes};

/// The largest difference, as a share of the largest output.
const TOLERANCE: f32 = 1e-5;

/// The same for models of 8 bits, in which the last bit of a float decides between two integers.
const OF_INTEGERS: f32 = 0.05;

/// The same for activations and roots that the engines approximate, each by polynomials of its own for each kind of processor.
const OF_APPROXIMATIONS: f32 = 1e-4;

/// The same for recurrent networks, which feed what is approximated back, step by step.
const OF_RECURRENT: f32 = 1e-3;

/// What names of exporters' models have in them if they approximate.
const APPROXIMATED: [&str; 8] = [
    "_elu_", "attn", "gelu", "mbv3", "inorm", "sigmoid", "silu", "tanh",
];

/// Inputs of each model.
const INPUTS: usize = 5;

/// The models that are shipped.
fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let names = ["digits.onnx", "digits-int8.onnx"];
    names.map(|name| folder.join(name)).to_vec()
}

/// A model in both engines, if both run it.
fn in_both(path: &Path) -> Option<[Model; 2]> {
    let (bytes, limits) = (std::fs::read(path).unwrap(), Limits::default());
    let on_tract = Model::within(&bytes, "model", &limits).ok()?;
    let on_onnxruntime = Model::on_onnxruntime(&bytes, "model", &limits);
    let refused = |error| println!("{}: {error}", path.display());
    Some([on_tract, on_onnxruntime.map_err(refused).ok()?])
}

/// Random inputs in floats, or of models of pictures pixels.
fn inputs(model: &Model, numbers: &mut Numbers) -> Vec<Input> {
    let spec = &model.spec().input;
    let of_pictures = spec.picture().is_some();
    let mut input = || {
        if of_pictures {
            let pixels = numbers.tensor(&[spec.elements()], 0.0, 255.9);
            Input::Pixels(pixels.iter().map(|&pixel| pixel as u8).collect())
        } else {
            let floats = numbers.tensor(&[spec.elements()], -1.0, 1.0);
            Input::Floats(floats.iter().map(|&float| float as f32).collect())
        }
    };
    (0..INPUTS).map(|_| input()).collect()
}

/// The largest difference between the engines, as a share of the largest output, or of 1.
fn difference([on_tract, on_onnxruntime]: &[Model; 2], input: &Input) -> f32 {
    let expected = on_tract.outputs(input).unwrap();
    let found = on_onnxruntime.outputs(input).unwrap();
    assert_eq!(expected.len(), found.len());
    let largest = expected
        .iter()
        .fold(1.0_f32, |most, one| most.max(one.abs()));
    let pairs = expected.iter().zip(&found);
    let differences = pairs.map(|(expected, found)| (expected - found).abs() / largest);
    differences.max_by(f32::total_cmp).unwrap()
}

fn assert_same(paths: &[PathBuf], tolerance: impl Fn(&str) -> f32) -> usize {
    let mut numbers = Numbers::new(7);
    let mut count = 0;
    let mut different = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy();
        let Some(models) = in_both(path) else {
            continue;
        };
        let inputs = inputs(&models[0], &mut numbers);
        let differences = inputs.iter().map(|input| difference(&models, input));
        let difference = differences.max_by(f32::total_cmp).unwrap();
        if difference.total_cmp(&tolerance(&name)).is_gt() {
            different.push(format!("{name}: {difference:e}"));
        }
        count += 1;
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    count
}

#[test]
fn what_is_shipped_is_the_same_in_both_engines() {
    let test = "what_is_shipped_is_the_same_in_both_engines";
    if runtimes::has_onnxruntime(test) {
        let shipped = shipped();
        assert_eq!(assert_same(&shipped, |_| TOLERANCE), shipped.len());
    }
}

#[test]
fn what_exporters_write_is_the_same_in_both_engines() {
    let test = "what_exporters_write_is_the_same_in_both_engines";
    if let Some(paths) = networks::models(test, "EXPORTERS_DIR")
        && runtimes::has_onnxruntime(test)
    {
        let tolerance = |name: &str| match name {
            name if name.starts_with("q_") || name.contains("int8") => OF_INTEGERS,
            name if name.contains("lstm") || name.contains("gru") => OF_RECURRENT,
            name if APPROXIMATED.iter().any(|part| name.contains(part)) => OF_APPROXIMATIONS,
            _ => TOLERANCE,
        };
        let count = assert_same(&paths, tolerance);
        println!("{count} of {}", paths.len());
        assert!(count > 100, "{count}");
    }
}

#[test]
fn threads_that_share_a_model_in_onnxruntime_have_the_answers_of_one() {
    let test = "threads_that_share_a_model_in_onnxruntime_have_the_answers_of_one";
    if !runtimes::has_onnxruntime(test) {
        return;
    }
    let [_, model] = in_both(&shipped()[0]).unwrap();
    let inputs = inputs(&model, &mut Numbers::new(3));
    let answers = || -> Vec<Vec<f32>> {
        let outputs = inputs.iter().map(|input| model.outputs(input).unwrap());
        outputs.collect()
    };
    let alone = answers();
    assert!(alone.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(model.shared().is_some());
    thread::scope(|scope| {
        let answers = || (0..20).all(|_| answers() == alone);
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(answers)).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    });
}

/// What `infer bench` prints of a model, in the table's words.
fn bench(model: &Path) -> String {
    let model = model.to_str().unwrap();
    let arguments = [
        "infer",
        "bench",
        "--seconds",
        "0.05",
        "--threads",
        "1",
        "--model",
        model,
    ];
    let cli = Cli::try_parse_from(arguments).unwrap();
    let mut output = Vec::new();
    let mut complain = |error: &dyn std::fmt::Display| panic!("{error}");
    run(&cli, &mut output, &mut complain).unwrap();
    String::from_utf8(output).unwrap()
}

/// In a process of its own, since it has a cache of its own.
#[test]
fn the_engine_that_was_the_fastest_is_chosen_while_it_is_there() {
    let test = "the_engine_that_was_the_fastest_is_chosen_while_it_is_there";
    let name = format!("engines::{test}");
    let model = &shipped()[0];
    let chosen = || Contender::chosen(&std::fs::read(model).unwrap()).name();
    if let Some(file) = restart::exchange() {
        let kept = file.with_file_name("engines.json");
        if !kept.exists() {
            assert_eq!(chosen(), "tract");
            let table = bench(model);
            let choice = table
                .lines()
                .last()
                .unwrap()
                .strip_prefix("choice: ")
                .unwrap();
            assert!(["tract", "ONNX Runtime"].contains(&choice), "{table}");
            let engines = std::fs::read_to_string(&kept).unwrap();
            assert_eq!(
                engines.matches(&format!("\"{choice}\"")).count(),
                1,
                "{engines}"
            );
            // Whichever was the faster one now.
            std::fs::write(&kept, engines.replace(choice, "ONNX Runtime")).unwrap();
        }
        return std::fs::write(file, chosen()).unwrap();
    }
    if !runtimes::has_onnxruntime(test) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chosen");
    let cache = ("BATON_CACHE", folder.path());
    let none = folder.path().join("none.so");
    restart::test_with(&name, &file, &[cache]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "ONNX Runtime");
    restart::test_with(&name, &file, &[cache, ("ORT_DYLIB_PATH", &none)]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "tract");
}
