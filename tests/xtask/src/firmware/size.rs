//! `cargo xtask firmware size`: what each firmware takes of flash and memory.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::builder::Builder;
use super::emulators;
use super::layout::{Author, Layout};
use super::metrics::{measure, table};
use super::options::Options;
use crate::snapshots::Metrics;

/// Prints a column a board: of what is alone, there is nothing but the core with the operators of the model, neither start-up
/// nor serial line.
pub fn run(options: &Options, target: &Path) -> Result<ExitCode> {
    let subject = options.subject()?;
    let boards = options.boards();
    let builder = Builder::new(target, &boards)?;
    emulators::find(&boards, &builder.tools)?;
    let mut costs = Vec::new();
    for board in boards {
        let mut metrics = measure(board, &builder, &subject)?;
        metrics.extend(flash(&Layout::read(&builder.firmware(board, &subject)?)?));
        costs.push((board.name, metrics));
    }
    let is_size = |name: &str| {
        !["cycles", "instructions"]
            .iter()
            .any(|time| name.starts_with(time))
    };
    print!("{}", table(&costs, is_size));
    Ok(ExitCode::SUCCESS)
}

/// What lies in flash, and what memory is left for models.
fn flash(layout: &Layout) -> Metrics {
    let mut metrics = Metrics::new();
    let mut put = |name: &str, metric| metrics.insert(name.to_owned(), metric);
    put("flash", layout.flash);
    put("flash of the model", layout.model.len);
    put("flash of the rest", layout.rest());
    for (author, name) in Author::ALL {
        put(&format!("code of the {name}"), layout.code_of(author));
    }
    if let Some(room) = layout.room {
        put("arena at most", room);
    }
    metrics
}
