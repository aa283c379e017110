//! The program `train`.

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::Parser;
use train::cli::Cli;
use train::commands::{self, INTERRUPTED, PATIENT};

fn main() -> ExitCode {
    let cli = Cli::parse();
    report_panics();
    let second_time = || INTERRUPTED.swap(true, Ordering::Relaxed);
    let handler = ctrlc::set_handler(move || {
        if !PATIENT.load(Ordering::Relaxed) || second_time() {
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

/// tract panics on some damaged models, inside a C interface that turns a panic into an abort: this comes before it.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.to_string().replace('\n', " ");
        eprintln!("error: a model that contradicts itself, or an internal failure: {message}");
        std::process::exit(1);
    }));
}
