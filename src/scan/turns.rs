//! Whose turn it is: each worker has a stretch of row groups, since neighbours tell of the same hours and resources; one that has nothing left
//! takes over half of what most is left of, and of a row group that is being read some of its pieces.
//!
//! A row group is read in pieces of the same number of lines. Where they begin does not depend on who reads them, and whole pieces change
//! hands: so nothing shows of the number of workers.

use std::{
    ops::Range,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// Who takes over pieces passes over those before them, which takes about a tenth of the time of reading; so many of them at most for each piece.
const PASSED: usize = 8;

/// Hands out units, and the pieces of them.
pub(super) struct Turns {
    state: Mutex<State>,
    /// Tells those who wait that a worker knows how many pieces it has to read.
    known: Condvar,
}

struct State {
    /// By unit: how many pieces it may have.
    pieces: Vec<usize>,
    /// By worker: what it has still to read.
    rests: Vec<Rest>,
    /// The first unit in which something went wrong: nothing behind it is begun.
    failed: Option<usize>,
}

/// What a worker has still to read.
struct Rest {
    now: Now,
    /// Units that nobody has begun.
    later: Range<usize>,
}

/// What is left of the unit that a worker reads.
#[derive(Clone, PartialEq, Eq)]
enum Now {
    Nothing,
    /// It is about to open the unit.
    Unknown,
    /// These pieces of a unit, of those that it has not begun.
    Pieces(usize, Range<usize>),
}

/// A unit that is to be read from some piece on; that piece nobody else takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub(super) unit: usize,
    pub(super) piece: usize,
}

/// The turns of one worker. Once it is dropped nobody waits for the worker any more.
pub(super) struct Own<'t> {
    turns: &'t Turns,
    worker: usize,
}

impl Turns {
    /// Of units that may have so many pieces each.
    pub(super) fn new(pieces: Vec<usize>, workers: usize) -> Self {
        let (all, mut units) = (pieces.iter().sum::<usize>(), 0);
        let mut read = 0;
        let rests = (1..=workers).map(|worker| {
            let first = units;
            while units < pieces.len() && (worker == workers || read + pieces[units] / 2 < all * worker / workers) {
                read += pieces[units];
                units += 1;
            }
            Rest { now: Now::Nothing, later: first..units }
        });
        let rests = rests.collect();
        Self { state: Mutex::new(State { pieces, rests, failed: None }), known: Condvar::new() }
    }

    /// The turns of one of the workers.
    pub(super) fn of(&self, worker: usize) -> Own<'_> {
        Own { turns: self, worker }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Own<'_> {
    /// What to read next; `None` where nothing is left that is worth it. What there is of it has to be told then.
    pub(super) fn next(&self) -> Option<Turn> {
        let mut state = self.turns.state();
        state.rests[self.worker].now = Now::Nothing;
        loop {
            if let Some(turn) = state.begin(self.worker).or_else(|| state.take_over(self.worker)) {
                return Some(turn);
            }
            if !state.rests.iter().any(|rest| rest.now == Now::Unknown) {
                return None;
            }
            state = self.turns.known.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says how many pieces a unit has that was begun, of which others may take over all but the first: none of one that only one can read.
    pub(super) fn tell(&self, unit: usize, pieces: usize) {
        let mut state = self.turns.state();
        let now = &mut state.rests[self.worker].now;
        // Of what was taken over that is known.
        if *now == Now::Unknown {
            *now = Now::Pieces(unit, 1..pieces);
            self.turns.known.notify_all();
        }
    }

    /// Takes the next piece of the unit behind the one that was read; whether there is one.
    pub(super) fn goes_on(&self) -> bool {
        match &mut self.turns.state().rests[self.worker].now {
            Now::Pieces(_, pieces) => pieces.next().is_some(),
            Now::Nothing | Now::Unknown => false,
        }
    }

    /// Something went wrong in a unit: what was begun comes to its end, and of the rest what is before it is read, where more may be wrong.
    pub(super) fn fail(&self, unit: usize) {
        let mut state = self.turns.state();
        let first = state.failed.map_or(unit, |failed| failed.min(unit));
        state.failed = Some(first);
        for rest in &mut state.rests {
            rest.later.end = rest.later.end.min(first).max(rest.later.start);
        }
        state.rests[self.worker].now = Now::Nothing;
        self.turns.known.notify_all();
    }
}

impl Drop for Own<'_> {
    fn drop(&mut self) {
        self.turns.state().rests[self.worker].now = Now::Nothing;
        self.turns.known.notify_all();
    }
}

impl State {
    /// Gives a worker the next of its units.
    fn begin(&mut self, worker: usize) -> Option<Turn> {
        let rest = &mut self.rests[worker];
        let unit = rest.later.next()?;
        rest.now = Now::Unknown;
        Some(Turn { unit, piece: 0 })
    }

