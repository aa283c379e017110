//! `infer inspect`.

use std::fs;

use crate::program::{Outcome, Workplace};

#[test]
fn files_of_both_kinds() {
    let workplace = Workplace::new();
    for (file, kind) in [
        ("brightness.q8", "flash file of 8-bit integers"),
        ("brightness.onnx", "ONNX model of floats"),
        ("brightness-int8.onnx", "ONNX model of 8-bit integers"),
    ] {
        let outcome = workplace.run(&["inspect", file]);
        assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
        assert!(outcome.output.contains(kind), "{}", outcome.output);
    }
}

#[test]
fn other_files_are_refused() {
    let workplace = Workplace::new();
    fs::write(workplace.path("text"), "no model").unwrap();
    let outcome = workplace.run(&["inspect", "text"]);
    assert_eq!((outcome.code, outcome.output.as_str()), (1, ""));
    assert!(
        outcome
            .errors
            .starts_with("error: text: expected an ONNX model or a flash file (.q8), found ")
    );
    let error = "error: none: expected a file, found nothing of that name\n";
    assert_eq!(
        workplace.run(&["inspect", "none"]),
        Outcome::failed("", error)
    );
    assert_eq!(workplace.run(&["inspect"]).code, 2);
}
