//! `cargo xtask gpu`: what only a GPU shows, from built programs: tests, times, bits, and `PyTorch` beside them.
//!
//! A packed copy of it (`--pack`) needs neither Rust nor a network where it runs.

mod pack;
mod parts;
mod programs;
mod report;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Args;

use crate::command::{describe, output};
use crate::console::heading;
use crate::workspace;
use parts::{PARTS, Part};
use programs::Programs;
use report::Report;

/// Options of `gpu`.
#[derive(Debug, Args)]
pub struct Options {
    /// Write all that is measured to this file, too, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Gather all that it takes in this folder instead, for a machine that has a driver, CUDA's libraries and ONNX Runtime
    #[arg(long, value_name = "DIR", conflicts_with = "json")]
    pack: Option<PathBuf>,
}

/// Runs every part, whatever becomes of the others; fails if one of them did. Without a GPU it only tells what it would do.
pub fn run(options: &Options) -> Result<ExitCode> {
    if let Some(folder) = &options.pack {
        let folder = std::path::absolute(folder)?;
        workspace::enter()?;
        return pack::pack(&Programs::build()?, &folder);
    }
    let Some(device) = device() else {
        println!("No NVIDIA GPU answers here (nvidia-smi). On a machine with one this would run:");
        for part in PARTS {
            println!("  {:24} {}", part.name, part.plan);
        }
        return Ok(ExitCode::SUCCESS);
    };
    let json = options.json.as_ref().map(std::path::absolute).transpose()?;
    let unpacked;
    let programs = if let Some(archive) = pack::beside_this_program() {
        unpacked = pack::unpack(&archive)?;
        Programs::unpacked(unpacked.path())
    } else {
        workspace::enter()?;
        Programs::build()?
    };
    println!("{device}");
    let report = Report::new(device, PARTS.iter().map(|part| measured(part, &programs)));
    heading("All");
    print!("{}", report.table());
    if let Some(path) = &json {
        std::fs::write(path, report.json())
            .with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    Ok(ExitCode::from(u8::from(!report.is_good())))
}

fn measured(part: &Part, programs: &Programs) -> report::Measured {
    heading(&format!("{}: {}", part.name, part.plan));
    let measured = part.measure(programs);
    print!("{measured}");
    measured
}

/// Name, driver and memory of the first GPU, as its driver tells.
fn device() -> Option<String> {
    let mut command = Command::new("nvidia-smi");
    let query = "--query-gpu=name,driver_version,memory.total";
    command.args([query, "--format=csv,noheader"]);
    command.stderr(std::process::Stdio::null());
    let answer = output(&mut command).ok()?;
    let first = answer.lines().next()?.trim();
    let (found, shown) = (!first.is_empty(), describe(&command));
    found.then(|| format!("{first} ({})", shown.split(' ').next().unwrap_or_default()))
}
