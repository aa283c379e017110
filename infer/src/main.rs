//! The program `infer`: see [`infer::cli`].
//!
//! Exit codes: 0 done, 1 something failed (each failure is one `error:` line), 2 wrong usage.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use infer::cli::{Cli, run};

fn main() -> ExitCode {
    let mut failed = false;
    let mut complain = |error: &dyn Display| {
        failed = true;
        // Nowhere is left to report that standard error itself is closed; the exit code still
        // tells.
        let _ = writeln!(io::stderr(), "error: {error}");
    };
    if let Err(error) = run(&Cli::parse(), &mut io::stdout().lock(), &mut complain) {
        complain(&error);
    }
    ExitCode::from(u8::from(failed))
}
