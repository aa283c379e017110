//! The repository's commands, behind `cargo xtask`.
//!
//! Exit codes: 0 done, 1 failed (one `error:` line, or the counts of `test`), 2 wrong usage.

mod command;
mod comparison;
mod console;
mod demo;
mod onnxruntime;
mod summary;
mod tally;
mod test;
mod workspace;

use std::env;
use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

Commands:
  demo  Train a digit network twice and compare what it makes of real pictures
  test  Check everything: formatting, lints, tests, documentation
  help  Print this text
";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let words: Vec<_> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let result = match words[..] {
        ["demo"] => demo(),
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

fn test() -> Result<ExitCode> {
    command::outlive_children()?;
    let passed = test::test(&workspace::enter()?)?;
    Ok(ExitCode::from(u8::from(!passed)))
}
