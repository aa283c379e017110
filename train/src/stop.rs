//! The user's wish to stop, as a signal tells it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Whether a signal came, and what it is to do.
#[derive(Debug, Default)]
pub struct Stop {
    requested: AtomicBool,
    exit_code: AtomicU8,
    /// Whether there is work that looks at the wish and then ends by itself, with something to keep.
    has_work: AtomicBool,
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

    /// Notes a signal of this number. Whether the program is to end at once.
    pub fn signal(&self, number: u8) -> bool {
        self.exit_code.store(128 + number, Ordering::Relaxed);
        let second = self.requested.swap(true, Ordering::Relaxed);
        second || !self.has_work.load(Ordering::Relaxed)
    }
}

/// Takes over the signals that ask a program to end. To be called before there are other threads, which inherit that
/// these signals wait.
#[cfg(unix)]
pub fn watch(stop: std::sync::Arc<Stop>) {
    use nix::sys::signal::{SigSet, Signal};

    let mut signals = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        if !is_ignored(signal as u32) {
            signals.add(signal);
        }
    }
    if let Err(error) = signals.thread_block() {
        return crate::console::note(format_args!("Ctrl-C will end the program at once: {error}"));
    }
    std::thread::spawn(move || {
        while let Ok(signal) = signals.wait() {
            if stop.signal(signal as u8) {
                input::file::remove_temporaries();
                std::process::exit(128 + signal as i32);
            }
        }
    });
}

#[cfg(not(unix))]
pub fn watch(_: std::sync::Arc<Stop>) {}

/// Whether the program was started with a signal ignored, as `nohup` does with SIGHUP. Linux tells; elsewhere it was not.
#[cfg(unix)]
fn is_ignored(signal: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_waited_for_once() {
        let stop = Stop::default();
        assert!(stop.signal(2), "there is nothing to wait for");
        let stop = Stop::default();
        stop.wait_for_work();
        assert_eq!(stop.exit_code(), None);
        assert!(!stop.signal(15));
        assert!(stop.requested().load(Ordering::Relaxed));
        assert_eq!(stop.exit_code(), Some(143));
        assert!(stop.signal(2));
    }
}
