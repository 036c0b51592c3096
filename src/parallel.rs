//! Work shared out to threads.
//!
//! What computes runs on the threads of one pool, which stay: most pieces of work are so short that to start threads for each would take
//! as long. What waits has threads of its own.

use crate::error::{Error, Result};
use rayon::{
    ThreadPoolBuilder,
    iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator},
    slice::ParallelSliceMut,
};
use std::{
    cmp::Ordering,
    sync::atomic::{self, AtomicBool, AtomicUsize},
};

/// So many threads may be asked for on any machine; beyond that no more than it has cores, where more would only wait for each other.
const FEW: usize = 8;

/// Runs some work, and all that is shared out inside it, on so many threads: at least one, and not many more than there are cores.
///
/// # Errors
/// When they cannot be started.
pub fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> Result<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.clamp(1, cores.max(FEW));
    if rayon::current_thread_index().is_some() && rayon::current_num_threads() == threads {
        return Ok(work());
    }
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Error::new(format!("{threads} threads cannot be started: {error}")))?;
    Ok(pool.install(work))
}

/// The threads that work is shared out to here.
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}

/// Whether this thread has work that it has not begun: others that are free take that.
pub(crate) fn has_work_waiting() -> bool {
    rayon_core::current_thread_has_pending_tasks() == Some(true)
}

/// What two pieces of work come to, at once where a thread is free.
pub(crate) fn at_once<A: Send, B: Send>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(one, other)
}

/// Does some work once a thread is free; nobody waits for it.
pub(crate) fn later(work: impl FnOnce() + Send + 'static) {
    rayon::spawn(work);
}

/// What each item becomes, in the items' order; threads that are free take some of them.
pub(crate) fn shared_out<T: Send, R: Send>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> R + Sync + Send,
) -> Vec<R> {
    let items: Vec<T> = items.into_iter().collect();
    if items.len() < 2 {
        return items.into_iter().map(work).collect();
    }
    items.into_par_iter().with_max_len(1).map(work).collect()
}

/// What many numbers from 0 on become, in their order: so little work each that some hundred are taken at once.
pub(crate) fn numbered<R: Send>(count: usize, work: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    (0..count).into_par_iter().with_min_len(512).map(work).collect()
}

/// Sorts items, by all threads; what is equal may change places.
pub(crate) fn sort<T: Send>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering + Sync) {
    items.par_sort_unstable_by(order);
}

/// What each item becomes, in the items' order, with at most `limit` of them in work at a time: for work that waits more than it
/// computes.
///
/// # Errors
/// Of several the one of the first item, whatever the order in which they were met; what follows is not begun.
pub(crate) fn a_few_at_once<T: Sync, R: Send, E: Send>(
    items: &[T],
    limit: usize,
    work: impl Fn(&T) -> std::result::Result<R, E> + Sync,
) -> std::result::Result<Vec<R>, E> {
    let workers = limit.min(items.len());
    if workers < 2 {
        return items.iter().map(work).collect();
    }
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let take = || {
        let mut done = Vec::new();
        // Items are handed out in order, so every lower one is done or being done when one fails.
        while !failed.load(atomic::Ordering::Relaxed) {
            let at = next.fetch_add(1, atomic::Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            let result = work(item);
            if result.is_err() {
                failed.store(true, atomic::Ordering::Relaxed);
            }
            done.push((at, result));
        }
        done
    };
    let mut done: Vec<(usize, std::result::Result<R, E>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(take)).collect();
        let results = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        results.flat_map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Mutex, time::Duration};

    #[test]
    fn what_is_shared_out_comes_back_in_order() {
        for threads in [0, 1, 2, 7] {
            let slow = |item: u64| {
                // Some take longer than all others together.
                std::thread::sleep(Duration::from_millis(if item.is_multiple_of(10) { 10 } else { 0 }));
                (item * 2, rayon::current_num_threads())
            };
            let all = with_threads(threads, || at_once(|| shared_out(0..30, slow), || shared_out(0..0, slow))).unwrap();
            let expected: Vec<_> = (0..30).map(|item| (item * 2, threads.max(1))).collect();
            assert_eq!(all, (expected, vec![]));
        }
    }

    #[test]
    fn thousands_of_threads_are_not_started() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        assert_eq!(with_threads(100_000, threads).unwrap(), cores.max(FEW));
    }

    #[test]
    fn a_panic_in_a_worker_is_the_leaders() {
        let run = || with_threads(3, || shared_out(0..9, |item: u32| assert_ne!(item, 7)));
        assert!(std::panic::catch_unwind(run).is_err());
    }

    #[test]
    fn a_few_are_in_work_in_order_and_the_first_error_is_told() {
        let now = Mutex::new((0, 0));
        let items: Vec<u64> = (0..20).collect();
        let double = |item: &u64| {
            let mut counts = now.lock().unwrap();
            counts.0 += 1;
            counts.1 = counts.1.max(counts.0);
            drop(counts);
            // The later, the quicker.
            std::thread::sleep(Duration::from_millis(20 - item));
            now.lock().unwrap().0 -= 1;
            if *item < 15 { Ok(item * 2) } else { Err(*item) }
        };
        assert_eq!(a_few_at_once(&items[..15], 4, double), Ok((0..15).map(|item| item * 2).collect()));
        assert_eq!(now.lock().unwrap().1, 4);
        assert_eq!(a_few_at_once(&items, 4, double), Err(15));
        assert_eq!(a_few_at_once(&[] as &[u64], 4, double), Ok(vec![]));
    }
}
