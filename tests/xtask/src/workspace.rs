//! Where the repository and its build folder are.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{cargo, output};

/// Makes the workspace root the current folder, so that children and messages can use relative paths.
///
/// Returns the target folder, absolute, wherever the user's configuration puts it.
pub fn enter() -> Result<PathBuf> {
    let mut command = cargo(&["metadata", "--no-deps", "--format-version=1"]);
    let metadata: Value = serde_json::from_str(&output(&mut command)?)?;
    let folder = |key: &str| {
        let folder = metadata[key].as_str().map(PathBuf::from);
        folder.with_context(|| format!("cargo metadata: expected a path in {key}, found none"))
    };
    let root = folder("workspace_root")?;
    env::set_current_dir(&root)
        .with_context(|| format!("cannot enter the workspace root {}", root.display()))?;
    folder("target_directory")
}
