//! What the instruction counter writes, and how far it is to be trusted.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::boards::Board;
use super::builder::Builder;
use super::qemu::{self, Counter};

/// A section that a firmware has marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The sections around it.
    pub depth: usize,
    /// The instructions in it, those of inner sections included.
    pub instructions: u64,
}

/// The instructions of one inference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// Of all of it.
    pub total: u64,
    /// Of each layer.
    pub layers: Vec<u64>,
}

/// Reads the records in the file at `path`, in the order in which the sections ended.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .map(|line| {
            parse(line).with_context(|| {
                format!(
                    "{}: expected a depth and a count, found {line:?}",
                    path.display()
                )
            })
        })
        .collect()
}

fn parse(line: &str) -> Option<Record> {
    let (depth, instructions) = line.split_once(' ')?;
    Some(Record {
        depth: depth.parse().ok()?,
        instructions: instructions.parse().ok()?,
    })
}

/// The inferences in the records: outermost sections with their layers in them.
pub fn inferences(records: &[Record]) -> Vec<Inference> {
    let mut inferences = Vec::new();
    let mut layers = Vec::new();
    for record in records {
        match record.depth {
            0 => inferences.push(Inference {
                total: record.instructions,
                layers: std::mem::take(&mut layers),
            }),
            1 => layers.push(record.instructions),
            _ => {}
        }
    }
    inferences
}

/// The lengths of the loops in the firmware `calibrate`, each of which takes two instructions a round.
const LOOPS: [u64; 4] = [1, 10, 1_000, 100_000];

/// Counts loops of known length on a board's machine, with `plugin`; an error is a count that is not exact.
pub fn calibrate(builder: &Builder, plugin: &Path, board: &Board) -> Result<()> {
    let machine = board.machine().context("expected a machine of QEMU's")?;
    let firmware = builder.calibration(board.target, machine)?;
    let folder = tempfile::tempdir()?;
    let records = &folder.path().join("records");
    qemu::run_to_end(machine, &firmware, Some(&Counter { plugin, records }))?;
    let found = inferences(&read(records)?);
    // What the firmware says that it executes beside the loops.
    let others = if board.target.starts_with("riscv") {
        6
    } else {
        4
    };
    let layers = LOOPS.map(|rounds| 2 * rounds);
    let expected = Inference {
        total: layers.iter().sum::<u64>() + others,
        layers: layers.into(),
    };
    ensure!(
        found == [expected.clone()],
        "expected {expected:?}, found {found:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_belong_to_the_inference_that_ends_after_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        fs::write(&path, "1 10\n2 3\n1 20\n0 31\n0 7\n1 5\n").unwrap();
        let inference = |total, layers: &[u64]| Inference {
            total,
            layers: layers.into(),
        };
        let expected = [inference(31, &[10, 20]), inference(7, &[])];
        assert_eq!(inferences(&read(&path).unwrap()), expected);
    }

    #[test]
    fn what_is_no_record_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        for line in ["0", "0 ", " 1", "0 1 2", "a b"] {
            fs::write(&path, line).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.ends_with(&format!("found {line:?}")), "{error}");
        }
    }
}
