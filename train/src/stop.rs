//! Stopping at the user's word.

use std::sync::atomic::{AtomicBool, Ordering};

/// The user stopped a command that writes its results at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted; nothing was written")]
pub struct Stopped;

/// What work looks at between two of its steps; true once the user wants it to stop.
#[derive(Clone, Copy, Debug)]
pub struct Stop<'a>(pub &'a AtomicBool);

impl Stop<'_> {
    /// Fails once the user wants to stop.
    pub fn check(self) -> Result<(), Stopped> {
        if self.0.load(Ordering::Relaxed) {
            Err(Stopped)
        } else {
            Ok(())
        }
    }
}
