//! `infer inspect`.

use std::fs;

use crate::program::Workplace;

#[test]
fn files_of_both_kinds() {
    let workplace = Workplace::new();
    for (file, kind) in [
        ("brightness.q8", "flash file of 8-bit integers"),
        ("brightness.onnx", "ONNX model of floats"),
        ("brightness-int8.onnx", "ONNX model of 8-bit integers"),
    ] {
        let table = workplace.run(&["inspect", file]).succeeded();
        assert!(table.contains(kind), "{table}");
    }
}

#[test]
fn other_files_are_refused() {
    let workplace = Workplace::new();
    for (content, found) in [
        (&b"no model\n"[..], ""),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ""),
        (b"", "no graph in it\n"),
    ] {
        fs::write(workplace.path("file"), content).unwrap();
        let error = workplace.run(&["inspect", "file"]).failed();
        let expected = "error: file: expected an ONNX model or a flash file (.q8), found ";
        assert!(error.starts_with(&(expected.to_owned() + found)), "{error}");
    }
    let error = "error: none: expected a file, found nothing of that name\n";
    assert_eq!(workplace.run(&["inspect", "none"]).failed(), error);
    assert_eq!(workplace.run(&["inspect"]).code, 2);
}
