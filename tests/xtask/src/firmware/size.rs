//! `cargo xtask firmware size`: what each firmware takes of flash and RAM.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::builder::Builder;
use super::layout::{Author, Layout};
use super::options::Options;
use crate::table::aligned;

pub fn run(options: &Options, target: &Path) -> Result<ExitCode> {
    let boards = options.boards();
    let builder = Builder::new(target, &boards)?;
    let mut header = vec!["bytes".to_owned(), "flash".to_owned()];
    header.extend(["model", "code"].map(str::to_owned));
    header.extend(Author::ALL.map(|(_, name)| format!("of {name}")));
    header.extend(["rest", "static RAM", "arena"].map(str::to_owned));
    let mut rows = vec![header];
    for board in boards {
        let layout = Layout::read(&builder.firmware(board)?)?;
        let mut numbers = vec![layout.flash, layout.model.len, layout.code];
        numbers.extend(Author::ALL.map(|(author, _)| layout.code_of(author)));
        numbers.extend([layout.rest(), layout.static_ram, layout.model.arena]);
        let numbers = numbers.iter().map(ToString::to_string);
        rows.push([board.name.to_owned()].into_iter().chain(numbers).collect());
    }
    print!("{}", aligned(&rows));
    Ok(ExitCode::SUCCESS)
}
