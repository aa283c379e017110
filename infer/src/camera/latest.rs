//! The newest frame, on its way from one thread to another.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::counts::{Counts, Fate};

/// A frame that has come whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its number in the stream, from 1 on.
    pub number: u64,
    /// When it was whole, since the stream was opened.
    pub at: Duration,
    pub bytes: Vec<u8>,
}

/// Room for one frame.
#[derive(Debug)]
pub struct Latest {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether a frame waits until the one before it is taken.
    waits: bool,
}

#[derive(Debug, Default)]
struct State {
    frame: Option<Frame>,
    end: Option<io::Result<()>>,
}

impl Latest {
    pub fn new(waits: bool) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            waits,
        }
    }

    /// Puts a frame in the place of an earlier one, which is dropped.
    pub fn put(&self, frame: Frame, counts: &Counts) {
        let mut state = self.lock();
        while self.waits && state.frame.is_some() {
            state = self.wait(state);
        }
        if state.frame.replace(frame).is_some() {
            counts.count(Fate::Dropped);
        }
        self.changed.notify_all();
    }

    /// Says that no frame follows, and why.
    pub fn end(&self, result: io::Result<()>) {
        self.lock().end = Some(result);
        self.changed.notify_all();
    }

    /// Waits for a frame that was not taken before; `None` at the end of the stream.
    pub fn take(&self) -> io::Result<Option<Frame>> {
        let mut state = self.lock();
        loop {
            if let Some(frame) = state.frame.take() {
                self.changed.notify_all();
                return Ok(Some(frame));
            }
            if let Some(result) = &mut state.end {
                return std::mem::replace(result, Ok(())).map(|()| None);
            }
            state = self.wait(state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        let changed = self.changed.wait(state);
        changed.unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    fn frame(number: u64) -> Frame {
        Frame {
            number,
            at: Duration::ZERO,
            bytes: Vec::new(),
        }
    }

    #[test]
    fn the_newest_frame_wins() {
        let (latest, counts) = (Latest::new(false), Counts::start());
        for number in 1..=5 {
            latest.put(frame(number), &counts);
        }
        assert_eq!(latest.take().unwrap(), Some(frame(5)));
        assert_eq!(counts.of(Fate::Dropped), 4);
        latest.put(frame(6), &counts);
        latest.end(Err(io::ErrorKind::NotConnected.into()));
        assert_eq!(latest.take().unwrap(), Some(frame(6)));
        assert!(latest.take().is_err());
        assert_eq!(latest.take().unwrap(), None);
        assert_eq!(counts.of(Fate::Dropped), 4);
    }

    #[test]
    fn a_file_waits() {
        let (latest, counts) = (Arc::new(Latest::new(true)), Counts::start());
        let (slot, reader) = (Arc::clone(&latest), Arc::clone(&counts));
        let reader = thread::spawn(move || {
            (1..=100).for_each(|number| slot.put(frame(number), &reader));
            slot.end(Ok(()));
        });
        for number in 1..=100 {
            assert_eq!(latest.take().unwrap(), Some(frame(number)));
        }
        assert_eq!(latest.take().unwrap(), None);
        reader.join().unwrap();
        assert_eq!(counts.of(Fate::Dropped), 0);
    }
}
