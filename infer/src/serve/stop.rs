//! The wish that a server end.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

/// A wish to end, which is heard by all that wait for it.
#[derive(Debug)]
pub struct Stop {
    /// Closed once it is asked for; nobody ever gets a permit.
    asked: Semaphore,
    has_listener: AtomicBool,
}

impl Stop {
    #[allow(clippy::new_without_default, reason = "there is no constant default")]
    pub const fn new() -> Self {
        Self {
            asked: Semaphore::const_new(0),
            has_listener: AtomicBool::new(false),
        }
    }

    /// Asks the server to end. Returns whether it will: it listens, and has not been asked before.
    pub fn ask(&self) -> bool {
        let is_first = !self.is_asked();
        self.asked.close();
        is_first && self.has_listener.load(Ordering::SeqCst)
    }

    pub(super) fn will_be_heard(&self) {
        self.has_listener.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_asked(&self) -> bool {
        self.asked.is_closed()
    }

    /// Ends once it is asked for.
    pub(super) async fn wait(&self) {
        let closed = self.asked.acquire().await;
        debug_assert!(closed.is_err(), "there are no permits");
    }
}
