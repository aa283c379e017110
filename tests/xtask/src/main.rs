//! The repository's commands, behind `cargo xtask`.
//!
//! Exit codes: 0 done, 1 failed (one `error:` line, or the counts of `test`), 2 wrong usage.

mod apt;
mod build;
mod command;
mod comparison;
mod console;
mod demo;
mod firmware;
mod gpu;
mod instructions;
mod library;
mod onnxruntime;
mod own_pictures;
mod page;
mod pi;
mod pip;
mod snapshots;
mod summary;
mod table;
mod tally;
mod test;
mod workspace;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// The repository's commands
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Train a digit network twice and compare what it makes of real pictures
    Demo,
    /// Check, measure and run the firmware of boards
    #[command(subcommand)]
    Firmware(firmware::Command),
    /// Test and time training on this machine's NVIDIA GPU, or pack what that takes
    Gpu(gpu::Options),
    /// Count the integer engine's instructions on the cores of Raspberry Pis
    Instructions(instructions::Options),
    /// Write a model as a static library for C, with its header and what builds take it by
    Library(library::Options),
    /// Build the engine of the page that `infer serve` shows, as WebAssembly
    Page,
    /// Build `infer` for a Raspberry Pi, or run it as it runs there
    Pi(pi::Options),
    /// Check everything: formatting, lints, tests, documentation, firmware, the page, the Raspberry Pi's program
    Test,
}

fn main() -> ExitCode {
    let command = Command::parse();
    run(&command).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: &Command) -> Result<ExitCode> {
    command::outlive_children()?;
    match command {
        Command::Demo => demo(&workspace::enter()?),
        Command::Firmware(command) => firmware::run(command, &workspace::enter()?),
        // A packed copy of this program has no workspace.
        Command::Gpu(options) => gpu::run(options),
        Command::Instructions(options) => instructions::run(options, &workspace::enter()?),
        Command::Library(options) => {
            let from = env::current_dir()?;
            library::run(options, &from, &workspace::enter()?)
        }
        Command::Page => {
            page::run(&workspace::enter()?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Pi(options) => {
            workspace::enter()?;
            pi::run(options)
        }
        Command::Test => Ok(ExitCode::from(u8::from(!test::test(&workspace::enter()?)?))),
    }
}

fn demo(target: &Path) -> Result<ExitCode> {
    demo::demo(target)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Command::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_refused() {
        for words in [
            &["xtask"][..],
            &["xtask", "dance"],
            &["xtask", "firmware"],
            &["xtask", "firmware", "size", "--board", "toaster"],
            &["xtask", "gpu", "--pack", "folder", "--json", "file"],
            &["xtask", "library", "--model", "a.q8", "--out", "folder"],
            &[
                "xtask", "library", "--target", "toaster", "--model", "a.q8", "--out", "folder",
            ],
            &["xtask", "pi"],
            &["xtask", "pi", "--target", "toaster"],
            &["xtask", "pi", "--target", "armv7", "--run"],
            &[
                "xtask",
                "pi",
                "--target",
                "armv7",
                "--package",
                "--run",
                "predict",
            ],
        ] {
            let error = Command::try_parse_from(words).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
    }
}
