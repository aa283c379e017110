//! `cargo xtask firmware bench`: what a run takes on each board that is emulated.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::RULES;
use super::builder::Builder;
use super::emulators;
use super::metrics::{measure, table};
use super::options::Options;
use crate::snapshots::Snapshots;

/// Measures the boards and prints it; with `update` writes the snapshots.
pub fn run(options: &Options, update: bool, target: &Path) -> Result<ExitCode> {
    let subject = options.subject()?;
    let boards = options.runnable();
    let builder = Builder::new(target, &boards)?;
    emulators::find(&boards, &builder.tools)?;
    let mut costs = Vec::new();
    for board in boards {
        costs.push((board.name, measure(board, &builder, &subject)?));
    }
    if update {
        let mut snapshots = Snapshots::read(&RULES).unwrap_or_else(|_| Snapshots::new(&RULES));
        for (board, metrics) in &costs {
            snapshots.update(board, metrics.clone());
        }
        snapshots.write()?;
    }
    let is_time = |name: &str| {
        ["cycles", "instructions"]
            .iter()
            .any(|time| name.starts_with(time))
    };
    print!("{}", table(&costs, is_time));
    Ok(ExitCode::SUCCESS)
}
