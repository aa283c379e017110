//! Models as exporters write them: each is taken, and computes what it says, or is refused for the reason in the table.

use std::path::{Path, PathBuf};

use tests::{networks, runtimes};
use train::runtime::Runtime;

use super::{class, difference, imported, outputs};

/// A line a model: its name, then `taken`, `taken` with the output that is asked for and its number, or `refused` with
/// what the reason must say.
const TABLE: &str = include_str!("exporters.txt");

/// The largest difference, as a share of the largest output.
const TOLERANCE: f32 = 1e-4;

/// The same for models whose floats have 11 bits.
const OF_HALF_FLOATS: f32 = 5e-3;

/// The same for models in 8 bits, whose rounding a network in floats has not.
const OF_INTEGERS: f32 = 0.1;

enum Verdict<'t> {
    /// The output, and its number among the file's.
    Taken(Option<&'t str>, usize),
    /// What the refusal says.
    Refused(&'t str),
}

fn verdict(line: &'static str) -> (&'static str, Verdict<'static>) {
    let (name, rest) = line.split_once(' ').expect(line);
    let verdict = match rest.split_once(' ') {
        None if rest == "taken" => Verdict::Taken(None, 0),
        Some(("taken", output)) => {
            let (output, index) = output.split_once(' ').expect(line);
            Verdict::Taken(Some(output), index.parse().expect(line))
        }
        Some(("refused", reason)) => Verdict::Refused(reason),
        _ => panic!("{line}"),
    };
    (name, verdict)
}

/// Whether the rounding of a model's file is coarser than that of floats.
pub fn tolerance(name: &str) -> f32 {
    let is_of_integers = name.starts_with("q_") || name.contains("int8tflite");
    match name {
        _ if is_of_integers => OF_INTEGERS,
        _ if name.ends_with("f16") || name.ends_with("fp16") => OF_HALF_FLOATS,
        _ => TOLERANCE,
    }
}

fn check_taken(runtime: &Runtime, path: &Path, output: Option<&str>, index: usize) {
    let name = path.file_stem().unwrap().to_string_lossy();
    let network = imported(path, output).unwrap_or_else(|reason| panic!("{name}: {reason}"));
    let tolerance = tolerance(&name);
    let difference = difference(runtime, &network, path, index);
    println!("{name}: {} layers, {difference:e}", network.nodes.len());
    if tolerance < OF_INTEGERS || network.dropped.is_none() && !name.contains("int8tflite") {
        assert!(difference < tolerance, "{name}: {difference:e}");
        return;
    }
    let pairs = outputs(runtime, &network, path, index);
    for [found, expected] in pairs {
        // Outputs in 8 bits may have several that are the greatest.
        let greatest = expected.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let at_class = expected.iter().nth(class(&found));
        assert_eq!(at_class, Some(&greatest), "{name}: {found} and {expected}");
    }
}

/// The models with their verdicts, none left over on either side.
fn verdicts(test: &str) -> Option<Vec<(PathBuf, Verdict<'static>)>> {
    let paths = networks::models(test, "EXPORTERS_DIR")?;
    let lines: Vec<_> = TABLE.lines().map(verdict).collect();
    assert_eq!(lines.len(), paths.len());
    let pairs = paths.into_iter().zip(lines);
    Some(
        pairs
            .map(|(path, (name, verdict))| {
                assert_eq!(path.file_stem().unwrap(), name);
                (path, verdict)
            })
            .collect(),
    )
}

/// The models in floats that are taken without a word about their outputs.
pub fn taken(test: &str) -> Option<Vec<PathBuf>> {
    let is_of_floats =
        |path: &Path| tolerance(&path.file_stem().unwrap().to_string_lossy()) < OF_INTEGERS;
    let taken = verdicts(test)?.into_iter();
    let taken = taken.filter(|(_, verdict)| matches!(verdict, Verdict::Taken(None, _)));
    let paths = taken.map(|(path, _)| path);
    Some(paths.filter(|path| is_of_floats(path)).collect())
}

fn walk(runtime: &Runtime, verdicts: Vec<(PathBuf, Verdict)>) {
    for (path, verdict) in verdicts {
        match verdict {
            Verdict::Taken(output, index) => check_taken(runtime, &path, output, index),
            Verdict::Refused(expected) => {
                let reason = imported(&path, None).map(|_| ()).unwrap_err();
                let name = path.display();
                assert!(reason.contains(expected), "{name}: {reason}");
                assert!(!reason.contains('\n'), "{name}: {reason}");
            }
        }
    }
}

#[test]
fn what_exporters_write_is_taken_or_refused_as_the_table_says() {
    let test = "what_exporters_write_is_taken_or_refused_as_the_table_says";
    let Some(verdicts) = verdicts(test) else {
        return;
    };
    if let Some(runtime) = runtimes::onnxruntime(test) {
        walk(&runtime, verdicts);
    }
}

#[test]
fn what_exporters_write_is_the_same_on_tract() {
    let test = "what_exporters_write_is_the_same_on_tract";
    if let Some(verdicts) = verdicts(test) {
        walk(&runtimes::tract(), verdicts);
    }
}
