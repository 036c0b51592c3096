//! Whose turn it is: row groups are handed out in their order, and of those that are still being read when none is left a worker that has
//! nothing to do takes over a part.
//!
//! A row group is read in pieces of the same number of lines. Where they begin does not depend on who reads them, and whole pieces change
//! hands: so nothing shows of the number of workers.

use std::{
    ops::Range,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// Who takes over a piece passes over those before it; so many of them at most, lest it takes longer than to read the piece.
const PASSED: usize = 16;

/// Hands out units, and the pieces of them.
pub(super) struct Turns {
    state: Mutex<State>,
    /// Tells those who wait that a worker knows how many pieces it has to read.
    known: Condvar,
}

struct State {
    units: usize,
    /// The next unit that nobody reads yet.
    next: usize,
    /// By worker: what it has still to read.
    rests: Vec<Rest>,
    /// Whether something went wrong: nothing new is begun.
    stopped: bool,
}

/// What a worker has still to read.
#[derive(Clone, PartialEq, Eq)]
enum Rest {
    Nothing,
    /// It is about to open a unit.
    Unknown,
    /// These pieces of a unit.
    Pieces(usize, Range<usize>),
}

/// A unit that is to be read from some piece on.
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
    pub(super) fn new(units: usize, workers: usize) -> Self {
        let state = State { units, next: 0, rests: vec![Rest::Nothing; workers], stopped: false };
        Self { state: Mutex::new(state), known: Condvar::new() }
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
        loop {
            if state.stopped {
                return None;
            }
            if state.next < state.units {
                let unit = state.next;
                state.next += 1;
                state.rests[self.worker] = Rest::Unknown;
                return Some(Turn { unit, piece: 0 });
            }
            if let Some(turn) = state.take_over(self.worker) {
                return Some(turn);
            }
            if !state.rests.contains(&Rest::Unknown) {
                return None;
            }
            state = self.turns.known.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says how many pieces others may take over of a unit that was begun: none of one that only one can read.
    pub(super) fn tell(&self, unit: usize, pieces: usize) {
        let mut state = self.turns.state();
        let rest = &mut state.rests[self.worker];
        // Of what was taken over that is known.
        if *rest == Rest::Unknown {
            *rest = Rest::Pieces(unit, 0..pieces);
            self.turns.known.notify_all();
        }
    }

    /// Takes the next piece of the unit that was told of; whether there is one.
    pub(super) fn goes_on(&self) -> bool {
        match &mut self.turns.state().rests[self.worker] {
            Rest::Pieces(_, pieces) => pieces.next().is_some(),
            Rest::Nothing | Rest::Unknown => false,
        }
    }

    /// Something went wrong: what was begun comes to its end, and nothing else is begun.
    pub(super) fn stop(&self) {
        self.turns.state().stopped = true;
    }
}

impl Drop for Own<'_> {
    fn drop(&mut self) {
        self.turns.state().rests[self.worker] = Rest::Nothing;
        self.turns.known.notify_all();
    }
}

impl State {
    /// Gives a worker the half behind of what most is left of.
    fn take_over(&mut self, worker: usize) -> Option<Turn> {
        let left = |rest: &Rest| if let Rest::Pieces(_, pieces) = rest { pieces.len() } else { 0 };
        let most = self.rests.iter_mut().max_by_key(|rest| left(rest))?;
        let Rest::Pieces(unit, pieces) = most else { return None };
        let half = pieces.start + pieces.len() / 2..pieces.end;
        if half.is_empty() || half.start > half.len() * PASSED {
            return None;
        }
        pieces.end = half.start;
        let turn = Turn { unit: *unit, piece: half.start };
        self.rests[worker] = Rest::Pieces(turn.unit, half);
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_unit_is_halved() {
        let turns = Turns::new(1, 3);
        let [one, two, three] = [0, 1, 2].map(|worker| turns.of(worker));
        assert_eq!(one.next(), Some(Turn { unit: 0, piece: 0 }));
        one.tell(0, 6);
        assert!(one.goes_on());
        // Of 1..6 the second has 3..6, and the third 4..6 of that.
        assert_eq!(two.next(), Some(Turn { unit: 0, piece: 3 }));
        assert_eq!(three.next(), Some(Turn { unit: 0, piece: 4 }));
        two.tell(0, 6);
        let read = |own: &Own<'_>| std::iter::from_fn(|| own.goes_on().then_some(())).count();
        assert_eq!([&one, &two, &three].map(read), [2, 1, 2]);
        assert_eq!([&one, &two, &three].map(|own| own.next()), [None; 3]);
    }

    #[test]
    fn one_piece_behind_many_is_not_worth_passing_over_them() {
        let turns = Turns::new(1, 2);
        let [one, two] = [0, 1].map(|worker| turns.of(worker));
        one.next();
        one.tell(0, 40);
        (0..36).for_each(|_| assert!(one.goes_on()));
        assert_eq!(two.next(), None);
        assert_eq!(two.next(), None);
    }

    #[test]
    fn whoever_waits_goes_on_when_a_worker_is_gone_or_stops_all() {
        let turns = Turns::new(3, 2);
        let [one, two] = [0, 1].map(|worker| turns.of(worker));
        one.next();
        drop(one);
        assert_eq!(two.next(), Some(Turn { unit: 1, piece: 0 }));
        two.tell(1, 0);
        two.stop();
        assert_eq!(two.next(), None);
    }

    #[test]
    fn every_piece_is_read_once_by_whoever() {
        let (units, pieces, workers) = (7, 9, 4);
        let turns = Turns::new(units, workers);
        let work = |worker| {
            let (own, mut read) = (turns.of(worker), Vec::new());
            while let Some(Turn { unit, piece }) = own.next() {
                own.tell(unit, pieces);
                read.extend((piece..).take_while(|_| own.goes_on()).map(|piece| (unit, piece)));
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
