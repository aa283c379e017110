//! How far a long work is, on a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

/// A line on standard error that is written over and over, if that is a terminal and the work is slow.
pub struct Progress {
    total: usize,
    unit: &'static str,
    start: Instant,
    shown: bool,
}

impl Progress {
    /// For so many steps, counted in `unit`.
    pub fn new(total: usize, unit: &'static str, slow: bool) -> Self {
        Self {
            total,
            unit,
            start: Instant::now(),
            shown: slow && io::stderr().is_terminal(),
        }
    }

    /// Makes room for another line on standard error.
    pub fn hide(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    /// Shows that so many steps are done, at least one.
    pub fn show(&self, done: usize) {
        if self.shown {
            let left =
                self.start.elapsed().as_secs_f64() * (self.total - done) as f64 / done as f64;
            // Whoever closed it does not want to know.
            let _ = write!(
                io::stderr(),
                "\r{done} of {} {}, {left:.0} s left \x1b[K",
                self.total,
                self.unit
            );
        }
    }
}

impl Drop for Progress {
    /// Leaves an empty line for what comes next.
    fn drop(&mut self) {
        self.hide();
    }
}
