//! `evaluate` as a report: as text, as JSON and as a page, with what 8 bits change and how much
//! worse pictures are read.

use serde_json::Value;

use crate::idx;
use crate::sandbox::{EVALUATE, QUICK, Sandbox};

const QUANTIZE: &str = "quantize --model run/digits.onnx --data digits --runtime tract --force";

/// The class that each row of a file of logits puts first.
fn answers(sandbox: &Sandbox, scores: &str) -> Vec<usize> {
    let bytes = sandbox.read(scores);
    let (numbers, _) = bytes.as_chunks();
    let logits: Vec<f32> = numbers.iter().copied().map(f32::from_le_bytes).collect();
    let best = |row: &[f32]| {
        let largest = row.iter().copied().fold(f32::MIN, f32::max);
        row.iter().position(|&logit| logit >= largest).unwrap()
    };
    logits.chunks(10).map(best).collect()
}

#[test]
fn the_report_is_printed_and_written_with_the_counts_behind_its_figures() {
    let sandbox = Sandbox::with_run();
    let text = sandbox.succeeds(&format!("{EVALUATE} --scores scores --report page.html"));
    let labels = sandbox.read(&format!("digits/{}", idx::TEST_LABELS))[8..].to_vec();
    let answers = answers(&sandbox, "scores");
    let pairs = || {
        answers
            .iter()
            .copied()
            .zip(labels.iter().copied().map(usize::from))
    };
    let right = pairs().filter(|(answer, label)| answer == label).count();
    let found = answers.iter().filter(|&&answer| answer == 1).count();
    let both = pairs().filter(|&pair| pair == (1, 1)).count();
    for part in [
        format!("({right} of 20 right), with a probability of .95 from "),
        format!(" {both} of {found} "),
        "found of its own\n0 ".into(),
        "page.html, page.json: the report\n".into(),
    ] {
        assert!(text.contains(&part), "{part}: {text}");
    }
    let written = String::from_utf8(sandbox.read("page.json")).unwrap();
    assert_eq!(
        sandbox.succeeds(&format!("{EVALUATE} --json")),
        written + "\n"
    );
    let report: Value = serde_json::from_slice(&sandbox.read("page.json")).unwrap();
    assert_eq!(report["correct"], right);
    assert_eq!(report["classes"][1]["found"], found);
    assert_eq!(report.get("int8"), None);
    let page = String::from_utf8(sandbox.read("page.html")).unwrap();
    assert!(page.contains("<title>run/digits.onnx</title>"));
    let mistakes = page.matches("data:image/png;base64,").count();
    assert_eq!(mistakes, (20 - right).min(24));
    // Both variants of each picture are measured.
    let report = sandbox.succeeds(&format!("{EVALUATE} --invert --json --report page.html"));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["samples"], 40);
}

#[test]
fn floats_are_compared_with_the_8_bits_that_were_made_of_them() {
    let sandbox = Sandbox::with_run();
    sandbox.succeeds(QUANTIZE);
    let text = sandbox.succeeds(&format!("{EVALUATE} --scores float"));
    assert!(
        text.contains("floats and 8 bits (run/digits-int8.onnx):"),
        "{text}"
    );
    let int8 = EVALUATE.replace("digits.onnx", "digits-int8.onnx");
    // The file is read, though nobody named it.
    let over = sandbox.train(&format!("{EVALUATE} --scores run/digits-int8.onnx"));
    over.refusal(&["run/digits-int8.onnx", "--int8"]);
    let of_int8 = sandbox.succeeds(&format!("{int8} --scores int8"));
    assert!(!of_int8.contains("floats and 8 bits"), "{of_int8}");
    let json = sandbox.succeeds(&format!("{EVALUATE} --json"));
    let report: Value = serde_json::from_str(&json).unwrap();
    let [float, int8] = ["float", "int8"].map(|scores| answers(&sandbox, scores));
    let labels = sandbox.read(&format!("digits/{}", idx::TEST_LABELS))[8..].to_vec();
    let right = |answers: &[usize]| {
        let pairs = answers.iter().zip(&labels);
        pairs
            .filter(|&(&answer, &label)| answer == usize::from(label))
            .count()
    };
    let differ = float.iter().zip(&int8).filter(|(a, b)| a != b).count();
    assert_eq!(report["int8"]["float_correct"], right(&float));
    assert_eq!(report["int8"]["int8_correct"], right(&int8));
    assert_eq!(report["int8"]["differ"], differ);
    assert!(report["int8"]["probability_difference"].as_f64().unwrap() > 0.0);
    sandbox.succeeds(&format!("{EVALUATE} --report page.html"));
    let page = String::from_utf8(sandbox.read("page.html")).unwrap();
    assert!(page.contains("<h2>Floats and 8 bits</h2>"));
}

