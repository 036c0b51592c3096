//! The neighbourhood of what is bought: each amount a little up and down, for as long as that is better.

use super::{Candidate, search::Search};
use crate::waterfall::{Amount, Curve, Grid};

/// The part of what is bought of an instrument that a first look goes up and down from it.
const REACH: u32 = 16;

/// How much farther the next look goes where the best was at the end of one.
const FARTHER: u32 = 4;

/// Where a bit more would save all but so much of what it costs, a bit less would hardly be better.
const EVEN: f64 = 0.002;

/// An instrument of which something is bought, or nothing of all that it excludes.
struct Near {
    slot: usize,
    at: usize,
    /// How far to look, in steps.
    reach: u32,
    /// What was bought of it when the last look up found nothing better, and what a bit more would have saved then of its cost.
    seen: Option<(u32, f64)>,
}

/// What lies above what is bought of an instrument: the best within reach, and the share of its cost that the first bit saves.
struct Above {
    steps: u32,
    first: f64,
}

impl Search<'_> {
    /// Moves what is bought of each to the best near it, in rounds, until one gains less than a part of the whole. Those that did not move
    /// wait until the others have come to rest; in the last look they are not looked at again then, where they would hardly move.
    pub(super) fn refine(&mut self, enough: i128, last: bool) {
        let near = |slot: usize, at: usize| {
            let reach = (self.steps[at].max(self.alone[at]) / REACH).max(1);
            Near { slot, at, reach, seen: None }
        };
        let of_slot = |(slot, members): (usize, &Vec<usize>)| {
            let bought = members.iter().position(|at| self.steps[*at] > 0);
            let some = bought.map_or(&members[..], |place| &members[place..=place]);
            some.iter().map(|at| near(slot, *at)).collect::<Vec<_>>()
        };
        let mut all: Vec<Near> = self.links.slots.iter().enumerate().flat_map(of_slot).collect();
        let mut some: Vec<usize> = (0..all.len()).collect();
        while !self.is_spent() {
            let (before, gain, whole) = (self.steps.clone(), self.gain, some.len() == all.len());
            some.retain(|number| self.move_near(&mut all[*number]));
            if self.gain > gain {
                self.go_on(&before);
            }
            let enough = self.gain - gain <= self.gain / enough;
            if enough && (whole || last) {
                break;
            }
            if enough || some.is_empty() {
                some = (0..all.len()).collect();
            }
        }
    }

    /// The best within reach of what is bought of an instrument: up, else down. Tells whether it moved.
    fn move_near(&mut self, near: &mut Near) -> bool {
        let (own, gain) = (self.steps[near.at], self.gain);
        let taken = own == 0 && self.links.slots[near.slot].iter().any(|other| self.steps[*other] > 0);
        if taken {
            return false;
        }
        let up = self.above(near.at, near.reach);
        if up.steps > 0 {
            self.set(near.at, own + up.steps);
        } else {
            let seen = near.seen.replace((own, up.first)) == Some((own, up.first));
            if own == 0 || up.first > 1.0 - EVEN || seen && near.reach == 1 {
                return false;
            }
            let low = own.saturating_sub(near.reach);
            let before = self.set_for_now(near.at, low);
            let more = self.above(near.at, own - low).steps;
            if low + more == own {
                self.take_back(near.at, own, before);
            } else {
                self.set(near.at, low + more);
            }
        }
        if self.gain <= gain {
            self.set(near.at, own);
        }
        let moved = self.steps[near.at].abs_diff(own);
        near.reach = match moved {
            0 => (near.reach / FARTHER).max(1),
            far if far == near.reach => far.saturating_mul(FARTHER),
            far => far.saturating_mul(2),
        };
        moved > 0
    }

    /// The best of so many steps more of a candidate.
    fn above(&mut self, at: usize, steps: u32) -> Above {
        let Candidate { capacity, grid, .. } = self.candidates[at];
        let grid = Grid { most: steps.min(grid.most.saturating_sub(self.steps[at])), ..grid };
        let limit = Amount::from(grid.most) * grid.step;
        let curve = Curve::up_to(&self.waterfall, capacity, &self.rates, limit);
        self.curves += 1;
        self.points += curve.points();
        Above { steps: curve.best(&grid).0, first: curve.first(&grid) }
    }
}
