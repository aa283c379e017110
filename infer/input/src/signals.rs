//! Signals that ask a program to end: SIGINT, SIGTERM, SIGHUP.

use std::io;

/// Has a thread of its own wait for the signals, but for SIGHUP where the program was started to ignore it. `ends` hears
/// the number of each and says whether the program is to end, after having removed what must not be left, such as the
/// [temporary files](crate::file::remove_temporaries); then it does, with 128 + number.
///
/// To be called before there are other threads, which inherit that these signals wait.
#[cfg(unix)]
pub fn watch(mut ends: impl FnMut(u8) -> bool + Send + 'static) -> io::Result<()> {
    use std::sync::mpsc;

    use nix::sys::signal::{SigSet, Signal};

    let all = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
    let signals: SigSet = all
        .into_iter()
        // A shell's script has its background jobs ignore SIGINT, too, but who sends that means it.
        .filter(|&one| one != Signal::SIGHUP || !is_ignored(one as u32))
        .collect();
    signals.thread_block()?;
    let (started, is_started) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = started.send(());
        while let Ok(signal) = signals.wait() {
            if ends(signal as u8) {
                // No destructor is to run below threads that are still at work in a library.
                signal_hook::low_level::exit(128 + signal as i32);
            }
        }
    });
    // While a library is being loaded, which may take for ever, no thread starts.
    let _ = is_started.recv();
    Ok(())
}

/// Elsewhere the system ends the program.
#[cfg(not(unix))]
pub fn watch(_: impl FnMut(u8) -> bool + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// Whether the program was started with a signal ignored, as `nohup` does with SIGHUP. Linux tells; elsewhere it was not.
#[cfg(unix)]
fn is_ignored(signal: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
