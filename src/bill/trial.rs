//! What edits would do: where items end up, and by how much the bill falls.

use super::{
    Bill, Change, Edit, Item, Paid, Part, Place, Uncovered,
    hours::Runs,
    pools::{self, Becomes},
};
use crate::{
    facts::Cost,
    money::Money,
    time::{Hour, parse_moment},
    waterfall::{self, CapacityId, Delta, Effect, PoolId},
};
use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Items with their places after some edits, by their numbers.
pub(super) type Trial = BTreeMap<usize, Place>;

impl Bill<'_> {
    /// What edits, one after another, would save on this bill, item by item; nothing is changed.
    #[must_use]
    pub fn peek(&self, edits: &[Edit]) -> Vec<Change> {
        self.attempt(edits).changes
    }

    /// The same with the usage that moves, if no commitment is among the edits.
    #[must_use]
    pub fn attempt(&self, edits: &[Edit]) -> Attempt {
        if edits.iter().any(Edit::is_commitment) {
            let deal = edits.iter().all(Edit::is_commitment).then(|| self.peek_deal(edits)).flatten();
            let changes = deal.unwrap_or_else(|| self.clone().apply_each(edits));
            return Attempt { moves: Vec::new(), changes };
        }
        let trial = self.trial(edits);
        let moves = self.moves(&trial);
        let effect = self.waterfall.peek_sum(self.delta(&moves));
        let changes = self.savings(&trial, &moves, self.after(&effect));
        Attempt { moves, changes }
    }

    /// Carries out edits one after another and tells what they saved, item by item.
    pub fn apply(&mut self, edits: &[Edit]) -> Vec<Change> {
        if edits.iter().any(Edit::is_commitment) {
            return self.apply_each(edits);
        }
        self.apply_usage(edits)
    }

    pub(super) fn apply_usage(&mut self, edits: &[Edit]) -> Vec<Change> {
        let trial = self.trial(edits);
        let moves = self.moves(&trial);
        let effect = self.waterfall.apply_sum(self.delta(&moves));
        let after = self.after(&effect);
        let savings = self.savings(&trial, &moves, after);
        self.uncovered = after;
        for (at, place) in trial {
            self.items[at].place = place;
        }
        savings
    }

    /// What edits would save if commitments did not care: of what was billed on demand alone.
    #[must_use]
    pub fn direct(&self, edits: &[Edit]) -> Cost {
        let mut after: BTreeMap<usize, (Cost, Cost)> = BTreeMap::new();
        let mut trial = Trial::new();
        for edit in edits {
            let kept = self.carry(&mut trial, edit);
            for at in self.places(edit.selection()).filter(|at| self.items[*at].paid == Paid::OnDemand) {
                let billed = self.items[at].cost();
                let (_, cost) = after.entry(at).or_insert((billed, billed));
                *cost = edit.cost_after(*cost);
            }
            for (at, kept) in kept.into_iter().filter(|(at, _)| self.items[*at].paid == Paid::OnDemand) {
                let billed = self.items[at].cost();
                let (_, cost) = after.entry(at).or_insert((billed, billed));
                *cost = kept.of(*cost);
            }
        }
        after.into_values().map(|(billed, after)| billed - after).sum()
    }

    /// The moment when the last commitment has ended that could cover the usage of edits, if it then saves what is `wanted`, and what it
    /// saves over a period like this one: usage is on demand then.
    #[must_use]
    pub fn once_ended(
        &self,
        Attempt { moves, .. }: &Attempt,
        as_of: Hour,
        wanted: &dyn Fn(Cost) -> bool,
    ) -> Option<(Hour, Cost)> {
        if moves.is_empty() {
            return None;
        }
        let covering: BTreeSet<CapacityId> =
            moves.iter().flat_map(|moved| self.waterfall.covering(moved.from.pool)).collect();
        let mut last = None;
        for at in covering.into_iter().map(|capacity| capacity.0 as usize) {
            let Some(holding) = self.holdings.get(at) else { continue };
            match self.end(at) {
                Some(end) => last = last.max(Some(end)),
                // What is covered from elsewhere does not tell when that ends.
                None if holding.members.is_empty() => {}
                None => return None,
            }
        }
        let end = last.filter(|end| *end >= as_of)?;
        let rates = [|rate: &pools::Rate| rate.gross, |rate: &pools::Rate| rate.net];
        let [gross, net] = rates.map(|rate| Money(moves.iter().map(|moved| self.worth(moved, rate)).sum()));
        let saving = Cost { gross, net };
        wanted(saving).then_some((end, saving))
    }

    /// When the last commitment of a holding ends, if that is told.
    fn end(&self, holding: usize) -> Option<Hour> {
        let ends = self.holdings[holding].members.iter().map(|at| {
            let end = parse_moment(&self.facts.commitments[*at].details.end).ok()?;
            Some(Hour::of_seconds(end.saturating_add(1)))
        });
        ends.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// The place of every touched item after the edits.
    pub(super) fn trial(&self, edits: &[Edit]) -> Trial {
        let mut trial = Trial::new();
        for edit in edits {
            self.carry(&mut trial, edit);
        }
        trial
    }

    /// Carries an edit out on the places; tells what a cap leaves of each item.
    fn carry(&self, trial: &mut Trial, edit: &Edit) -> Vec<(usize, Kept)> {
        if let Edit::Cap { what, most } = edit {
            return self.cap(trial, what, most);
        }
        for at in self.places(edit.selection()) {
            let place = trial.entry(at).or_insert_with(|| self.items[at].place.clone());
            self.move_to(place, edit);
        }
        Vec::new()
    }

    fn move_to(&self, place: &mut Place, edit: &Edit) {
        match (&mut *place, edit) {
            (Place::Linear(cost), _) => *cost = edit.cost_after(*cost),
            (_, Edit::Cap { .. } | Edit::Buy(_) | Edit::Release(_)) => {}
            (Place::Gone, _) | (Place::Pool(..), Edit::Stop(_)) => *place = Place::Gone,
            (Place::Pool(pool, part), Edit::Move { ratio, to, .. }) => {
                let target = |to: &Becomes| {
                    let target = self.pools.target(*pool, to, Money::ONE.times(*ratio))?;
                    Some((target, part.share.ratio(to.units().0, Money::ONE.0)))
                };
                // Where nothing tells what it turns into, as much less of it is used.
                let found = to.as_ref().and_then(target);
                (*pool, part.share) = found.unwrap_or_else(|| (*pool, part.share.times(*ratio)));
            }
        }
    }

    /// The usage that leaves its pool and where it goes, by item.
    pub(super) fn moves(&self, trial: &Trial) -> Vec<Moved> {
        let moved = trial.iter().filter(|(at, place)| self.items[**at].place != **place);
        moved
            .filter_map(|(at, place)| {
                let item = &self.items[*at];
                let billed = OnceCell::new();
                let end = |place: &Place| {
                    let Place::Pool(pool, Part { share, hours }) = place else { return None };
                    let runs = hours.as_ref().unwrap_or_else(|| billed.get_or_init(|| Arc::new(self.runs(item))));
                    let units = runs.iter().map(|(hours, each)| hours.len() as i128 * i128::from(*each)).sum();
                    Some(End { pool: *pool, share: *share, runs: runs.clone(), units })
                };
                Some(Moved { item: *at, from: end(&item.place)?, to: end(place) })
            })
            .collect()
    }

    /// The hours of an item's usage, as billed.
    pub(super) fn runs(&self, item: &Item) -> Runs {
        self.pools.runs(self.facts, item.class, item.resource, item.billed.quantity)
    }

    pub(super) fn after(&self, effect: &Effect) -> Uncovered {
        let [gross, net] = self.rates.each_ref().map(|rates| rates.change(effect));
        Uncovered { gross: self.uncovered.gross + gross, net: self.uncovered.net + net }
    }

    /// What each item saves. What the pools save together is told by the waterfall; it is split by what the usage that left would
    /// cost on demand.
    pub(super) fn savings(&self, trial: &Trial, moves: &[Moved], after: Uncovered) -> Vec<Change> {
        let mut saved: BTreeMap<usize, Cost> = BTreeMap::new();
        for (at, place) in trial {
            let linear = if let Place::Linear(cost) = place { *cost } else { Cost::default() };
            saved.insert(*at, self.items[*at].linear() - linear);
        }
        let pooled = self.uncovered.cost() - after.cost();
        let weights: Vec<i128> = moves.iter().map(|moved| self.value(moved)).collect();
        let all: i128 = weights.iter().sum();
        let mut rest = pooled;
        for (moved, weight) in moves.iter().zip(&weights) {
            let part = pooled.ratio(*weight, all);
            rest = rest - part;
            *saved.entry(moved.item).or_default() += part;
        }
        if let Some(first) = moves.first() {
            *saved.entry(first.item).or_default() += rest;
        }
        let change = |(at, saving): (usize, Cost)| {
            let item = &self.items[at];
            Change { resource: item.resource, class: item.class, saving }
        };
        saved.into_iter().map(change).collect()
    }

    /// What the usage that moved costs on demand, at least nothing.
    fn value(&self, moved: &Moved) -> i128 {
        self.worth(moved, |rate| rate.net).max(0)
    }

    /// What moving would save if nothing covered the usage, in 1e-12 USD.
    fn worth(&self, moved: &Moved, of: impl Fn(&pools::Rate) -> Money) -> i128 {
        let cost = |end: &End| end.units * of(&self.pools.pool(end.pool).rate).ratio(end.share.0, Money::ONE.0).0;
        (cost(&moved.from) - moved.to.as_ref().map_or(0, cost)) / 1_000_000_000
    }
}

