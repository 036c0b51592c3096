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

/// What each item becomes, in the items' order; each of so many threads takes as many, one after another.
pub(crate) fn shared_out<T: Send, R: Send>(mut items: Vec<T>, threads: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    if threads < 2 || items.len() < 2 {
        return items.into_iter().map(work).collect();
    }
    let each = items.len().div_ceil(threads);
    let mut parts = Vec::new();
    while !items.is_empty() {
        let rest = items.split_off(each.min(items.len()));
        parts.push(std::mem::replace(&mut items, rest));
    }
    let part = |part: Vec<T>| part.into_iter().map(&work).collect::<Vec<_>>();
    in_parallel(parts.into_iter(), part).into_iter().flatten().collect()
}
