//! What a program says: results on standard output, notes on standard error. Neither ends the work when it cannot be
//! written: the first failure is kept for the end.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// Exit code of a program whose reader went away, which a shell shows for a program ended by SIGPIPE.
const CLOSED_PIPE: u8 = 141;

pub struct Console {
    output: Box<dyn Write>,
    failure: Option<io::Error>,
}

impl Console {
    pub fn new(output: impl Write + 'static) -> Self {
        Self {
            output: Box::new(output),
            failure: None,
        }
    }

    /// A line of results; nothing once one could not be written.
    pub fn line(&mut self, text: impl Display) {
        self.write(format!("{text}\n").as_bytes());
    }

    pub fn write(&mut self, bytes: &[u8]) {
        if self.failure.is_none() {
            let output = &mut self.output;
            let written = output.write_all(bytes).and_then(|()| output.flush());
            self.record(written);
        }
    }

    /// Keeps what became of results that were written elsewhere.
    pub fn record(&mut self, written: io::Result<()>) {
        self.failure = self.failure.take().or(written.err());
    }

    /// The exit code of a program that ends with `code` unless its results could not be written, which it says.
    pub fn finish(self, code: u8) -> ExitCode {
        let code = match self.failure {
            Some(_) if code != 0 => code,
            Some(error) if error.kind() == ErrorKind::BrokenPipe => CLOSED_PIPE,
            Some(error) => {
                say(format_args!(
                    "error: standard output: expected to write all results, found: {error}; all else is done"
                ));
                1
            }
            None => code,
        };
        code.into()
    }
}

/// A line for whoever watches, about something that ends nothing.
pub fn note(text: impl Display) {
    say(format_args!("note: {text}"));
}

/// A line on standard error, which may be closed: nowhere is left to report that.
pub fn say(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
