//! Comparing layer by layer what `quantize` has made, with a board as a third party.

use std::fs;

use crate::sandbox::Sandbox;

/// The network of the repository, with digits to compare on.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_digits();
    for name in ["digits.onnx", "digits-int8.onnx", "digits.q8"] {
        let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/");
        fs::copy(format!("{models}{name}"), sandbox.path(name)).unwrap();
    }
    sandbox
}

const LINE: &str = "compare --float digits.onnx --int8 digits-int8.onnx --data digits --samples 20 --runtime tract";

#[test]
fn every_layer_of_the_shipped_network_is_told_of() {
    let sandbox = sandbox();
    let printed = sandbox.succeeds(LINE);
    for part in [
        "conv1",
        "dense2",
        "Gemm_9 (Gemm)",
        "no layer adds more than rounding does",
    ] {
        assert!(printed.contains(part), "`{part}` is not in: {printed}");
    }
    let equal =
        "the int8 model on tract and the core have equal integers in all 4 layers, on 20 samples\n";
    assert!(printed.ends_with(equal), "{printed}");
    // Either file stands for both.
    let json = sandbox.succeeds(&format!(
        "{} --json",
        LINE.replace("digits-int8.onnx", "digits.q8")
    ));
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&report["samples"], &report["parts"]),
        (&20.into(), &serde_json::Value::Null)
    );
    assert_eq!(report["rows"].as_array().unwrap().len(), 5);
    assert_eq!(
        report["rows"][1]["digests"][0],
        report["rows"][1]["digests"][1]
    );
    fs::remove_file(sandbox.path("digits.q8")).unwrap();
    let printed = sandbox.succeeds(LINE);
    assert!(
        printed.ends_with("there is no flash file beside the int8 model: the core was not asked\n"),
        "{printed}"
    );
}

#[test]
fn files_and_data_that_do_not_belong_together_are_named() {
    let sandbox = sandbox();
    sandbox.write("model.onnx", sandbox.read("digits-int8.onnx"));
    sandbox.refuses(
        &LINE.replace("--data digits", "--data none"),
        &["none: expected"],
    );
    let line = LINE.replace("--int8 digits-int8.onnx", "--int8 digits.onnx");
    sandbox.refuses(
        &line,
        &["digits.onnx: expected an int8 model", "`train quantize`"],
    );
    sandbox.refuses(
        &format!("{LINE} --device unix:nowhere"),
        &["unix:nowhere: expected a serial port"],
    );
    sandbox.train(&format!("{LINE} --samples 0")).misuse();
    let mut flash = sandbox.read("digits.q8");
    flash[16] ^= 1;
    sandbox.write("digits.q8", flash);
    sandbox.refuses(
        LINE,
        &[
            "digits.q8: expected the flash file with the checksum ",
            "quantise again",
        ],
    );
    sandbox.refuses(
        &format!("{LINE} --output-name other"),
        &["digits.onnx: expected --output-name with one of the model's outputs, `logits`, found `other`"],
    );
    fs::remove_file(sandbox.path("digits-int8.onnx")).unwrap();
    let line = LINE.replace("--int8 digits-int8.onnx", "--int8 digits.q8");
    sandbox.refuses(
        &line,
        &["digits-int8.onnx: expected an ONNX model: expected a file"],
    );
}

#[cfg(unix)]
#[test]
fn a_board_with_the_model_has_the_same_integers_in_every_layer() {
    let sandbox = sandbox();
    let listener = std::os::unix::net::UnixListener::bind(sandbox.path("board")).unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            crate::board::serve(socket.unwrap());
        }
    });
    let printed = sandbox.succeeds(&format!("{LINE} --device unix:board"));
    let equal =
        "the board socket and the core have equal integers in all 4 layers, on 10 samples\n";
    assert!(printed.ends_with(equal), "{printed}");
    fs::remove_file(sandbox.path("digits.q8")).unwrap();
    let alone = sandbox.train(&format!("{LINE} --device unix:board"));
    alone.refusal(&["to compare a board with, found none"]);
}
