use std::sync::mpsc::{IntoIter, sync_channel};
use std::thread::Scope;

/// Runs `iterator` on a thread of `scope`, at most `depth` items ahead of its consumer and the one in the making.
///
/// A panic of `iterator` ends the items here and goes on at the end of the scope. Dropping the result early ends the
/// thread after its current item.
pub fn prefetch<'scope, I>(
    scope: &'scope Scope<'scope, '_>,
    iterator: I,
    depth: usize,
) -> IntoIter<I::Item>
where
    I: Iterator + Send + 'scope,
    I::Item: Send + 'scope,
{
    let (sender, receiver) = sync_channel(depth);
    scope.spawn(move || {
        for item in iterator {
            if sender.send(item).is_err() {
                break;
            }
        }
    });
    receiver.into_iter()
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn all_items_arrive_in_order_at_any_depth() {
        for depth in [0, 1, 3, 1000] {
            let items: Vec<u32> = thread::scope(|scope| prefetch(scope, 0..100, depth).collect());
            assert_eq!(items, (0..100).collect::<Vec<_>>(), "depth {depth}");
        }
    }

    #[test]
    fn an_endless_iterator_ends_when_its_consumer_is_dropped() {
        let made = AtomicUsize::new(0);
        let endless = std::iter::repeat_with(|| made.fetch_add(1, Ordering::Relaxed));
        let first: Vec<usize> =
            thread::scope(|scope| prefetch(scope, endless, 4).take(3).collect());
        assert_eq!(first, [0, 1, 2]);
        // Three taken, four in the channel, and one that found the channel closed.
        assert!(made.into_inner() <= 3 + 4 + 1);
    }

    #[test]
    fn a_panic_goes_on_after_the_items_before_it() {
        let mut received = Vec::new();
        let failing = (0..).inspect(|&item| assert!(item < 3));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            thread::scope(|scope| received.extend(prefetch(scope, failing, 1)));
        }));
        assert_eq!(received, [0, 1, 2]);
        assert!(outcome.is_err());
    }
}
