//! The program `infer`, which scores the images of a test set.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{describe, output};

/// Lets `infer evaluate --json` score the first `images` of the test set in the folder `data`: the logits of each image,
/// one byte a class, and what it reports.
pub fn logits(infer: &mut Command, images: usize, data: &Path) -> Result<(Vec<u8>, Value)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("logits");
    infer.args(["--limit", &images.to_string(), "--data"]);
    let report = report(infer.arg(data).arg("--scores").arg(&path))?;
    let logits = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((logits, report))
}

fn report(command: &mut Command) -> Result<Value> {
    let answer = output(command)?;
    serde_json::from_str(&answer)
        .with_context(|| format!("`{}`: expected JSON, found {answer:?}", describe(command)))
}
