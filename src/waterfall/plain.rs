//! Hours in which no margin passes a pool: most of the hours of most edits.

use super::{
    Amount, Edge, Margin, NONE, Waterfall,
    delta::{Told, When},
    ids::Ids,
};

/// What is worked out of an hour before it is known whether no margin passes a pool in it.
#[derive(Default)]
pub(super) struct Plain {
    /// What more is left of pools.
    pub(super) left: Vec<(u32, i128)>,
    /// What more is used of capacities, by their numbers.
    pub(super) used: Vec<(u32, Amount)>,
    /// Steps, with what more their pools take and what more of their capacity they are offered.
    asked: Vec<(u32, Amount, Amount)>,
}

impl Plain {
    /// Works out an hour in which each changed pool is covered whole or not at all, by steps that have something left behind their last
    /// pool and keep it: their rest changes, what is left of uncovered pools, and nothing else. Tells whether it is such an hour, in
    /// which case `moved` has the margins; the steps that were asked are noted.
    pub(super) fn hour(
        &mut self,
        waterfall: &Waterfall,
        delta: &Told,
        when: When,
        (moved, steps): (&mut Vec<(u32, Margin)>, &mut Ids),
    ) -> bool {
        moved.clear();
        self.used.clear();
        if !self.ask_all(waterfall, delta, when) {
            return false;
        }
        while let Some((step, takes, offered)) = self.first_asked() {
            steps.insert(step);
            let Margin { position, edge } = waterfall.margin(step as usize, when.hour);
            let before = edge.before + offered - takes;
            if before < 0 || position as usize != waterfall.layout.fills(step as usize).len() {
                return false;
            }
            moved.push((step, Margin { position, edge: Edge { before, ..edge } }));
            self.used.push((waterfall.layout.capacity[step as usize], takes));
            self.ask(waterfall.layout.next[step as usize], 0, offered - takes);
        }
        true
    }

    /// Asks the step that covers each changed pool, if that covers it whole; says whether all do.
    fn ask_all(&mut self, waterfall: &Waterfall, delta: &Told, when: When) -> bool {
        let (When { hour, .. }, hours) = (when, waterfall.demand.hours());
        self.left.clear();
        self.asked.clear();
        for row in &delta.demand {
            let before = waterfall.demand.row(row.id as usize)[hour];
            let more = i128::from(row.units_after(before, when)) - i128::from(before);
            let reached = waterfall.reached_at(row.id as usize, hour) as usize;
            match waterfall.layout.places.get(reached).filter(|_| more != 0) {
                None => self.left.push((row.id, more)),
                Some(place) if place.position == waterfall.positions[place.step as usize * hours + hour] => {
                    return false;
                }
                Some(place) => self.ask(place.step, more * i128::from(place.weight), 0),
            }
        }
        for row in &delta.amounts {
            let before = waterfall.amounts[row.id as usize * hours + hour];
            self.ask(waterfall.layout.first[row.id as usize], 0, row.amount_after(before, when) - before);
        }
        true
    }

    fn ask(&mut self, step: u32, takes: Amount, offered: Amount) {
        if step == NONE || takes == 0 && offered == 0 {
            return;
        }
        match self.asked.iter_mut().find(|(of, ..)| *of == step) {
            Some((_, all, more)) => (*all, *more) = (*all + takes, *more + offered),
            None => self.asked.push((step, takes, offered)),
        }
    }

    /// Takes out the first step.
    fn first_asked(&mut self) -> Option<(u32, Amount, Amount)> {
        let first = self.asked.iter().enumerate().min_by_key(|(_, (step, ..))| *step);
        first.map(|(at, _)| at).map(|at| self.asked.swap_remove(at))
    }
}
