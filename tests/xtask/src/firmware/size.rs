//! `cargo xtask firmware size`: what each firmware takes of flash and RAM.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Map, Value};

use super::Options;
use super::builder::Builder;
use super::layout::{Author, Layout};
use crate::table::aligned;

/// Builds the boards' firmware and prints its sizes.
pub fn run(options: &Options, target: &Path) -> Result<ExitCode> {
    let boards = options.boards();
    let builder = Builder::new(target, &boards)?;
    let mut layouts = Vec::new();
    for board in boards {
        layouts.push((board.name, Layout::read(&builder.firmware(board)?)?));
    }
    if options.json {
        let boards = layouts
            .iter()
            .map(|(name, layout)| ((*name).to_owned(), layout.json()));
        println!("{}", Value::Object(boards.collect::<Map<_, _>>()));
    } else {
        print!("{}", table(&layouts));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(layouts: &[(&str, Layout)]) -> String {
    let mut header = ["bytes", "flash", "model", "code"]
        .map(str::to_owned)
        .to_vec();
    header.extend(Author::ALL.map(|author| format!("of {}", author.name())));
    header.extend(["rest", "static RAM", "arena"].map(str::to_owned));
    let mut rows = vec![header];
    for (name, layout) in layouts {
        let mut numbers = vec![layout.flash(), layout.model(), layout.code()];
        numbers.extend(Author::ALL.map(|author| layout.code_of(author)));
        numbers.extend([layout.rest(), layout.static_ram(), layout.arena()]);
        let mut row = vec![(*name).to_owned()];
        row.extend(numbers.iter().map(ToString::to_string));
        rows.push(row);
    }
    aligned(&rows)
}
