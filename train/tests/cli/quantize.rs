//! Quantising: both files or neither, and a line for each model that cannot become integers.

use std::fs;

use ndarray::{Array1, Array2, Axis};
use prost::Message;
use train::data::synthetic;
use train::graph::{Graph, GraphError, ValueId};
use train::onnx::{self, ValueInfo};
use train::tensor::TensorType;

use crate::sandbox::Sandbox;
use crate::{arrays, idx};

/// A model of one dense layer with this weight, and what `finish` makes of its logits.
fn model(
    weight: Array2<f32>,
    finish: fn(&mut Graph, ValueId) -> Result<ValueId, GraphError>,
) -> Vec<u8> {
    let build = || -> Result<Vec<u8>, GraphError> {
        let mut graph = Graph::new();
        let images = graph.input("images", TensorType::f32(&[1, 1, 28, 28]))?;
        let pixels = graph.flatten(images)?;
        let bias = ndarray::Array1::<f32>::zeros(weight.nrows());
        let weight = graph.constant(weight.into());
        let bias = graph.constant(bias.into());
        let logits = graph.dense(pixels, weight, bias)?;
        let logits = finish(&mut graph, logits)?;
        graph.output("logits", logits)?;
        Ok(graph.to_onnx("dense", &[]))
    };
    build().unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "stands where an operator does")]
fn plain(_: &mut Graph, logits: ValueId) -> Result<ValueId, GraphError> {
    Ok(logits)
}

/// Weights that all differ.
fn ramp() -> Array2<f32> {
    Array2::from_shape_fn((10, 784), |(class, pixel)| {
        (class * 784 + pixel) as f32 / 7840.0 - 0.5
    })
}

/// The mean training image of each class less that of all, which tells most of them apart.
fn means() -> Array2<f32> {
    let train = synthetic::digits(64, 1, 1).train;
    let pixels = train.images().unwrap();
    let pixels = pixels.mapv(|pixel| f32::from(pixel) / 255.0);
    let pixels = pixels.into_shape_with_order((64, 784)).unwrap();
    let all = pixels.mean_axis(Axis(0)).unwrap();
    Array2::from_shape_fn((10, 784), |(class, pixel)| {
        let of_class = |&(_, label): &(usize, &u16)| usize::from(*label) == class;
        let images = train.labels().iter().enumerate().filter(of_class);
        let values: Vec<f32> = images.map(|(image, _)| pixels[[image, pixel]]).collect();
        values.iter().sum::<f32>() / values.len().max(1) as f32 - all[pixel]
    })
}

const LINE: &str = "quantize --model model.onnx --data digits --runtime tract --out out";

#[test]
fn a_trained_network_becomes_both_files_beside_it() {
    let sandbox = Sandbox::with_run();
    let line = "quantize --model run/digits.onnx --data digits --runtime tract";
    let finished = sandbox.train(line);
    let printed = finished.success();
    for part in ["conv1", "dense2", "3,136", "3,024,384", "test images"] {
        assert!(printed.contains(part), "`{part}` is not in: {printed}");
    }
    // Neither trained nor judged on inverted images.
    assert!(!printed.contains("inverted"), "{printed}");
    let again = sandbox.files("run");
    let expected = [
        "checkpoint.safetensors",
        "digits-int8.onnx",
        "digits.onnx",
        "digits.q8",
    ];
    assert!(again.keys().eq(expected), "{:?}", again.keys());
    sandbox.train(line).success();
    assert_eq!(
        sandbox.files("run"),
        again,
        "the same model gives the same files"
    );
    let line = "evaluate --model run/digits-int8.onnx --data digits --runtime tract";
    let finished = sandbox.train(line);
    assert!(finished.success().starts_with("accuracy "), "{finished:?}");
    assert_eq!(finished.stderr, "");
    let mut flash = sandbox.read("run/digits.q8");
    flash[16] ^= 1;
    sandbox.write("run/digits.q8", flash);
    let finished = sandbox.train(line);
    let note = "note: run/digits-int8.onnx and run/digits.q8 are of two quantisations";
    assert!(finished.stderr.starts_with(note), "{finished:?}");
}

#[test]
fn the_preparation_asked_for_is_in_the_flash_file() {
    let sandbox = Sandbox::with_digits();
    sandbox.write("model.onnx", model(ramp(), plain));
    let default = quantized(&sandbox, "");
    assert_eq!(default[44..46], [0, 0]);
    assert_eq!(quantized(&sandbox, "--prepare plain"), default);
    assert_eq!(quantized(&sandbox, "--prepare centred")[44..46], [1, 20]);
    let boxed = quantized(&sandbox, "--prepare centred --box-side 28");
    assert_eq!(boxed[44..46], [1, 28]);
    // Nothing but the preparation and the checksum differs.
    assert!(boxed[20..44] == default[20..44] && boxed[46..] == default[46..]);

    for (options, part) in [
        ("--box-side 20", "--prepare centred"),
        ("--prepare plain --box-side 20", "--prepare centred"),
        ("--prepare centred --box-side 0", "'0'"),
        ("--prepare centred --box-side 29", "'29'"),
        ("--prepare fully", "'fully'"),
    ] {
        let finished = sandbox.train(&format!("{LINE} {options}"));
        assert!(finished.misuse().contains(part), "{finished:?}");
    }
}

