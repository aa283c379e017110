//! The program `train`.

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::Parser;
use train::cli::Cli;
use train::commands::{self, INTERRUPTED};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let second_time = || INTERRUPTED.swap(true, Ordering::Relaxed);
    let handler = ctrlc::set_handler(move || {
        if second_time() {
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
