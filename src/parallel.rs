//! Work shared out to threads.

mod crew;

pub(crate) use crew::with_crew;

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// What each item becomes, each on a thread of its own, in the items' order.
pub(crate) fn in_parallel<T: Send, R: Send>(items: impl Iterator<Item = T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let work = &work;
    std::thread::scope(|scope| {
        let workers: Vec<_> = items.map(|item| scope.spawn(move || work(item))).collect();
        let results = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        results.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// What two pieces of work come to, at once where there are threads for both.
pub(crate) fn at_once<A: Send, B>(threads: usize, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if threads < 2 {
        return (one(), other());
    }
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), other)
    })
}

/// What each item becomes, in the items' order; each of so many threads takes the next one as soon as it is done with one.
pub(crate) fn shared_out<T: Send, R: Send>(items: Vec<T>, threads: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let workers = threads.min(items.len());
    if workers < 2 {
        return items.into_iter().map(work).collect();
    }
    let queue = Mutex::new(items.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let take = |_| {
        let mut done = Vec::new();
        while let Some((at, item)) = next() {
            done.push((at, work(item)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = in_parallel(0..workers, take).into_iter().flatten().collect();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What each item becomes, in the items' order, with at most `limit` of them in work at a time: for work that waits more than it
/// computes.
///
/// # Errors
/// Of several the one of the first item, whatever the order in which they were met; what follows is not begun.
pub(crate) fn a_few_at_once<T: Sync, R: Send, E: Send>(
    items: &[T],
    limit: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let workers = limit.min(items.len());
    if workers < 2 {
        return items.iter().map(work).collect();
    }
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let take = |_| {
        let mut done = Vec::new();
        // Items are handed out in order, so every lower one is done or being done when one fails.
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            let result = work(item);
            if result.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            done.push((at, result));
        }
        done
    };
    let mut done: Vec<(usize, Result<R, E>)> = in_parallel(0..workers, take).into_iter().flatten().collect();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_shared_out_comes_back_in_order() {
        for threads in [0, 1, 2, 7] {
            let items: Vec<u64> = (0..30).collect();
            let slow = |item: u64| {
                // Some take longer than all others together.
                std::thread::sleep(Duration::from_millis(if item.is_multiple_of(10) { 10 } else { 0 }));
                item * 2
            };
            assert_eq!(shared_out(items, threads, slow), (0..30).map(|item| item * 2).collect::<Vec<_>>());
        }
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
