//! `cargo xtask firmware`: the firmware of boards checked, measured and run.

mod bench;
mod boards;
mod builder;
mod check;
mod execution;
pub mod infer;
mod layout;
mod options;
mod qemu;
mod size;
mod snapshots;
mod suite;
mod sysroot;
pub mod toolchain;
mod update;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Subcommand, value_parser};

use crate::tally::Tally;
use options::Options;

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
