//! `cargo xtask firmware`: the firmware of boards checked, measured and run.

mod bench;
mod boards;
mod builder;
mod check;
mod counter;
mod execution;
pub mod infer;
mod layout;
mod limits;
mod qemu;
mod size;
mod snapshots;
mod suite;
mod symbols;
mod sysroot;
pub mod toolchain;
mod update;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, value_parser};

use crate::tally::Tally;
use boards::Board;

pub use check::check;
pub use suite::suite;

/// What there is to do with firmware.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Link the core for microcontrollers: no panic, no allocator, no floating point
    Check,
    /// Check that and every machine of QEMU's: scores, inner loops, and the costs that snapshots keep
    Test,
    /// Print what each firmware takes of flash and RAM
    Size(Options),
    /// Score test images in QEMU and compare with the host's scores; flash a real board
    Run {
        #[command(flatten)]
        options: Options,

        /// Images of MNIST's test set, from the first on
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..))]
        images: u32,
    },
    /// Count the instructions of an inference in QEMU, and measure memory
    Bench {
        #[command(flatten)]
        options: Options,

        /// Write the snapshots that `cargo xtask test` compares with
        #[arg(long)]
        update: bool,
    },
}

/// What every measurement can be told.
#[derive(Debug, Args)]
pub struct Options {
    /// The board; `all`, as without this option, stands for every one, or every machine of QEMU's where it runs
    #[arg(long, value_name = "NAME", default_value = boards::ALL, hide_default_value = true,
          value_parser = PossibleValuesParser::new(boards::names()))]
    board: String,

    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

impl Options {
    fn boards(&self) -> Vec<&'static Board> {
        boards::named(&self.board)
    }

    /// The boards that a command can run without asking for hardware: one that is named, or all machines of QEMU's.
    fn runnable(&self) -> Vec<&'static Board> {
        let mut boards = self.boards();
        boards.retain(|board| self.board == board.name || board.machine().is_some());
        boards
    }
}

/// Runs the command, with tools and builds in the folder `target`.
pub fn run(command: &Command, target: &Path) -> Result<ExitCode> {
    match command {
        Command::Check => Ok(tallied(|tally| check(target, tally))),
        Command::Test => {
            let infer = infer::program()?;
            Ok(tallied(|tally| {
                check(target, tally);
                suite(target, &infer, tally);
            }))
        }
        Command::Size(options) => size::run(options, target),
        Command::Run { options, images } => execution::run(options, *images as usize, target),
        Command::Bench { options, update } => bench::run(options, *update, target),
    }
}

fn tallied(test: impl FnOnce(&mut Tally)) -> ExitCode {
    let mut tally = Tally::new(true);
    test(&mut tally);
    print!("{tally}");
    ExitCode::from(u8::from(!tally.good()))
}
