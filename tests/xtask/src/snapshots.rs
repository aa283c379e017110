//! What programs took when somebody last looked, how far from it they may go, and what they may take at most.
//!
//! A file maps each machine to its metrics, and each metric to a number of which less is better.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

/// Numbers may change by so many parts in a hundred before it matters.
const TOLERANCE: u64 = 3;

/// The file of some snapshots, and what belongs to it.
#[derive(Debug)]
pub struct Rules {
    pub file: &'static str,
    /// The command that writes it.
    pub update: &'static str,
    /// What a metric of one machine, or of all, may be at most.
    pub limits: &'static [(Option<&'static str>, &'static str, u64)],
}

/// The numbers of one machine by name.
pub type Metrics = BTreeMap<String, u64>;

#[derive(Debug)]
pub struct Snapshots {
    rules: &'static Rules,
    machines: BTreeMap<String, Metrics>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Metrics that are too large, or without a snapshot, one line each.
    pub failures: Vec<String>,
    /// Metrics that are much smaller, one line each.
    pub improvements: Vec<String>,
}

impl Snapshots {
    /// None yet.
    pub fn new(rules: &'static Rules) -> Self {
        Self {
            rules,
            machines: BTreeMap::new(),
        }
    }

    pub fn read(rules: &'static Rules) -> Result<Self> {
        let Rules { file, update, .. } = rules;
        let text = fs::read_to_string(file)
            .with_context(|| format!("cannot read {file}; `{update}` writes it"))?;
        let machines = serde_json::from_str(&text)
            .with_context(|| format!("{file}: expected metrics of machines"))?;
        Ok(Self { rules, machines })
    }

    /// Writes the file, all of it or nothing.
    pub fn write(&self) -> Result<()> {
        let path = Path::new(self.rules.file);
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(file, "{}", serde_json::to_string_pretty(&self.machines)?)?;
        file.persist(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }

    pub fn update(&mut self, machine: &str, metrics: Metrics) {
        self.machines.insert(machine.to_owned(), metrics);
    }

    /// Compares what was measured on a machine with its snapshots and with the limits.
    pub fn compare(&self, machine: &str, metrics: &Metrics) -> Changes {
        let mut changes = Changes::default();
        let update = self.rules.update;
        for (name, &found) in metrics {
            let of_this = |limit: &&(Option<&str>, &str, u64)| {
                limit.0.is_none_or(|name| name == machine) && limit.1 == name
            };
            if let Some(most) = self
                .rules
                .limits
                .iter()
                .filter(of_this)
                .map(|limit| limit.2)
                .min()
                && found > most
            {
                let line = format!("{machine}: {name}: expected at most {most}, found {found}");
                changes.failures.push(line);
            }
            let Some(&expected) = self
                .machines
                .get(machine)
                .and_then(|metrics| metrics.get(name))
            else {
                let line = format!("{machine}: {name}: no snapshot; `{update}` makes it {found}");
                changes.failures.push(line);
                continue;
            };
            let change = (found as f64 / expected as f64 - 1.0) * 100.0;
            let line =
                format!("{machine}: {name}: expected {expected}, found {found} ({change:+.1} %)");
            if found * 100 > expected * (100 + TOLERANCE) {
                changes.failures.push(line);
            } else if found * 100 < expected * (100 - TOLERANCE) {
                let line = format!("{line}: `{update}` keeps it");
                changes.improvements.push(line);
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        file: "none.json",
        update: "make",
        limits: &[(None, "room", 6144), (Some("other"), "code", 1)],
    };

    fn metrics(metrics: &[(&str, u64)]) -> Metrics {
        let owned = |&(name, value): &(&str, u64)| (name.to_owned(), value);
        metrics.iter().map(owned).collect()
    }

    #[test]
    fn more_than_three_percent_either_way_is_told() {
        let mut snapshots = Snapshots::new(&RULES);
        let expected = [
            ("arena", 1000),
            ("code", 1000),
            ("flash", 1000),
            ("stack", 0),
        ];
        snapshots.update("microbit", metrics(&expected));
        let pico = [("code", 1000), ("room", 6145)];
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
        let less = "microbit: code: expected 1000, found 969 (-3.1 %): `make` keeps it";
        check("microbit", &[("code", 969), ("stack", 0)], &[], &[less]);
        let none = "nucleo: code: no snapshot; `make` makes it 7";
        check("nucleo", &[("code", 7)], &[none], &[]);
        let limit = "pico: room: expected at most 6144, found 6145";
        check("pico", &pico, &[limit], &[]);
    }

    #[test]
    fn files_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshots.json");
        let file: &'static str = Box::leak(path.display().to_string().into_boxed_str());
        let rules: &'static Rules = Box::leak(Box::new(Rules { file, ..RULES }));
        let error = Snapshots::read(rules).unwrap_err().to_string();
        assert!(error.ends_with("`make` writes it"), "{error}");
        let mut snapshots = Snapshots::new(rules);
        snapshots.update("microbit", metrics(&[("code", 1), ("stack", 2)]));
        snapshots.write().unwrap();
        assert_eq!(Snapshots::read(rules).unwrap().machines, snapshots.machines);
        fs::write(&path, "[]").unwrap();
        assert!(Snapshots::read(rules).is_err());
    }
}
