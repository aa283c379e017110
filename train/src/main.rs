//! The program `train`.

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::Parser;
use train::cli::{Cli, Command};
use train::commands::{self, INTERRUPTED};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A fit ends after its step, an export soon and a quantisation with its stage; the others have nothing to finish.
    let patient = matches!(cli.command, Command::Fit(_) | Command::Export(_) | Command::Quantize(_));
    let second_time = || INTERRUPTED.swap(true, Ordering::Relaxed);
    let handler = ctrlc::set_handler(move || {
        if !patient || second_time() {
            std::process::exit(130);
        }
    });
    if let Err(error) = handler {
        eprintln!("note: Ctrl-C will end the program at once: {error}");
    }
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
