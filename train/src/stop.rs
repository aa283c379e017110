//! The user's wish to stop, as a signal tells it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether a signal came, and what it is to do.
#[derive(Debug, Default)]
pub struct Stop {
    requested: AtomicBool,
    exit_code: AtomicU8,
    /// Whether there is work that looks at the wish and then ends by itself, with something to keep.
    has_work: AtomicBool,
    leftovers: Mutex<Leftovers>,
}

/// What goes with a program that a signal ends at once.
#[derive(Debug, Default)]
pub struct Leftovers {
    /// A folder, if it is empty.
    pub folder: Option<PathBuf>,
    /// Another process that works for this one.
    pub process: Option<u32>,
}

impl Stop {
    /// From here on a first signal is a wish that the work heeds; before, it ends the program.
    pub fn wait_for_work(&self) {
        self.has_work.store(true, Ordering::Relaxed);
    }

    /// Becomes true at the first signal.
    pub fn requested(&self) -> &AtomicBool {
        &self.requested
    }

    /// What the program is to end with once its work is over, if a signal came.
    pub fn exit_code(&self) -> Option<u8> {
        let code = self.exit_code.load(Ordering::Relaxed);
        (code != 0).then_some(code)
    }

    pub fn leftovers(&self) -> MutexGuard<'_, Leftovers> {
        self.leftovers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a signal of this number. Whether the program is to end at once; then its leftovers and temporary files are gone.
    pub fn signal(&self, number: u8) -> bool {
        let ends = self.ends(number);
        if ends {
            let leftovers = self.leftovers();
            leftovers.remove();
            // Whoever would leave something else waits for the end.
            std::mem::forget(leftovers);
        }
        ends
    }

    fn ends(&self, number: u8) -> bool {
        self.exit_code.store(128 + number, Ordering::Relaxed);
        let second = self.requested.swap(true, Ordering::Relaxed);
        second || !self.has_work.load(Ordering::Relaxed)
    }
}

impl Leftovers {
    fn remove(&self) {
        #[cfg(unix)]
        if let Some(process) = self.process {
            let process = nix::unistd::Pid::from_raw(process as i32);
            let _ = nix::sys::signal::kill(process, nix::sys::signal::SIGKILL);
        }
        // They may be in the folder.
        input::file::remove_temporaries();
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_waited_for_once() {
        let stop = Stop::default();
        assert!(stop.ends(2), "there is nothing to wait for");
        let stop = Stop::default();
        stop.wait_for_work();
        assert_eq!(stop.exit_code(), None);
        assert!(!stop.ends(15));
        assert!(stop.requested().load(Ordering::Relaxed));
        assert_eq!(stop.exit_code(), Some(143));
        assert!(stop.ends(2));
    }
}
