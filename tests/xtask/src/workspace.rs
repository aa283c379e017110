//! Where the repository, its build folder and its programs are.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{cargo, output};

/// Makes the workspace root the current folder, so that children and messages can use relative paths.
///
/// Returns the target folder, absolute, wherever the user's configuration puts it.
pub fn enter() -> Result<PathBuf> {
    let mut command = cargo("metadata --no-deps --format-version=1");
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

/// Where cargo's messages, one JSON object a line, say that the program `name` lies.
pub fn executable(messages: &str, name: &str) -> Result<PathBuf> {
    // A library or a program built to test itself is an executable of the same name.
    find(messages, name, "bin", false)
}

/// The same for an example.
pub fn example(messages: &str, name: &str) -> Result<PathBuf> {
    find(messages, name, "example", false)
}

/// The same for a program of tests.
pub fn test_program(messages: &str, name: &str) -> Result<PathBuf> {
    find(messages, name, "test", true)
}

fn find(messages: &str, name: &str, kind: &str, is_test: bool) -> Result<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .filter(|message| {
            message["target"]["kind"][0] == kind && message["profile"]["test"] == is_test
        })
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .with_context(|| format!("cargo build: expected a program {name}, found none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_the_messages_of_cargo() {
        let messages = r#"
{"target":{"kind":["lib"],"name":"train"},"profile":{"test":false},"executable":null}
not JSON
{"target":{"kind":["lib"],"name":"train"},"profile":{"test":true},"executable":"/t/release/deps/train-1"}
{"target":{"kind":["bin"],"name":"train"},"profile":{"test":true},"executable":"/t/release/deps/train-2"}
{"target":{"kind":["bin"],"name":"train"},"profile":{"test":false},"executable":"/t/release/train"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(
            executable(messages, "train").unwrap(),
            PathBuf::from("/t/release/train")
        );
        assert!(executable(messages, "infer").is_err());
    }
}