    /// Gives a worker the half behind of what most is left of: units that nobody has begun, if there are some, else pieces.
    fn take_over(&mut self, worker: usize) -> Option<Turn> {
        let left = |rest: &Rest| {
            let now = if let Now::Pieces(_, pieces) = &rest.now { pieces.len() } else { 0 };
            (!rest.later.is_empty(), now + self.pieces[rest.later.clone()].iter().sum::<usize>())
        };
        let ((_, all), most) = self.rests.iter().map(left).zip(0..).max()?;
        let Rest { now, later } = &mut self.rests[most];
        if let Some(last) = later.clone().next_back() {
            let (mut first, mut taken) = (last, self.pieces[last]);
            while first > later.start && taken + self.pieces[first - 1] <= all.div_ceil(2) {
                first -= 1;
                taken += self.pieces[first];
            }
            let taken = first..later.end;
            later.end = first;
            self.rests[worker].later = taken;
            return self.begin(worker);
        }
        let Now::Pieces(unit, pieces) = now else { return None };
        let half = pieces.end - pieces.len() / 2..pieces.end;
        if half.is_empty() || half.start > half.len() * PASSED || self.failed.is_some_and(|failed| failed < *unit) {
            return None;
        }
        pieces.end = half.start;
        let turn = Turn { unit: *unit, piece: half.start };
        self.rests[worker].now = Now::Pieces(turn.unit, half.start + 1..half.end);
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_unit_is_halved() {
        let turns = Turns::new(vec![8], 3);
        let [one, two, three] = [0, 1, 2].map(|worker| turns.of(worker));
        assert_eq!(one.next(), Some(Turn { unit: 0, piece: 0 }));
        one.tell(0, 8);
        assert!(one.goes_on());
        // Of 2..8 the second has 5..8, of which it begins the first, and the third half of what is left of the others'.
        assert_eq!(two.next(), Some(Turn { unit: 0, piece: 5 }));
        two.tell(0, 8);
        assert_eq!(three.next(), Some(Turn { unit: 0, piece: 4 }));
        let read = |own: &Own<'_>| std::iter::from_fn(|| own.goes_on().then_some(())).count();
        assert_eq!([&one, &two, &three].map(read), [2, 2, 0]);
        assert_eq!([&one, &two, &three].map(Own::next), [None; 3]);
    }

    #[test]
    fn a_piece_behind_many_is_not_worth_passing_over_them_and_the_last_is_left_to_who_reads() {
        for (pieces, read) in [(40, 30), (3, 1)] {
            let turns = Turns::new(vec![pieces], 2);
            let [one, two] = [0, 1].map(|worker| turns.of(worker));
            one.next();
            one.tell(0, pieces);
            (0..read).for_each(|_| assert!(one.goes_on()));
            assert_eq!([two.next(), two.next()], [None; 2]);
        }
    }

    #[test]
    fn what_was_taken_over_is_not_taken_back() {
        let turns = Turns::new(vec![4], 2);
        let [one, two] = [0, 1].map(|worker| turns.of(worker));
        one.next();
        one.tell(0, 4);
        assert_eq!(two.next(), Some(Turn { unit: 0, piece: 3 }));
        assert!(one.goes_on() && one.goes_on() && !one.goes_on());
        assert_eq!(one.next(), None);
    }

    #[test]
    fn neighbours_are_read_by_one_worker_and_half_of_what_most_is_left_of_changes_hands() {
        let turns = Turns::new(vec![1, 1, 1, 3, 3, 1, 1, 1], 2);
        let [one, two] = [0, 1].map(|worker| turns.of(worker));
        let next = |own: &Own<'_>| own.next().map(|turn| turn.unit).inspect(|unit| own.tell(*unit, 0));
        assert_eq!([next(&one), next(&two), next(&two), next(&two), next(&two)], [0, 4, 5, 6, 7].map(Some));
        // Of what the first has not begun, 1 to 3, the last.
        assert_eq!([next(&two), next(&one), next(&two), next(&one)], [Some(3), Some(1), Some(2), None]);
    }

    #[test]
    fn whoever_waits_goes_on_when_a_worker_is_gone() {
        let turns = Turns::new(vec![1; 2], 2);
        let [one, two] = [0, 1].map(|worker| turns.of(worker));
        assert_eq!([&one, &two].map(Own::next), [Some(Turn { unit: 0, piece: 0 }), Some(Turn { unit: 1, piece: 0 })]);
        two.tell(1, 1);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| two.next());
            drop(one);
            assert_eq!(waits.join().unwrap(), None);
        });
    }

    #[test]
    fn before_what_failed_all_is_read_and_nothing_is_begun_behind_it() {
        let turns = Turns::new(vec![1; 12], 2);
        let [one, two] = [0, 1].map(|worker| turns.of(worker));
        let next = |own: &Own<'_>| own.next().map(|turn| turn.unit).inspect(|unit| own.tell(*unit, 0));
        assert_eq!([next(&one), next(&two), next(&two)], [Some(0), Some(6), Some(7)]);
        two.fail(7);
        // The half that is left of the first's.
        assert_eq!([next(&two), next(&one)], [Some(3), Some(1)]);
        one.fail(1);
        assert_eq!([next(&one), next(&two)], [None; 2]);
    }

    #[test]
    fn every_piece_is_read_once_by_whoever() {
        let (units, pieces, workers) = (7, 9, 4);
        let turns = Turns::new(vec![pieces; units], workers);
        let work = |worker| {
            let (own, mut read) = (turns.of(worker), Vec::new());
            while let Some(Turn { unit, piece }) = own.next() {
                own.tell(unit, pieces);
                read.push((unit, piece));
                read.extend((piece + 1..).take_while(|_| own.goes_on()).map(|piece| (unit, piece)));
                std::thread::yield_now();
            }
            read
        };
        let mut read: Vec<_> = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(worker))).collect();
            handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
        });
        read.sort_unstable();
        let all: Vec<_> = (0..units).flat_map(|unit| (0..pieces).map(move |piece| (unit, piece))).collect();
        assert_eq!(read, all);
    }
}
