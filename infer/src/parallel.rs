//! Work on all cores.

use std::convert::Infallible;
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded, select};

/// Jobs for each core that are begun or wait while an earlier one is not done.
const JOBS: usize = 16;

/// Results of a job that wait until it is its turn.
const RESULTS: usize = 16;

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

/// Has all cores `work` on jobs, each of which gives any number of results, and shows `visit` the results of each job in the
/// order of the jobs, as soon as they are there. A job gives to a function that says whether more is wanted.
///
/// However many jobs there are, few are held at once; and while none comes, nothing that is done waits. An error of `visit`
/// ends the work.
pub fn in_order<J: Send + 'static, T: Send + 'static, E>(
    jobs: impl Iterator<Item = J> + Send + 'static,
    work: impl Fn(J, &mut dyn FnMut(T) -> bool) + Sync,
    mut visit: impl FnMut(&mut dyn Iterator<Item = T>) -> Result<(), E>,
) -> Result<(), E> {
    let (queue, waiting) = bounded(JOBS * cores());
    let (turns, in_turn) = bounded(JOBS * cores());
    // Nobody waits for a job that may never come once no more is wanted, so this thread is none of the scope.
    let feeder = thread::spawn(move || feed(jobs, &queue, &turns));
    let (end, ended) = bounded::<Infallible>(0);
    thread::scope(|scope| {
        for _ in 0..cores() {
            let (work, waiting, ended) = (&work, waiting.clone(), ended.clone());
            scope.spawn(move || {
                while let Some((job, results)) = next(&waiting, &ended) {
                    work(job, &mut |result| results.send(result).is_ok());
                }
            });
        }
        // If all workers fail, nobody is to wait for what they leave.
        drop(waiting);
        let _end = end;
        in_turn
            .into_iter()
            .try_for_each(|results| visit(&mut results.into_iter()))
    })?;
    feeder.join().unwrap_or_else(|panic| resume_unwind(panic));
    Ok(())
}

/// Hands each job to the workers, and its results to who waits for them in turn, until nobody does.
fn feed<J, T>(
    jobs: impl Iterator<Item = J>,
    queue: &Sender<(J, Sender<T>)>,
    turns: &Sender<Receiver<T>>,
) {
    for job in jobs {
        let (results, wanted) = bounded(RESULTS);
        if turns.send(wanted).is_err() || queue.send((job, results)).is_err() {
            return;
        }
    }
}

/// Waits for the next job; `None` after the last one, or once `ended` is disconnected.
fn next<J>(waiting: &Receiver<J>, ended: &Receiver<Infallible>) -> Option<J> {
    select! {
        recv(waiting) -> job => job.ok(),
        recv(ended) -> _ => None,
    }
}

/// Threads that can run at once.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use std::iter;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_made_keeps_its_order() {
        for count in [0, 1, 2, 3, 100] {
            let expected: Vec<usize> = (5..5 + count).map(|number| number * number).collect();
            assert_eq!(map(5..5 + count, |number| number * number), expected);
        }
    }

    /// Gives a number as often as it says, the first ones last.
    fn repeat(number: usize, give: &mut dyn FnMut(usize) -> bool) {
        thread::sleep(Duration::from_micros(300_u64.saturating_sub(number as u64)));
        (0..number % 40).all(|_| give(number));
    }

    #[test]
    fn jobs_with_any_number_of_results_keep_their_order() {
        for count in [0, 1, 2, 300] {
            let mut found = Vec::new();
            let visit = |results: &mut dyn Iterator<Item = usize>| -> Result<(), Infallible> {
                found.push(results.collect::<Vec<_>>());
                Ok(())
            };
            in_order(0..count, repeat, visit).unwrap();
            let expected = (0..count).map(|number| vec![number; number % 40]);
            assert_eq!(found, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn jobs_without_end_do_not_pile_up() {
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&begun);
        let jobs = iter::repeat_with(move || counter.fetch_add(1, SeqCst));
        let mut visited = 0;
        let ended = in_order(jobs, repeat, |results| {
            visited += 1;
            // Those that wait for their turn, and the one that waits for room.
            assert!(begun.load(SeqCst) <= visited + JOBS * cores() + 1);
            // Those that are not looked at keep nobody.
            let _ = results.next();
            (visited < 500).then_some(()).ok_or("enough")
        });
        assert_eq!((ended, visited), (Err("enough"), 500));
    }

    #[test]
    fn nothing_that_is_done_waits_for_another_job() {
        let (send, jobs) = mpsc::channel();
        let next = move || jobs.recv().ok();
        let give = |number: usize, give: &mut dyn FnMut(usize) -> bool| {
            give(number);
        };
        send.send(0).unwrap();
        let ended = in_order(iter::from_fn(next), give, |results| {
            let number = results.next().unwrap();
            let _ = send.send(number + 1);
            (number < 100).then_some(()).ok_or(number)
        });
        assert_eq!(ended, Err(100));
        // And an end does not wait for one either.
        let silent = iter::once(7).chain(iter::from_fn(|| -> Option<usize> {
            thread::sleep(Duration::from_hours(1));
            None
        }));
        assert_eq!(in_order(silent, give, |_| Err("enough")), Err("enough"));
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_fault_of_the_workers_is_not_lost() {
        let work = |_: usize, _: &mut dyn FnMut(usize) -> bool| panic!("a fault");
        let _ = in_order(0..1000, work, |_| Ok::<(), Infallible>(()));
    }
}