/// What is left of an item: so much of so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) part: i128,
    pub(super) of: i128,
}

impl Kept {
    /// The part of a cost; all of it where there was nothing to take from.
    pub(super) fn of(self, cost: Cost) -> Cost {
        if self.of > 0 { cost.ratio(self.part, self.of) } else { cost }
    }
}

/// What edits would do.
pub struct Attempt {
    moves: Vec<Moved>,
    /// What they would save, item by item.
    pub changes: Vec<Change>,
}

/// Usage that leaves a pool, and the one that it goes to.
pub(super) struct Moved {
    item: usize,
    pub(super) from: End,
    pub(super) to: Option<End>,
}

/// Where usage is before or after: in a pool, by the hour, at a share of that.
pub(super) struct End {
    pub(super) pool: PoolId,
    share: Money,
    runs: Arc<Runs>,
    /// All of them together.
    units: i128,
}

/// A share of a quantity.
pub(super) fn part(each: waterfall::Units, share: Money) -> waterfall::Units {
    if share == Money::ONE { each } else { i64::try_from(i128::from(each) * share.0 / Money::ONE.0).unwrap_or(0) }
}

impl Bill<'_> {
    /// By how much usage changes.
    pub(super) fn delta(&self, moves: &[Moved]) -> Delta {
        let mut delta = Delta::new(self.waterfall.demand().hours());
        for moved in moves {
            moved.from.add(&mut delta, -1);
            if let Some(to) = &moved.to {
                to.add(&mut delta, 1);
            }
        }
        delta
    }
}

impl End {
    /// Adds its usage, or takes it away where `sign` is -1.
    fn add(&self, delta: &mut Delta, sign: i64) {
        let row = delta.demand(self.pool);
        for (hours, each) in self.runs.iter() {
            let per_hour = sign * part(*each, self.share);
            for units in row.get_mut(hours.clone()).unwrap_or_default() {
                *units = units.saturating_add(per_hour);
            }
        }
    }
}
