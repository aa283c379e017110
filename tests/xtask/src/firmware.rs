//! `cargo xtask firmware`: the firmware of boards checked, measured and run.

mod bench;
pub mod boards;
mod builder;
mod check;
mod emulators;
mod execution;
pub mod infer;
pub mod inputs;
pub mod layout;
pub mod metrics;
pub mod networks;
pub mod options;
pub mod qemu;
mod rooms;
mod rp2040;
mod running;
mod size;
pub mod subject;
mod suite;
mod sysroot;
pub mod toolchain;
mod update;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::library;
use crate::snapshots::Rules;
use crate::tally::Tally;
use options::Options;

pub use check::check;
pub use suite::suite;

/// What the project promises, of one board or of all. For comparison, CMSIS-NN takes 7.37 and 22.8 million instructions,
/// 16.3 KB and 10.2 KB; the core's code checks model files besides.
pub const RULES: Rules = Rules {
    file: "tests/firmware/snapshots.json",
    update: "cargo xtask firmware bench --update",
    limits: &[
        (Some("mps2-an386"), "instructions", 4_500_000),
        (Some("microbit"), "instructions", 14_000_000),
        (None, "RAM of the core alone", 6 * 1024),
        (Some("mps2-an386"), "code of the core alone", 16 * 1024),
    ],
};

/// What there is to do with firmware.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Link the core for microcontrollers: no panic, no allocator, no floating point
    Check,
    /// Check that, every board that is emulated: outputs, inner loops, and the costs that snapshots keep; and the library for C
    Test,
    /// Print what each firmware takes of flash and memory
    Size(Options),
    /// Run a model on emulated boards and compare with the host; flash a real board
    Run(execution::Run),
    /// Count the instructions or cycles of a run on emulated boards
    Bench {
        #[command(flatten)]
        options: Options,

        /// Write the snapshots that `cargo xtask test` compares with
        #[arg(long, conflicts_with = "model")]
        update: bool,
    },
}

/// Runs the command, with tools and builds in the folder `target`.
pub fn run(command: &Command, target: &Path) -> Result<ExitCode> {
    match command {
        Command::Check => Ok(tallied(|tally| check(target, tally))),
        Command::Test => Ok(tallied(|tally| {
            check(target, tally);
            suite(target, tally);
            library::suite(target, tally);
        })),
        Command::Size(options) => size::run(options, target),
        Command::Run(run) => execution::run(run, target),
        Command::Bench { options, update } => bench::run(options, *update, target),
    }
}

fn tallied(test: impl FnOnce(&mut Tally)) -> ExitCode {
    let mut tally = Tally::new(true);
    test(&mut tally);
    print!("{tally}");
    ExitCode::from(u8::from(!tally.good()))
}
