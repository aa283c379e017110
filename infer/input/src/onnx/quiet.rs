//! Panics of other people's code, made into errors.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use super::{OnnxError, avoid_tiles};

thread_local! {
    /// Whether a panic of this thread is expected, and not worth a word.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may panic, as tract does on a graph that contradicts itself; that is an error, and nothing is printed.
///
/// The process's panic hook is wrapped once and for all, and still hears of the panics of all other threads.
pub fn guarded<T, E: Into<OnnxError>>(run: impl FnOnce() -> Result<T, E>) -> Result<T, OnnxError> {
    avoid_tiles();
    let panic = || OnnxError::Graph("a contradiction that makes tract panic".to_owned());
    without_panic(run).ok_or_else(panic)?.map_err(E::into)
}

fn without_panic<T>(run: impl FnOnce() -> T) -> Option<T> {
    static WRAP: Once = Once::new();
    WRAP.call_once(|| {
        let hook = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                hook(panic);
            }
        }));
    });
    let before = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    QUIET.set(before);
    result.ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn only_the_threads_that_may_be_are_silent() {
        static HEARD: AtomicUsize = AtomicUsize::new(0);
        let hook = take_hook();
        set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref() == Some(&"heard") {
                HEARD.fetch_add(1, Ordering::Relaxed);
            } else {
                hook(panic);
            }
        }));
        let silent = || (0..50).all(|_| without_panic(|| panic!("silent")).is_none());
        let loud = || {
            for _ in 0..50 {
                assert_eq!(without_panic(|| 7), Some(7));
                catch_unwind(|| panic!("heard")).unwrap_err();
            }
        };
        thread::scope(|scope| {
            let silent = [scope.spawn(silent), scope.spawn(silent)];
            let loud = [scope.spawn(loud), scope.spawn(loud)];
            assert!(silent.into_iter().all(|thread| thread.join().unwrap()));
            assert!(loud.into_iter().all(|thread| thread.join().is_ok()));
        });
        assert_eq!(HEARD.load(Ordering::Relaxed), 100);
    }
}
