//! Workers that stay: for many small rounds, where to start threads for each would take longer than the work.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock},
    thread::Result,
};

/// What the workers do: given what all share, an item becomes a result.
type Work<'a, S, T, R> = dyn Fn(&S, T) -> R + Sync + 'a;

/// A leader's workers. What all share is read by them during a round, and may be changed between rounds.
pub(crate) struct Crew<'a, S, T, R> {
    shared: &'a RwLock<S>,
    work: &'a Work<'a, S, T, R>,
    round: Mutex<Round<T, R>>,
    begins: Condvar,
    ends: Condvar,
}

/// The items of a round, by their numbers.
struct Round<T, R> {
    open: VecDeque<(usize, T)>,
    done: Vec<(usize, Result<R>)>,
    over: bool,
}

/// Runs `lead` with so many workers at hand, itself among them.
pub(crate) fn with_crew<S: Send + Sync, T: Send, R: Send, O>(
    threads: usize,
    shared: &RwLock<S>,
    work: impl Fn(&S, T) -> R + Sync,
    lead: impl FnOnce(&Crew<'_, S, T, R>) -> O,
) -> O {
    let round = Mutex::new(Round { open: VecDeque::new(), done: Vec::new(), over: false });
    let crew = Crew { shared, work: &work, round, begins: Condvar::new(), ends: Condvar::new() };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| crew.serve());
        }
        let _dismissed = Dismissed(&crew);
        lead(&crew)
    })
}

/// Sends the workers home, whatever ends the lead.
struct Dismissed<'a, S, T, R>(&'a Crew<'a, S, T, R>);

impl<S, T, R> Drop for Dismissed<'_, S, T, R> {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.begins.notify_all();
    }
}

impl<S, T, R> Crew<'_, S, T, R> {
    /// What each item becomes, in the items' order.
    pub(crate) fn shared_out(&self, items: Vec<T>) -> Vec<R> {
        let count = items.len();
        let mut round = self.lock();
        round.open.extend(items.into_iter().enumerate());
        if count > 1 {
            self.begins.notify_all();
        }
        loop {
            if let Some(item) = round.open.pop_front() {
                drop(round);
                let done = self.done(item);
                round = self.lock();
                round.done.push(done);
            } else if round.done.len() < count {
                round = self.ends.wait(round).unwrap_or_else(PoisonError::into_inner);
            } else {
                break;
            }
        }
        let mut done = std::mem::take(&mut round.done);
        drop(round);
        done.sort_by_key(|(number, _)| *number);
        done.into_iter().map(|(_, result)| result.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    }

    fn serve(&self) {
        let mut round = self.lock();
        while !round.over {
            match round.open.pop_front() {
                Some(item) => {
                    drop(round);
                    let done = self.done(item);
                    round = self.lock();
                    round.done.push(done);
                    self.ends.notify_one();
                }
                None => round = self.begins.wait(round).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Works on an item; a panic is the leader's to meet.
    fn done(&self, (number, item): (usize, T)) -> (usize, Result<R>) {
        let work = || (self.work)(&self.shared.read().unwrap_or_else(PoisonError::into_inner), item);
        (number, catch_unwind(AssertUnwindSafe(work)))
    }

    fn lock(&self) -> MutexGuard<'_, Round<T, R>> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_see_what_was_changed_between_them() {
        for threads in [0, 1, 2, 5] {
            let shared = RwLock::new(1);
            let sums = with_crew(
                threads,
                &shared,
                |shared: &u64, item: u64| shared * item,
                |crew| {
                    let mut sums = Vec::new();
                    for round in 0..100 {
                        assert_eq!(crew.shared_out(vec![]), Vec::<u64>::new());
                        let all = crew.shared_out((0..round).collect());
                        assert!(all.is_sorted());
                        sums.push(all.iter().sum::<u64>());
                        *shared.write().unwrap() += 1;
                    }
                    sums
                },
            );
            let expected: Vec<u64> = (0..100).map(|round| (round + 1) * (0..round).sum::<u64>()).collect();
            assert_eq!(sums, expected);
        }
    }

    #[test]
    fn a_panic_in_a_worker_ends_the_lead_and_all_go_home() {
        let run = || {
            let shared = RwLock::new(());
            with_crew(3, &shared, |(), item: u32| assert_ne!(item, 7), |crew| crew.shared_out((0..9).collect()));
        };
        assert!(catch_unwind(run).is_err());
    }
}
