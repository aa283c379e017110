//! `cargo xtask firmware run`: a model run on an emulated board and compared with the host, or a firmware flashed onto a board.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Args, value_parser};

use super::boards::{Board, Chip, Hardware};
use super::builder::Builder;
use super::emulators;
use super::inputs::inputs;
use super::options::Options;
use super::running::Running;
use super::subject::Subject;
use crate::command::{self, run_quietly};
use crate::console::human;

/// Installs the program that flashes.
const INSTALL_PROBE: &str = "cargo install probe-rs-tools --locked";

/// What is run.
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    options: Options,

    /// Inputs, one behind the other: a byte a value, pixels where the model takes pictures [default: images of MNIST's test
    /// set for a model that takes such, else random ones]
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,

    /// How many, from the first on
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = value_parser!(u32).range(1..))]
    count: u32,
}

/// Runs the boards' firmware; the result is a failure where a board's output is not the host's.
pub fn run(run: &Run, target: &Path) -> Result<ExitCode> {
    let subject = run.options.subject()?;
    let boards = run.options.runnable();
    let builder = Builder::new(target, &boards)?;
    emulators::find(&boards, &builder.tools)?;
    let inputs = inputs(&subject, run.inputs.as_deref(), run.count as usize)?;
    let mut good = true;
    for board in boards {
        if let Hardware::Chip(chip) = &board.hardware {
            flash(&builder, board, chip, &subject)?;
            continue;
        }
        let start = Instant::now();
        let outcome = run_on(board, &builder, &subject, &inputs);
        good &= outcome.is_ok();
        match outcome {
            Ok(text) => println!("{}: {text}, in {}", board.name, human(start.elapsed())),
            Err(error) => println!("{}: {error:#}", board.name),
        }
    }
    Ok(ExitCode::from(u8::from(!good)))
}

/// Runs a board's firmware on inputs and compares with the host.
pub fn run_on(
    board: &Board,
    builder: &Builder,
    subject: &Subject,
    inputs: &[Vec<u8>],
) -> Result<String> {
    let firmware = builder.firmware(board, subject)?;
    let running = Running::start(board, &firmware, &builder.tools)?;
    let cost = running.compare(subject, inputs)?;
    let cycles = match board.hardware {
        Hardware::Rp2040 => format!(", {} cycles", super::metrics::grouped(cost.cycles)),
        _ => String::new(),
    };
    Ok(format!(
        "{} outputs equal to the host's, {} bytes of stack{cycles}",
        inputs.len(),
        cost.stack
    ))
}

/// Writes a firmware to the board that is plugged in, and starts it.
fn flash(builder: &Builder, board: &Board, chip: &Chip, subject: &Subject) -> Result<()> {
    let firmware = builder.firmware(board, subject)?;
    let probe = || Command::new("probe-rs");
    ensure!(
        run_quietly(probe().arg("--version")).is_ok(),
        "{}: expected the program probe-rs, found none; `{INSTALL_PROBE}` installs it",
        board.name
    );
    let on_chip = ["--chip", chip.name];
    let mut download = probe();
    download.arg("download").args(on_chip).args(chip.options);
    command::run(download.arg(&firmware))?;
    command::run(probe().arg("reset").args(on_chip))?;
    let name = board.name;
    println!("{name}: flashed; `infer predict --device PORT PICTURE` asks it");
    Ok(())
}
