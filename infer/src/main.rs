//! The program `infer`: see [`infer::cli`].
//!
//! Exit codes: 0 done, where a model does not accept an input, too; 1 something failed (each failure is one `error:` line);
//! 2 wrong usage; 130, 143, 129 ended by SIGINT, SIGTERM, SIGHUP, but for a server, which ends with 0 once it has answered.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;
use infer::cli::{Cli, Error, run};

fn main() -> ExitCode {
    // Without it, the system ends the program.
    let _ = input::signals::watch(|_| {
        input::file::remove_temporaries();
        infer::camera::end_recorder();
        infer::camera::say_counts();
        // A server ends by itself once it has answered.
        !infer::serve::STOP.ask()
    });
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
