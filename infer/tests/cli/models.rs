//! `infer predict`: models and what runs them.

use std::fs;

use image::{GrayImage, Luma};
use no_std_core::prepare::Preparation;
use serde_json::Value;
use tract_onnx::pb::{NodeProto, TensorProto};

use crate::program::{Outcome, Workplace};
use crate::support::{self, flash, integers, node, with_ints};

#[test]
fn the_file_decides_what_runs_it() {
    let workplace = Workplace::new();
    for (name, grey) in [("a.png", 255), ("b.png", 127), ("c.png", 129), ("d.png", 0)] {
        workplace.picture(name, grey);
    }
    let float = "a. CNN thinks it's a bright (73.1%)\n\
                 b. CNN thinks it's a dark (50.1%)\n\
                 c. CNN thinks it's a bright (50.3%)\n\
                 d. CNN thinks it's a dark (73.1%)\n";
    // A logit one step above the other is twice as likely, and still less than the file wants.
    let int8 = "a. CNN thinks it's a bright (100.0%)\n\
                b. CNN thinks it's a dark (50.0%), not sure it is any of the classes\n\
                c. CNN thinks it's a bright (66.7%), not sure it is any of the classes\n\
                d. CNN thinks it's a dark (100.0%)\n";
    for (model, engine, expected) in [
        ("brightness.onnx", "float", float),
        ("brightness.q8", "int8", int8),
    ] {
        let pictures = ["a.png", "b.png", "c.png", "d.png"];
        for options in [&[][..], &["--engine", engine], &["--engine", "auto"]] {
            let table = workplace.predict_with(model, &[&pictures, options].concat());
            assert_eq!(table.succeeded(), expected);
        }
    }
}

#[test]
fn the_other_engine_says_what_the_file_is() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255);
    let text = "neither the one nor the other, but long enough to have a header of 64 bytes";
    fs::write(workplace.path("text"), text).unwrap();
    let neither = "expected an ONNX model or a flash file (.q8), found ";
    let choose = "leave out --engine to let the file decide, or give --engine";
    let onnx = format!("expected a flash file, found an ONNX model; {choose} float\n");
    let flash = format!("expected an ONNX model, found a flash file; {choose} int8\n");
    for (model, engine, expected) in [
        ("brightness.onnx", "int8", &*onnx),
        ("brightness.q8", "float", &flash),
        ("brightness.q8", "onnxruntime", &flash),
        ("text", "auto", neither),
        ("text", "float", neither),
        ("text", "onnxruntime", neither),
        ("text", "int8", "byte 0: expected a flash file"),
    ] {
        let error = workplace.predict_with(model, &["--engine", engine, "a.png"]);
        let error = error.failed();
        let expected = format!("error: {model}: {expected}");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn onnx_runtime_that_is_not_there_is_named_with_the_ways_out() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255);
    fs::write(workplace.path("text.so"), "no library").unwrap();
    for (library, found) in [
        ("none.so", "no file; "),
        ("text.so", "one that cannot be used: "),
        ("", "a folder; "),
    ] {
        let library = workplace.path(library);
        let mut command = workplace.infer(&["predict", "--engine", "onnxruntime", "a.png"]);
        let outcome = command.env("ORT_DYLIB_PATH", &library).output().unwrap();
        let error = Outcome::from(outcome).failed();
        let parts = if cfg!(feature = "onnxruntime") {
            let expected = format!("{}: expected ONNX Runtime 1.", library.display());
            let ways =
                "`pip install --upgrade onnxruntime` provides it, ORT_DYLIB_PATH names another";
            [expected, format!("found {found}"), ways.to_owned()]
        } else {
            let way = "`cargo build --release -p infer --features onnxruntime` makes it";
            ["a build of infer with", "found one without", way].map(str::to_owned)
        };
        for part in parts {
            assert!(error.contains(&part), "{error}");
        }
        assert!(
            error.ends_with("`--engine float` does without\n"),
            "{error}"
        );
    }
}

#[test]
fn the_built_in_model_knows_the_ten_digits() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0);
    let object = workplace.predict(&["--json", "a.png"]).succeeded();
    let object: Value = serde_json::from_str(&object).unwrap();
    assert_eq!(object["probabilities"].as_array().unwrap().len(), 10);
    assert_eq!(object["label"], object["class"].to_string());
}