/// The flash file that these options give.
fn quantized(sandbox: &Sandbox, options: &str) -> Vec<u8> {
    sandbox.train(&format!("{LINE} {options}")).success();
    fs::read(sandbox.path("out/model.q8")).unwrap()
}

#[test]
fn models_that_cannot_become_integers_are_refused_by_name() {
    let quantised = "model.onnx: cannot be quantised: ";
    let three = ramp().select(Axis(0), &[0, 1, 2]);
    let flash = no_std_core::format::MAGIC.to_vec();
    for (model, parts) in [
        (
            model(ramp(), Graph::log),
            [quantised, "(Log): expected another activation"],
        ),
        (model(three, plain), [quantised, "10 classes, found one of"]),
        (
            b"Some notes.\n".to_vec(),
            ["model.onnx: ", "found bytes that are none"],
        ),
        (flash, ["model.onnx: ", "a flash file"]),
        (Vec::new(), ["model.onnx: ", "no graph"]),
    ] {
        let sandbox = Sandbox::with_digits();
        sandbox.write("model.onnx", model);
        sandbox.write("out/model.q8", "an earlier file");
        sandbox.refuses(LINE, &parts);
    }
}

#[test]
fn models_as_older_programs_write_them_are_quantised_within_limits() {
    let mut older = onnx::Model::decode(&*model(ramp(), plain)).unwrap();
    older.ir_version = 3;
    let graph = older.graph.as_mut().unwrap();
    let images = graph.input[0].value_type.as_mut().unwrap();
    let shape = images.tensor_type.as_mut().unwrap().shape.as_mut();
    shape.unwrap().dim[0].dim_value = Some(-1);
    graph.input.extend(graph.initializer.iter().map(|weight| {
        let shape: Vec<usize> = weight.dims.iter().map(|&size| size as usize).collect();
        ValueInfo::tensor(&weight.name, weight.data_type, &shape)
    }));
    let sandbox = Sandbox::with_digits();
    sandbox.write("model.onnx", older.encode_to_vec());
    sandbox.train(LINE).success();

    let graph = older.graph.as_mut().unwrap();
    let mut last = graph.node.pop().unwrap();
    for number in 0..2000 {
        let output = format!("pixels{number}");
        graph.node.push(onnx::Node {
            op_type: "Relu".into(),
            input: vec![std::mem::replace(&mut last.input[0], output.clone())],
            output: vec![output],
            ..Default::default()
        });
    }
    graph.node.push(last);
    sandbox.write("model.onnx", older.encode_to_vec());
    sandbox.refuses(LINE, &["2000 operators", "--limits-times"]);
    // Granted, all of them are one limit.
    sandbox.train(&format!("{LINE} --limits-times 2")).success();
}

#[test]
fn integers_that_are_right_less_often_are_refused_with_the_layer_or_forced() {
    let sandbox = Sandbox::with_digits();
    // Ten units around a million are too far from 0 for 255 steps.
    let offset = model(means(), |graph, logits| {
        let offset = Array1::from_elem(10, 1e6);
        let identity = Array2::<f32>::eye(10);
        let [weight, again] = [(); 2].map(|()| graph.constant(identity.clone().into()));
        let [up, down] = [offset.clone(), -offset].map(|bias| graph.constant(bias.into()));
        let raised = graph.dense(logits, weight, up)?;
        graph.dense(raised, again, down)
    });
    sandbox.write("model.onnx", offset);
    sandbox.write("out/model.q8", "an earlier file");
    let parts = [
        "model.onnx: cannot be quantised: ",
        "layer dense2 (",
        "--max-drop",
        "--force",
    ];
    sandbox.refuses(&format!("{LINE} --max-drop 0"), &parts);
    let forced = sandbox.train(&format!("{LINE} --max-drop 0 --force"));
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert!(
        forced
            .stderr
            .starts_with("note: model.onnx: expected 8 bits"),
        "{forced:?}"
    );
    assert_ne!(sandbox.read("out/model.q8"), b"an earlier file");
    for share in ["-0.1", "1.1", "NaN", "x"] {
        let finished = sandbox.train(&format!("{LINE} --max-drop={share}"));
        assert!(finished.misuse().contains("from 0 to 1"), "{finished:?}");
    }
}

#[test]
fn a_name_that_is_taken_keeps_both_files_from_being_written() {
    let sandbox = Sandbox::with_digits();
    sandbox.write("model.onnx", model(ramp(), plain));
    sandbox.write("out/model.q8/occupant", "");
    sandbox.write("out/model-int8.onnx", "an earlier file");
    sandbox.refuses(LINE, &["model.q8: cannot be written"]);
    fs::remove_dir_all(sandbox.path("out/model.q8")).unwrap();
    sandbox.train(LINE).success();
    assert_eq!(sandbox.files("out").len(), 2);
}

