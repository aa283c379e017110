//! What the firmware took when somebody last looked, and how far from it it may go.
//!
//! The file maps each board to its metrics, and each metric to a number of which less is better.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

/// Where the snapshots are.
pub const FILE: &str = "tests/firmware/snapshots.json";

/// What writes them.
const UPDATE: &str = "cargo xtask firmware bench --update";

/// Numbers may change by so many parts in a hundred before it matters.
const TOLERANCE: u64 = 3;

/// The numbers of one board by name.
pub type Metrics = BTreeMap<String, u64>;

/// The metrics of each board.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Snapshots(BTreeMap<String, Metrics>);

/// What has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Metrics that are too large, or without a snapshot, one line each.
    pub failures: Vec<String>,
    /// Metrics that are much smaller, one line each.
    pub improvements: Vec<String>,
}

impl Snapshots {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read {}; `{UPDATE}` writes it", path.display()))?;
        let boards = serde_json::from_str(&text)
            .with_context(|| format!("{}: expected metrics of boards", path.display()))?;
        Ok(Self(boards))
    }

    /// Writes the file at `path`, all of it or nothing.
    pub fn write(&self, path: &Path) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(file, "{}", serde_json::to_string_pretty(&self.0)?)?;
        file.persist(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }

    /// Takes in what was measured on a board. Metrics that were not measured this time stay.
    pub fn update(&mut self, board: &str, metrics: &Metrics) {
        let snapshots = self.0.entry(board.to_owned()).or_default();
        snapshots.extend(metrics.clone());
    }

    /// Compares what was measured on a board.
    pub fn compare(&self, board: &str, metrics: &Metrics) -> Changes {
        let mut changes = Changes::default();
        for (name, &found) in metrics {
            let Some(&expected) = self.0.get(board).and_then(|metrics| metrics.get(name)) else {
                changes.failures.push(format!(
                    "{board}: {name}: no snapshot; `{UPDATE}` makes it {found}"
                ));
                continue;
            };
            let line = || {
                let change = (found as f64 / expected as f64 - 1.0) * 100.0;
                format!("{board}: {name}: expected {expected}, found {found} ({change:+.1} %)")
            };
            if found * 100 > expected * (100 + TOLERANCE) {
                changes.failures.push(line());
            } else if found * 100 < expected * (100 - TOLERANCE) {
                let line = format!("{}: `{UPDATE}` keeps it", line());
                changes.improvements.push(line);
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(metrics: &[(&str, u64)]) -> Metrics {
        let pairs = metrics
            .iter()
            .map(|&(name, value)| (name.to_owned(), value));
        pairs.collect()
    }

    #[test]
    fn what_grows_by_more_than_three_percent_fails() {
        let mut snapshots = Snapshots::default();
        let expected = [
            ("code", 1000),
            ("stack", 0),
            ("arena", 1000),
            ("flash", 1000),
        ];
        snapshots.update("microbit", &metrics(&expected));
        let found = [
            ("code", 1031),
            ("stack", 1),
            ("arena", 1030),
            ("flash", 970),
        ];
        let changes = snapshots.compare("microbit", &metrics(&found));
        assert_eq!(
            changes.failures,
            [
                "microbit: code: expected 1000, found 1031 (+3.1 %)",
                "microbit: stack: expected 0, found 1 (+inf %)",
            ]
        );
        assert_eq!(changes.improvements, [""; 0]);
    }

    #[test]
    fn what_shrinks_by_more_than_three_percent_says_how_to_keep_it() {
        let mut snapshots = Snapshots::default();
        snapshots.update("microbit", &metrics(&[("code", 1000), ("stack", 500)]));
        let changes = snapshots.compare("microbit", &metrics(&[("code", 969), ("stack", 500)]));
        assert_eq!(changes.failures, [""; 0]);
        assert_eq!(
            changes.improvements,
            [
                "microbit: code: expected 1000, found 969 (-3.1 %): `cargo xtask firmware bench --update` keeps it"
            ]
        );
    }

    #[test]
    fn what_has_no_snapshot_fails() {
        let mut snapshots = Snapshots::default();
        snapshots.update("microbit", &metrics(&[("code", 1)]));
        for (board, name) in [("microbit", "stack"), ("pico", "code")] {
            let changes = snapshots.compare(board, &metrics(&[(name, 7)]));
            assert_eq!(
                changes.failures,
                [format!(
                    "{board}: {name}: no snapshot; `cargo xtask firmware bench --update` makes it 7"
                )]
            );
        }
    }

    #[test]
    fn files_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("snapshots.json");
        let error = Snapshots::read(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("`cargo xtask firmware bench --update` writes it"),
            "{error}"
        );
        let mut snapshots = Snapshots::default();
        snapshots.update("microbit", &metrics(&[("code", 1), ("stack", 2)]));
        snapshots.update("microbit", &metrics(&[("code", 3)]));
        snapshots.write(&path).unwrap();
        let read = Snapshots::read(&path).unwrap();
        assert_eq!(read, snapshots);
        assert_eq!(read.0["microbit"], metrics(&[("code", 3), ("stack", 2)]));
        fs::write(&path, "[]").unwrap();
        assert!(Snapshots::read(&path).is_err());
    }
}
