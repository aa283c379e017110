//! `cargo xtask firmware run`: test images scored on a machine, or a firmware flashed onto a board.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Result, ensure};

use super::boards::{self, Board, Chip, Machine};
use super::builder::Builder;
use super::infer::{Infer, MODEL, Place, Scores};
use super::options::Options;
use super::qemu::{self, Running};
use crate::command::{self, run_quietly};
use crate::console::human;

/// Installs the program that flashes.
const INSTALL_PROBE: &str = "cargo install probe-rs-tools --locked";

/// Runs the boards' firmware; the result is a failure where a machine's scores are not the host's.
pub fn run(options: &Options, images: usize, target: &Path) -> Result<ExitCode> {
    let boards = options.runnable();
    let builder = Builder::new(target, &boards)?;
    qemu::find(&boards)?;
    let mut host = None;
    let mut good = true;
    for board in boards {
        let machine = match &board.hardware {
            boards::Hardware::Qemu(machine) => machine,
            boards::Hardware::Chip(chip) => {
                flash(&builder, board, chip)?;
                continue;
            }
        };
        let (infer, expected) = match &mut host {
            Some(host) => host,
            none => none.insert(score_on_host(images)?),
        };
        let start = Instant::now();
        let firmware = builder.firmware(board)?;
        let found = score(machine, &firmware, infer, images)?;
        let difference = expected.first_difference(&found);
        good &= difference.is_none();
        let (text, took) = (text(images, &found, difference), human(start.elapsed()));
        println!("{}: {text} in {took}", board.name);
    }
    Ok(ExitCode::from(u8::from(!good)))
}

fn score_on_host(images: usize) -> Result<(Infer, Scores)> {
    let infer = Infer::build()?;
    let scores = infer.evaluate(images, Place::Host(Path::new(MODEL)))?;
    Ok((infer, scores))
}

pub fn score(machine: &Machine, firmware: &Path, infer: &Infer, images: usize) -> Result<Scores> {
    let running = Running::start(machine, firmware)?;
    infer.evaluate(images, Place::Board(&running.socket))
}

fn text(images: usize, found: &Scores, difference: Option<usize>) -> String {
    let verdict = match difference {
        None => "logits equal to the host's".to_owned(),
        Some(image) => format!("logits DIFFER from the host's, first those of image {image}"),
    };
    let counts: Vec<_> = found.counts().iter().map(ToString::to_string).collect();
    let (digest, counts) = (found.digest(), counts.join(" "));
    let stack = found.stack.map(|stack| format!(", stack {stack} bytes"));
    let stack = stack.unwrap_or_default();
    format!("{images} images, {verdict}, sha256 {digest}, classes {counts}{stack}")
}

/// Writes a firmware to the board that is plugged in, and starts it.
fn flash(builder: &Builder, board: &Board, chip: &Chip) -> Result<()> {
    let firmware = builder.firmware(board)?;
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
