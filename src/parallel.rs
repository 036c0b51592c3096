//! Work shared out to threads.

/// What each item becomes, each on a thread of its own, in the items' order.
pub(crate) fn in_parallel<T: Send, R: Send>(items: impl Iterator<Item = T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let work = &work;
    std::thread::scope(|scope| {
        let workers: Vec<_> = items.map(|item| scope.spawn(move || work(item))).collect();
        let results = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        results.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
