//! What the firmware took when somebody last looked, how far from it it may go, and what it may take at most.
//!
//! The file maps each board to its metrics, and each metric to a number of which less is better.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

pub const FILE: &str = "tests/firmware/snapshots.json";

const UPDATE: &str = "cargo xtask firmware bench --update";

/// Numbers may change by so many parts in a hundred before it matters.
const TOLERANCE: u64 = 3;

/// What the project promises, of one board or of all. For comparison, CMSIS-NN takes 7.37 and 22.8 million instructions,
/// 16.3 KB and 10.2 KB; the core's code checks model files besides.
const LIMITS: [(Option<&str>, &str, u64); 4] = [
    (Some("mps2-an386"), "instructions", 4_500_000),
    (Some("microbit"), "instructions", 14_000_000),
    (None, "RAM of the core alone", 6 * 1024),
    (Some("mps2-an386"), "code of the core alone", 16 * 1024),
];

/// The numbers of one board by name.
pub type Metrics = BTreeMap<String, u64>;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Snapshots(BTreeMap<String, Metrics>);

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Metrics that are too large, or without a snapshot, one line each.
    pub failures: Vec<String>,
    /// Metrics that are much smaller, one line each.
    pub improvements: Vec<String>,
}

impl Snapshots {
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
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(file, "{}", serde_json::to_string_pretty(&self.0)?)?;
        file.persist(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }

    pub fn update(&mut self, board: &str, metrics: Metrics) {
        self.0.insert(board.to_owned(), metrics);
    }

    /// Compares what was measured on a board with its snapshots and with the limits.
    pub fn compare(&self, board: &str, metrics: &Metrics) -> Changes {
        let mut changes = Changes::default();
        for (name, &found) in metrics {
            let of_this = |limit: &&(Option<&str>, &str, u64)| {
                limit.0.is_none_or(|name| name == board) && limit.1 == name
            };
            if let Some(most) = LIMITS.iter().filter(of_this).map(|limit| limit.2).min()
                && found > most
            {
                let line = format!("{board}: {name}: expected at most {most}, found {found}");
                changes.failures.push(line);
            }
            let Some(&expected) = self.0.get(board).and_then(|metrics| metrics.get(name)) else {
                let line = format!("{board}: {name}: no snapshot; `{UPDATE}` makes it {found}");
                changes.failures.push(line);
                continue;
            };
            let change = (found as f64 / expected as f64 - 1.0) * 100.0;
            let line =
                format!("{board}: {name}: expected {expected}, found {found} ({change:+.1} %)");
            if found * 100 > expected * (100 + TOLERANCE) {
                changes.failures.push(line);
            } else if found * 100 < expected * (100 - TOLERANCE) {
                let line = format!("{line}: `{UPDATE}` keeps it");
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
        let owned = |&(name, value): &(&str, u64)| (name.to_owned(), value);
        metrics.iter().map(owned).collect()
    }

    #[test]
    fn more_than_three_percent_either_way_is_told() {
        let mut snapshots = Snapshots::default();
        let expected = [
            ("arena", 1000),
            ("code", 1000),
            ("flash", 1000),
            ("stack", 0),
        ];
        snapshots.update("microbit", metrics(&expected));
        let pico = [("RAM of the core alone", 6145), ("code", 1000)];
        snapshots.update("pico", metrics(&pico));
        let check = |board, found: &[_], failures: &[&str], improvements: &[&str]| {
            let changes = snapshots.compare(board, &metrics(found));
            assert_eq!(changes.failures, failures);
            assert_eq!(changes.improvements, improvements);
        };
        let found = [
            ("arena", 1030),
            ("code", 1031),
            ("flash", 970),
            ("stack", 1),
        ];
        let code = "microbit: code: expected 1000, found 1031 (+3.1 %)";
        let stack = "microbit: stack: expected 0, found 1 (+inf %)";
        check("microbit", &found, &[code, stack], &[]);
        let less = "microbit: code: expected 1000, found 969 (-3.1 %): `cargo xtask firmware bench --update` keeps it";
        check("microbit", &[("code", 969), ("stack", 0)], &[], &[less]);
        let none = "nucleo: code: no snapshot; `cargo xtask firmware bench --update` makes it 7";
        check("nucleo", &[("code", 7)], &[none], &[]);
        let limit = "pico: RAM of the core alone: expected at most 6144, found 6145";
        check("pico", &pico, &[limit], &[]);
    }

    #[test]
    fn files_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshots.json");
        let error = Snapshots::read(&path).unwrap_err().to_string();
        let remedy = "`cargo xtask firmware bench --update` writes it";
        assert!(error.ends_with(remedy), "{error}");
        let mut snapshots = Snapshots::default();
        snapshots.update("microbit", metrics(&[("code", 1), ("stack", 2)]));
        snapshots.write(&path).unwrap();
        assert_eq!(Snapshots::read(&path).unwrap(), snapshots);
        fs::write(&path, "[]").unwrap();
        assert!(Snapshots::read(&path).is_err());
    }
}