#[cfg(unix)]
#[test]
fn a_result_that_would_take_the_place_of_an_input_is_refused_before_work() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::with_digits();
    sandbox.write("other.onnx", model(ramp(), plain));
    sandbox.write("out/occupant", "");
    fs::hard_link(
        sandbox.path("other.onnx"),
        sandbox.path("out/other-int8.onnx"),
    )
    .unwrap();
    let line = "quantize --model other.onnx --data digits --runtime tract --out out";
    sandbox.refuses(
        line,
        &[
            "out/other-int8.onnx: expected an output that is none of the inputs",
            "--model",
        ],
    );
    sandbox.write("model.onnx", model(ramp(), plain));
    fs::hard_link(sandbox.path("model.onnx"), sandbox.path("out/model.q8")).unwrap();
    sandbox.refuses(
        LINE,
        &["out/model.q8: expected an output", "--model (model.onnx)"],
    );
    fs::remove_file(sandbox.path("out/model.q8")).unwrap();
    symlink(
        "../digits/train-labels-idx1-ubyte",
        sandbox.path("out/model.q8"),
    )
    .unwrap();
    sandbox.refuses(
        LINE,
        &[
            "out/model.q8: expected an output",
            "--data (digits/train-labels",
        ],
    );

    // Any other link is followed, and stays one.
    fs::remove_file(sandbox.path("out/model.q8")).unwrap();
    symlink("../kept.q8", sandbox.path("out/model.q8")).unwrap();
    sandbox.train(LINE).success();
    assert!(
        fs::symlink_metadata(sandbox.path("out/model.q8"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(sandbox.read("kept.q8")[..8], no_std_core::format::MAGIC);
}

#[test]
fn cuda_is_refused_with_the_ways_out() {
    let sandbox = Sandbox::with_digits();
    sandbox.write("model.onnx", model(ramp(), plain));
    let line = "quantize --model model.onnx --data digits --runtime cuda";
    sandbox.refuses(line, &["cannot run int8 models", "--runtime tract"]);
}

#[test]
fn a_model_that_is_not_there_and_too_few_images_are_named() {
    let sandbox = Sandbox::with_digits();
    sandbox.refuses(
        LINE,
        &["model.onnx: expected an ONNX model: expected a file"],
    );
    sandbox.write("model.onnx", model(ramp(), plain));
    idx::write_digits(&sandbox.path("digits"), 1, 10);
    sandbox.refuses(LINE, &["at least 2 training images", "found 1"]);
}

#[test]
fn samples_in_a_file_take_the_place_of_digits() {
    let sandbox = Sandbox::new();
    sandbox.write("ramp.onnx", model(ramp(), plain));
    let samples = ndarray::Array3::from_shape_fn((40, 28, 28), |(sample, row, column)| {
        (((sample * 37 + row) * 41 + column) % 256) as f32 / 255.0
    });
    let samples = arrays::floats(samples.shape(), samples.as_slice().unwrap());
    sandbox.write("samples.npy", samples);
    let line = "quantize --model ramp.onnx --calibrate samples.npy --runtime tract --out out";
    let finished = sandbox.train(line);
    let printed = finished.success();
    assert!(printed.contains("calibrating on 20 samples"), "{printed}");
    let checked = printed.lines().last().unwrap();
    assert!(
        checked.ends_with("core, on tract; no second runtime is here"),
        "{printed}"
    );
    assert!(!printed.contains("accuracy"), "{printed}");
    assert_eq!(sandbox.files("out").len(), 2);
    let flash = sandbox.read("out/ramp.q8");
    assert_eq!(no_std_core::Model::new(&flash).unwrap().labels().count(), 0);
    let classes = sandbox.train(&format!(
        "{line} --output classes --input-scale 0.003921569"
    ));
    assert!(classes.success().contains("samples held out"));
    let flash = sandbox.read("out/ramp.q8");
    let core = no_std_core::Model::new(&flash).unwrap();
    assert_eq!((core.labels().count(), core.input().zero_point), (10, -128));

    for options in ["--data digits", "--prepare centred", "--input-zero-point 0"] {
        sandbox.train(&format!("{line} {options}")).misuse();
    }
    let finished = sandbox.train("quantize --model ramp.onnx --output values");
    assert!(finished.misuse().contains("--calibrate"), "{finished:?}");
    sandbox.write("samples.npy", "notes");
    sandbox.refuses(line, &["samples.npy: expected a .npy or .npz file"]);
    // Nothing is loaded for a model of other classes.
    let three = ramp().select(Axis(0), &[0, 1, 2]);
    sandbox.write("three.onnx", model(three, plain));
    sandbox.refuses(
        "quantize --model three.onnx --offline",
        &["--calibrate FILE"],
    );
}
