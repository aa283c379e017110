//! Networks of other programs and pictures of other people, in folders that the environment names.

use std::env;
use std::path::PathBuf;

use crate::skip::{Cause, skip};

/// The folder that a variable names; without it the test is skipped under its name.
pub fn folder(test: &str, variable: &str) -> Option<PathBuf> {
    let folder = env::var_os(variable).filter(|folder| !folder.is_empty());
    if folder.is_none() {
        let reason = format!("{variable} names no folder");
        skip(test, Cause::Environment, &reason);
    }
    folder.map(PathBuf::from)
}

/// The model files in the folder that a variable names, by name; without it the test is skipped under its name.
pub fn models(test: &str, variable: &str) -> Option<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder(test, variable)?).expect(variable);
    let paths = entries.map(|entry| entry.expect(variable).path());
    let is_model = |path: &PathBuf| path.extension().is_some_and(|one| one == "onnx");
    let mut paths: Vec<PathBuf> = paths.filter(is_model).collect();
    paths.sort();
    assert!(
        !paths.is_empty(),
        "{variable} names a folder without models"
    );
    Some(paths)
}
