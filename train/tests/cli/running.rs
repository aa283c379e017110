//! A program under way.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::{Finished, Sandbox};

/// Far more than any of these programs needs to end, even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A program with what it has printed so far.
pub struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    printed: String,
}

impl Running {
    pub fn start(sandbox: &Sandbox, line: &str) -> Self {
        Self::of(&mut sandbox.command(line))
    }

    pub fn of(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            stdout,
            printed: String::new(),
        }
    }

    /// Waits for a printed line that starts like this.
    pub fn wait_for_line(&mut self, start: &str) {
        loop {
            let position = self.printed.len();
            let length = self.stdout.read_line(&mut self.printed).unwrap();
            let printed = &self.printed;
            assert!(length > 0, "ended without a line `{start}`: {printed}");
            if self.printed[position..].starts_with(start) {
                return;
            }
        }
    }

    /// Sends a signal, by the name that `kill` knows.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end; a program that goes on is killed, and the test fails.
    pub fn finish(mut self) -> Finished {
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            if start.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("expected an end, but it went on: {}", self.printed);
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.stdout.read_to_string(&mut self.printed).unwrap();
        let output = self.child.wait_with_output().unwrap();
        Finished {
            stdout: self.printed,
            ..output.into()
        }
    }
}
