//! Work on all cores.

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

/// What `of` makes of each number, in order: neighbours on one core, as many at once as there are cores.
pub fn map<T: Send>(numbers: Range<usize>, of: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let share = numbers.len().div_ceil(cores()).max(1);
    let parts = numbers
        .clone()
        .step_by(share)
        .map(|start| start..numbers.end.min(start + share));
    thread::scope(|scope| {
        let of = &of;
        let work = |part: Range<usize>| scope.spawn(move || part.map(of).collect::<Vec<T>>());
        let workers: Vec<_> = parts.map(work).collect();
        let found = workers.into_iter().map(ScopedJoinHandle::join);
        found
            .flat_map(|part| part.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// Threads that can run at once.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_keeps_its_order() {
        for count in [0, 1, 2, 3, 100] {
            let expected: Vec<usize> = (5..5 + count).map(|number| number * number).collect();
            assert_eq!(map(5..5 + count, |number| number * number), expected);
        }
    }
}