#[test]
fn drawings_are_centred_if_asked() {
    let workplace = Workplace::new();
    // A small dark stroke: nearly all of the picture is bright.
    let paper = GrayImage::from_fn(200, 200, |x, y| {
        let ink = (20..60).contains(&x) && (20..60).contains(&y);
        Luma([if ink { 0 } else { 255 }])
    });
    paper.save(workplace.path("a.png")).unwrap();
    let blank = GrayImage::from_pixel(40, 40, Luma([255]));
    blank.save(workplace.path("blank.png")).unwrap();
    let centring = no_std_core::format::Contents {
        preparation: Preparation::CENTRED,
        ..flash::brightness()
    };
    fs::write(workplace.path("centring.q8"), centring.to_file().unwrap()).unwrap();
    for (model, by_default) in [
        ("brightness.onnx", "plain"),
        ("brightness.q8", "plain"),
        ("brightness-int8.onnx", "plain"),
        ("centring.q8", "centred"),
    ] {
        let predict = |options: &[&str]| workplace.predict_with(model, options);
        let prepared = |prepare| predict(&["--prepare", prepare, "a.png"]).succeeded();
        assert_eq!(predict(&["a.png"]).succeeded(), prepared(by_default));
        // The ink becomes a light square of 20 x 20 pixels, a little more than half of the picture.
        let [plain, centred] = ["plain", "centred"].map(prepared);
        for table in [&plain, &centred] {
            assert!(table.starts_with("a. CNN thinks it's a bright"), "{table}");
        }
        assert_ne!(centred, plain);
        for prepare in ["plain", "centred"] {
            let blank = predict(&["--prepare", prepare, "blank.png"]).failed();
            let expected =
                "error: blank.png: expected a drawing, found a blank picture, or ink too faint\n";
            assert_eq!(blank, expected);
        }
    }
}

#[test]
fn probabilities_are_not_made_so_again() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255);
    for end in ["Softmax", "LogSoftmax", "Identity"] {
        let mut model = support::linear(&[0.0; 2 * 784], &[0.0, 3.0]);
        let nodes = &mut model.graph.as_mut().unwrap().node;
        nodes[1] = node("Gemm", &["flat", "weights", "bias"], "sums");
        nodes.push(node(end, &["sums"], "ended"));
        nodes.push(node("Identity", &["ended"], "logits"));
        fs::write(workplace.path("end.onnx"), support::encode(&model)).unwrap();
        let table = workplace.predict_with("end.onnx", &["a.png"]).succeeded();
        assert_eq!(table, "a. CNN thinks it's a 1 (95.3%)\n", "{end}");
    }
}

#[test]
fn models_that_ask_for_too_much_or_make_tract_panic_are_refused_in_one_line() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255);
    let write = |name, operators: Vec<NodeProto>, constants: Vec<TensorProto>| {
        let mut model = support::linear(&[0.0; 2 * 784], &[0.0, 1.0]);
        let graph = model.graph.as_mut().unwrap();
        graph.node[0].input = operators.last().unwrap().output.clone();
        graph.node.splice(..0, operators);
        graph.initializer.extend(constants);
        fs::write(workplace.path(name), support::encode(&model)).unwrap();
    };
    let largest = with_ints(node("ReduceMax", &["giant"], "largest"), "axes", &[0, 1]);
    let expand = node("Expand", &["pixels", "sizes"], "giant");
    let sizes = integers("sizes", &[200_000, 1, 28, 28]);
    write("giant.onnx", vec![expand, largest], vec![sizes]);
    let pool = node("MaxPool", &["pixels"], "pooled");
    let pool = with_ints(with_ints(pool, "kernel_shape", &[1, 1]), "strides", &[0, 0]);
    write("zero.onnx", vec![pool], vec![]);
    for (model, found) in [
        (
            "giant.onnx",
            "a model of at most 512 MiB of values, found 599 MiB of values with Expand (giant); if that is meant, give --limits-times 2",
        ),
        (
            "zero.onnx",
            "a graph that tract can run, found: a contradiction that makes tract panic",
        ),
    ] {
        let expected = format!("error: {model}: expected {found}\n");
        let outcomes = [
            workplace.predict_with(model, &["a.png"]),
            workplace.run(&["inspect", model]),
        ];
        assert_eq!(outcomes.map(Outcome::failed), [&*expected; 2]);
    }
    let command = ["inspect", "giant.onnx", "--limits-times", "2"];
    workplace.run(&command).succeeded();
}

#[test]
fn files_of_two_quantisations_are_noticed_from_both_sides() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255);
    let files = ["brightness-int8.onnx", "brightness.q8"];
    let [onnx, flash] = files.map(|name| workplace.path(name));
    let notes = |model| {
        let outcome = workplace.predict_with(model, &["a.png"]);
        assert_eq!(outcome.code, 0);
        outcome.errors
    };
    assert_eq!(files.map(notes), ["", ""], "the file does not say");
    let checksum = no_std_core::format::stored_checksum(&fs::read(&flash).unwrap());
    for (checksum, differs) in [(checksum.unwrap(), false), (0x0123_abcd, true)] {
        let entries = [("flash_checksum", &*format!("{checksum:08x}"))];
        let model = support::with_metadata(support::int8::brightness(0), &entries);
        fs::write(&onnx, support::encode(&model)).unwrap();
        for (model, other) in [(files[0], files[1]), (files[1], files[0])] {
            let note = format!(
                "note: {model} and {other} are of two quantisations and may give different answers; run `train quantize` again to have both of one\n"
            );
            assert_eq!(notes(model), if differs { note.as_str() } else { "" });
        }
    }
    fs::remove_file(flash).unwrap();
    assert_eq!(notes(files[0]), "", "alone");
}
