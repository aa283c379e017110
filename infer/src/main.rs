//! The program `infer`: see [`infer::cli`].
//!
//! Exit codes: 0 done, 1 something failed (each failure is one `error:` line), 2 wrong usage, 130 and 143 ended by a
//! signal.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;
use infer::cli::{Cli, Error, run};

fn main() -> ExitCode {
    #[cfg(unix)]
    end_by_signals();
    let mut failed = false;
    let mut complain = |error: &dyn Display| {
        failed = true;
        // Nowhere is left to report that standard error itself is closed; the exit code still
        // tells.
        let _ = writeln!(io::stderr(), "error: {error}");
    };
    match Cli::try_parse() {
        Ok(cli) => {
            if let Err(error) = run(&cli, &mut io::stdout().lock(), &mut complain) {
                complain(&error);
            }
        }
        Err(usage) => match usage.print().and_then(|()| io::stdout().flush()) {
            Err(error) if !usage.use_stderr() && error.kind() != ErrorKind::BrokenPipe => {
                complain(&Error::Output(error));
            }
            _ => return ExitCode::from(usage.exit_code() as u8),
        },
    }
    ExitCode::from(u8::from(failed))
}

/// Has Ctrl-C and the request to terminate end the program without a file left under a temporary name.
#[cfg(unix)]
fn end_by_signals() {
    use nix::sys::signal::{SigSet, Signal};
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    // All threads inherit it, so that only the one below gets them. Without it, the system ends the program.
    if signals.thread_block().is_err() {
        return;
    }
    std::thread::spawn(move || {
        if let Ok(signal) = signals.wait() {
            infer::file::remove_temporaries();
            std::process::exit(128 + signal as i32);
        }
    });
}
