//! `cargo xtask pi`: `infer` built for a Raspberry Pi, and run in QEMU.

mod builder;
mod package;
mod platform;
mod predictions;
mod suite;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::command::{self, relative};
use builder::{Builder, Variant};
use package::Subject;
use platform::Platform;

pub use suite::suite;

const FLASH_FILE: &str = "models/digits.q8";

const TRACT: &str = "tract";

/// The engine of each kind of model, and the arguments that choose it.
const ENGINES: [(&str, &[&str]); 2] = [
    (TRACT, &["--engine", "float"]),
    (
        "the integer engine",
        &["--engine", "int8", "--model", FLASH_FILE],
    ),
];

/// Pictures that come with the repository.
const SAMPLES: &str = "models/samples";

/// What there is to build, and to do with it.
#[derive(Debug, Args)]
pub struct Options {
    /// The processor as the Raspberry Pi's system sees it: aarch64 in systems of 64 bits, armv7 in those of 32 bits
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(platform::names()))]
    target: String,

    /// Build it without tract: a small program that runs flash files alone
    #[arg(long)]
    flash_only: bool,

    /// Build it with the library of C in it, for any Linux
    #[arg(long = "static")]
    is_static: bool,

    /// Make a package for Debian and Raspberry Pi OS, with the server as a service, and check it
    #[arg(long, conflicts_with = "run")]
    package: bool,

    /// Run the program here in QEMU, with everything that follows as its arguments; paths are seen from the
    /// repository's root
    #[arg(long, value_name = "ARGS", num_args = 1.., allow_hyphen_values = true)]
    run: Vec<OsString>,
}

/// Builds the program; runs it, or says how large and fast it is and how to get it onto a Raspberry Pi.
pub fn run(options: &Options) -> Result<ExitCode> {
    let platform = platform::named(&options.target)
        .with_context(|| format!("--target: expected a platform, found {}", options.target))?;
    let variant = Variant {
        onnx: !options.flash_only,
        is_static: options.is_static,
    };
    let builder = Builder::new(platform, variant)?;
    let program = builder.infer(builder.profile())?;
    if options.package {
        platform.find_emulator()?;
        pack(&Subject {
            platform,
            variant,
            builder: &builder,
            program: &program,
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.run.is_empty() {
        present(platform, variant, &program)?;
        return Ok(ExitCode::SUCCESS);
    }
    platform.find_emulator()?;
    let status = command::status(platform.emulate(&program).args(&options.run))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn pack(subject: &Subject) -> Result<()> {
    let path = package::package(subject)?;
    let checked = package::check(subject, &path)?;
    let path = relative(&path);
    print_size(path)?;
    println!("Checked: {checked}");
    let (path, name) = (
        path.display(),
        path.file_name().unwrap_or_default().display(),
    );
    println!(
        "\
Onto a Raspberry Pi with a system of {} bits, named raspberrypi, with a user pi:
    scp {path} pi@raspberrypi.local:
    ssh pi@raspberrypi.local sudo apt install ./{name}",
        subject.platform.bits
    );
    Ok(())
}

fn print_size(path: &Path) -> Result<()> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    println!("{}: {:.1} MB", path.display(), metadata.len() as f64 / 1e6);
    Ok(())
}

/// Makes sure that programs can be built for a Raspberry Pi's system of 64 bits.
pub fn find_compiler() -> Result<()> {
    let platform = platform::named("aarch64").context("expected a platform aarch64")?;
    platform.find_compiler()
}

fn present(platform: &Platform, variant: Variant, program: &Path) -> Result<()> {
    let program = relative(program);
    let path = program.display();
    print_size(program)?;
    match platform.find_emulator() {
        Ok(()) => {
            let engines = ENGINES
                .iter()
                .filter(|(name, _)| variant.onnx || *name != TRACT);
            for (engine, arguments) in engines {
                let time = time_to_answer(platform, program, arguments)?.as_millis();
                println!("From start to answer in QEMU with {engine}: {time} ms");
            }
        }
        Err(error) => println!("Not run: {error:#}"),
    }
    println!(
        "\
Onto a Raspberry Pi with a system of {} bits, named raspberrypi, with a user pi:
    scp {path} {SAMPLES}/1.png pi@raspberrypi.local:
    ssh pi@raspberrypi.local ./infer predict 1.png",
        platform.bits
    );
    Ok(())
}

/// How long the program takes for one picture, its start and the loading of the model included; the second time, when
/// the files are in memory.
fn time_to_answer(platform: &Platform, program: &Path, arguments: &[&str]) -> Result<Duration> {
    let mut elapsed = Duration::ZERO;
    for _ in 0..2 {
        let mut predict = platform.emulate(program);
        predict.arg("predict").args(arguments);
        predict.arg(format!("{SAMPLES}/1.png"));
        let start = Instant::now();
        command::run(predict.stdout(Stdio::null()))?;
        elapsed = start.elapsed();
    }
    Ok(elapsed)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn everything_after_run_is_for_the_program() {
        let words = "pi --target armv7 --run predict --json --target 1.png";
        let line = CommandLine::try_parse_from(words.split(' ')).unwrap();
        assert_eq!(line.options.target, "armv7");
        assert_eq!(line.options.run, ["predict", "--json", "--target", "1.png"]);
    }
}
