//! The program `train`.
//!
//! Exit codes: 0 done; 1 something failed, which one `error:` line says; 2 wrong usage; 130, 143, 129 ended by SIGINT,
//! SIGTERM, SIGHUP; 141 done, but nobody read all results.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use train::cli::Cli;
use train::commands;
use train::console::{Console, note, say};
use train::stop::Stop;

fn main() -> ExitCode {
    let stop = Arc::new(Stop::default());
    let heard = Arc::clone(&stop);
    if let Err(error) = input::signals::watch(move |number| heard.signal(number)) {
        note(format_args!("Ctrl-C will end the program at once: {error}"));
    }
    report_panics();
    let mut console = Console::new(io::stdout());
    let code = match Cli::try_parse() {
        Ok(cli) => run(&cli, &mut console, &stop),
        Err(usage) if usage.use_stderr() => usage.exit(),
        Err(help) => {
            console.record(help.print());
            0
        }
    };
    console.finish(code)
}

fn run(cli: &Cli, console: &mut Console, stop: &Stop) -> u8 {
    let code = match commands::run(cli, console, stop) {
        Ok(()) => 0,
        Err(error) => {
            say(format_args!("error: {error}"));
            1
        }
    };
    stop.exit_code().unwrap_or(code)
}

/// tract panics on some damaged models, inside a C interface that turns a panic into an abort: this comes before it.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.to_string().replace('\n', " ");
        say(format_args!(
            "error: a model that contradicts itself, or an internal failure: {message}"
        ));
        input::file::remove_temporaries();
        std::process::exit(1);
    }));
}
