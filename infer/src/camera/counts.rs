//! What has become of the frames.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// The counts of the program's stream.
static CURRENT: OnceLock<Arc<Counts>> = OnceLock::new();

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Predicted,
    /// A newer one took its place.
    Dropped,
    /// It is like the last one that was predicted.
    Unchanged,
    /// There is no drawing in it, for a model of drawings.
    Blank,
    /// There are several of them.
    Several,
    /// It was cut in the stream, or could not be decoded.
    Broken,
}

impl Fate {
    const ALL: [(Self, &str); 6] = [
        (Self::Predicted, "predicted"),
        (Self::Dropped, "dropped"),
        (Self::Unchanged, "unchanged"),
        (Self::Blank, "blank"),
        (Self::Several, "several drawings"),
        (Self::Broken, "broken"),
    ];
}

/// How many frames of a stream have become what. [`fmt::Display`] is one line.
#[derive(Debug)]
pub struct Counts {
    start: Instant,
    frames: AtomicU64,
    /// By fate.
    fates: [AtomicU64; Fate::ALL.len()],
}

impl Counts {
    /// Begins to count; [`say_counts`] tells the counts that began first.
    pub fn start() -> Arc<Self> {
        let counts = Arc::new(Self {
            start: Instant::now(),
            frames: AtomicU64::default(),
            fates: Default::default(),
        });
        CURRENT.get_or_init(|| Arc::clone(&counts));
        counts
    }

    /// Counts a frame that has come, and gives its number, from 1 on.
    pub fn number(&self) -> u64 {
        self.frames.fetch_add(1, Relaxed) + 1
    }

    /// The number of all frames.
    pub fn frames(&self) -> u64 {
        self.frames.load(Relaxed)
    }

    /// Counts a frame that has come to this.
    pub fn count(&self, fate: Fate) {
        self.fates[fate as usize].fetch_add(1, Relaxed);
    }

    pub fn of(&self, fate: Fate) -> u64 {
        self.fates[fate as usize].load(Relaxed)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.start.elapsed().as_secs_f64();
        let rate = |count: u64| count as f64 / seconds.max(0.001);
        let (frames, predicted) = (self.frames(), self.of(Fate::Predicted));
        write!(
            f,
            "camera: {frames} frames in {seconds:.1} s ({:.1} a second, {:.1} predicted)",
            rate(frames),
            rate(predicted)
        )?;
        for (fate, name) in Fate::ALL {
            write!(f, ", {} {name}", self.of(fate))?;
        }
        Ok(())
    }
}

/// Tells on standard error what has become of the frames so far, if there is a stream.
pub fn say_counts() {
    if let Some(counts) = CURRENT.get() {
        // Whoever closed it does not want to know.
        let _ = writeln!(io::stderr(), "{counts}");
    }
}
