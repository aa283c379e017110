//! The repository's commands, behind `cargo xtask`.
//!
//! Exit codes: 0 done, 1 failed (one `error:` line, or the counts of `test`), 2 wrong usage.

mod command;
mod comparison;
mod console;
mod demo;
mod firmware;
mod onnxruntime;
mod summary;
mod tally;
mod test;
mod workspace;

use std::env;
use std::process::ExitCode;

use anyhow::Result;

use crate::tally::Tally;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

Commands:
  demo            Train a digit network twice and compare what it makes of real pictures
  firmware check  Link the core for microcontrollers: no panic, no allocator, no floating point
  test            Check everything: formatting, lints, tests, documentation, firmware
  help            Print this text
";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let words: Vec<_> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let result = match words[..] {
        ["demo"] => demo(),
        ["firmware", "check"] => check_firmware(),
        ["test"] => test(),
        ["help" | "-h" | "--help"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("error: expected one command, found {arguments:?}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn demo() -> Result<ExitCode> {
    command::outlive_children()?;
    demo::demo(&workspace::enter()?)?;
    Ok(ExitCode::SUCCESS)
}

fn check_firmware() -> Result<ExitCode> {
    command::outlive_children()?;
    let mut tally = Tally::new(true);
    firmware::check(&workspace::enter()?, &mut tally);
    print!("{tally}");
    Ok(ExitCode::from(u8::from(!tally.good())))
}

fn test() -> Result<ExitCode> {
    command::outlive_children()?;
    let passed = test::test(&workspace::enter()?)?;
    Ok(ExitCode::from(u8::from(!passed)))
}