#[test]
fn pictures_made_worse_are_counted_in_each_way_and_strength() {
    let sandbox = Sandbox::with_run();
    let line = format!("{EVALUATE} --images 6 --corruptions --report page.html");
    let text = sandbox.succeeds(&line);
    let report: Value = serde_json::from_slice(&sandbox.read("page.json")).unwrap();
    let found = &report["corruptions"];
    let ways = found["ways"].as_array().unwrap();
    let correct = |way: &Value| -> u64 {
        let counts = way["correct"].as_array().unwrap();
        assert_eq!(counts.len(), 5);
        counts.iter().map(|count| count.as_u64().unwrap()).sum()
    };
    let all: u64 = ways.iter().map(correct).sum();
    assert_eq!((ways.len(), found["samples"].as_u64()), (15, Some(6)));
    let worst = ways.iter().map(correct).min().unwrap();
    let mean = all as f64 / 450.0;
    assert!(
        (found["mean"].as_f64().unwrap() - mean).abs() < 1e-9,
        "{found}"
    );
    for part in [
        format!("\nmean {mean:.4} ({all} of 450 right), worst "),
        format!(", {worst} of 30 right)"),
        "\ncanny edges ".into(),
    ] {
        assert!(text.contains(&part), "{part}: {text}");
    }
    let page = String::from_utf8(sandbox.read("page.html")).unwrap();
    for part in [
        "<h2>Pictures made worse</h2>",
        "<tr><th>zigzag<td",
        " of 6\">",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // The same again.
    assert_eq!(sandbox.succeeds(&line), text);
}

#[test]
fn eight_bits_of_another_model_are_noted_and_taken_only_where_they_are_named() {
    let sandbox = Sandbox::with_run();
    sandbox.succeeds(QUANTIZE);
    sandbox.succeeds(&format!(
        "fit {QUICK} --seed 1 --epochs 1 --out run --overwrite"
    ));
    let stale = sandbox.train(EVALUATE).expect_code(0);
    let note = "note: run/digits-int8.onnx was not made of run/digits.onnx";
    assert!(stale.stderr.starts_with(note), "{stale:?}");
    assert!(stale.stderr.contains("not compared"), "{stale:?}");
    assert!(!stale.stdout.contains("8 bits"), "{stale:?}");
    sandbox.write("run/digits-int8.onnx", "no model");
    let stale = sandbox.train(EVALUATE).expect_code(0);
    assert!(stale.stderr.starts_with(note), "{stale:?}");
    sandbox.succeeds(&format!("{QUANTIZE} --out other"));
    std::fs::remove_file(sandbox.path("run/digits-int8.onnx")).unwrap();
    let named = sandbox.succeeds(&format!("{EVALUATE} --int8 other/digits-int8.onnx"));
    assert!(named.contains("(other/digits-int8.onnx)"), "{named}");
    let line = format!("{EVALUATE} --int8 run/digits.onnx");
    let other = sandbox.train(&line).expect_code(0);
    assert!(
        other.stderr.contains("run/digits.onnx was not made of"),
        "{other:?}"
    );
    assert!(other.stdout.contains("0 answers differ"), "{other:?}");
    sandbox.refuses(
        &format!("{EVALUATE} --int8 other/digits.q8"),
        &["a flash file"],
    );
    sandbox.refuses(
        &format!("{EVALUATE} --int8 nowhere.onnx"),
        &["nowhere.onnx"],
    );
}

#[test]
fn a_report_takes_the_place_of_nothing_that_is_read() {
    let sandbox = Sandbox::with_run();
    for (options, parts) in [
        ("--report nowhere/page.html", &["nowhere/page.html"][..]),
        (
            "--report page.html --scores page.json",
            &["page.json", "--report"],
        ),
    ] {
        sandbox.refuses(&format!("{EVALUATE} {options}"), parts);
    }
    for (options, parts) in [
        ("--report page.json", &["'page.json'", "ends in .html"][..]),
        ("--scores - --json", &["--scores -", "--json"]),
        ("--scores - --report page.html", &["--scores -", "--report"]),
        ("--scores - --corruptions", &["--scores -", "--corruptions"]),
    ] {
        sandbox.misuses(&format!("{EVALUATE} {options}"), parts);
    }
}
