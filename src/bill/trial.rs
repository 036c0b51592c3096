//! What edits would do: where items end up, and by how much the bill falls.

use super::{
    Bill, Change, Edit, Paid, Part, Place, Uncovered,
    hours::{self, Billed},
    pools::{self, Becomes},
};
use crate::{
    facts::{self, Cost},
    money::Money,
    time::{Hour, parse_moment},
    waterfall::{CapacityId, Delta, Hours, PoolId, Trace, Tried},
};
use std::collections::{BTreeMap, BTreeSet};

/// Items with their places after some edits, by their numbers.
pub(super) type Trial = BTreeMap<usize, Place>;

impl Bill<'_> {
    /// What edits, one after another, would save on this bill, item by item; nothing is changed.
    #[must_use]
    pub fn peek(&self, edits: &[Edit]) -> Vec<Change> {
        if edits.iter().any(Edit::is_commitment) {
            let deal = self.peek_deal(edits).map(|(effect, saving)| self.gains(&effect.left, saving));
            return deal.unwrap_or_else(|| self.clone().apply_each(edits));
        }
        let trial = self.trial(edits);
        let (moves, delta) = self.moves(&trial);
        let tried = self.waterfall.tried(delta);
        self.savings(&trial, &moves, self.after(&tried.left))
    }

    /// All of it together.
    #[must_use]
    pub fn saved_by_all(&self, edits: &[Edit]) -> Cost {
        match self.peek_deal(edits) {
            // What nobody gains is no saving.
            Some((effect, saving)) => {
                if self.somebody_gains(&effect.left) {
                    saving
                } else {
                    Cost::default()
                }
            }
            None => super::saving(&self.peek(edits)),
        }
    }

    /// The same of edits of usage, with all that it takes to carry them out; `None` where commitments are among them.
    #[must_use]
    pub fn attempt(&self, edits: &[Edit]) -> Option<Attempt> {
        if edits.iter().any(Edit::is_commitment) {
            return None;
        }
        let looked: BTreeSet<usize> = edits.iter().flat_map(|edit| self.places(edit.selection())).collect();
        let trial = self.trial(edits);
        let (moves, delta) = self.moves(&trial);
        let tried = self.waterfall.tried(delta);
        Some(Attempt { looked, trial, moves, tried, saves: None })
    }

    /// Whether attempts on another bill of the same facts are in terms of this one: what usage may turn into was got ready in the same order.
    #[must_use]
    pub fn understands(&self, other: &Bill<'_>) -> bool {
        self.pools.are_as(&other.pools)
    }

    /// An attempt on this bill as it was, which since then may do something else in some hours, tried in these.
    #[must_use]
    pub fn again(&self, attempt: Attempt, stale: &Hours) -> Attempt {
        Attempt { tried: attempt.tried.again(&self.waterfall, stale), saves: None, ..attempt }
    }

    /// Works out what an attempt that holds on this bill would save, for as long as nothing that costs is changed.
    pub fn price_attempt(&self, attempt: &mut Attempt) {
        attempt.saves = Some((self.uncovered, self.saved_by(attempt)));
    }

    /// What an attempt that holds on this bill would save, item by item.
    #[must_use]
    pub fn saved_by(&self, attempt: &Attempt) -> Vec<Change> {
        match &attempt.saves {
            Some((uncovered, changes)) if *uncovered == self.uncovered => changes.clone(),
            _ => self.savings(&attempt.trial, &attempt.moves, self.after(&attempt.tried.left)),
        }
    }

    /// Carries out an attempt that holds on this bill, and tells what that changes.
    pub fn carry_out(&mut self, attempt: Attempt) -> Wake {
        let trace = self.waterfall.carry_out(&attempt.tried);
        self.uncovered = self.after(&attempt.tried.left);
        let wake = Wake { items: attempt.trial.keys().copied().collect(), others: false, trace };
        for (at, place) in attempt.trial {
            self.put(at, place);
        }
        wake
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
        let (moves, delta) = self.moves(&trial);
        let effect = self.waterfall.apply_sum(delta);
        let after = self.after(&effect.left);
        let savings = self.savings(&trial, &moves, after);
        self.uncovered = after;
        for (at, place) in trial {
            self.put(at, place);
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
            for at in self.places(edit.selection()).filter(|at| self.paid(self.item(*at).class) == Some(Paid::OnDemand))
            {
                let billed = self.item(at).cost();
                let (_, cost) = after.entry(at).or_insert((billed, billed));
                *cost = edit.cost_after(*cost);
            }
            for (at, kept) in kept.into_iter().filter(|(at, _)| self.paid(self.item(*at).class) == Some(Paid::OnDemand))
            {
                let billed = self.item(at).cost();
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
            let place = trial.entry(at).or_insert_with(|| self.place(at));
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

    /// The usage that leaves its pool and where it goes, by item, and by how much usage changes in each hour.
    pub(super) fn moves(&self, trial: &Trial) -> (Vec<Moved>, Delta) {
        let (mut moves, mut delta) = (Vec::new(), Delta::new(self.waterfall.demand().hours()));
        let mut billed = Billed::default();
        for (at, place) in trial {
            let before = self.place(*at);
            if before == *place {
                continue;
            }
            let item = self.item(*at);
            let Place::Pool(pool, part) = &before else { continue };
            let after = if let Place::Pool(pool, part) = place { Some((*pool, part)) } else { None };
            let mut all = 0;
            if [Some(part), after.map(|(_, part)| part)].into_iter().flatten().any(|part| part.hours.is_none()) {
                self.billed(&item, &mut billed);
                all = billed.units();
            }
            let mut end = |pool: PoolId, Part { share, hours }: &Part, sign: i64| {
                match hours {
                    None => billed.add_to(&mut delta, pool, *share, sign),
                    Some(runs) => hours::add(delta.demand(pool), runs, *share, sign),
                }
                let units = hours.as_deref().map_or(all, hours::whole);
                End { pool, share: *share, units }
            };
            let from = end(*pool, part, -1);
            moves.push(Moved { item: *at, from, to: after.map(|(pool, part)| end(pool, part, 1)) });
        }
        (moves, delta)
    }

    /// The hours of an item's usage, as billed, in the place of what was there.
    pub(super) fn billed(&self, item: &facts::Billed, billed: &mut Billed) {
        self.pools.billed(self.facts, (item.resource, item.class), item.costs.quantity, billed);
    }

    pub(super) fn after(&self, left: &[(PoolId, i128)]) -> Uncovered {
        let [gross, net] = self.rates.each_ref().map(|rates| rates.change_of(left));
        Uncovered { gross: self.uncovered.gross + gross, net: self.uncovered.net + net }
    }

    /// What each item saves. What the pools save together is told by the waterfall; it is split by what the usage that left would
    /// cost on demand.
    pub(super) fn savings(&self, trial: &Trial, moves: &[Moved], after: Uncovered) -> Vec<Change> {
        let mut saved: BTreeMap<usize, Cost> = BTreeMap::new();
        for (at, place) in trial {
            let linear = if let Place::Linear(cost) = place { *cost } else { Cost::default() };
            saved.insert(*at, self.place(*at).linear() - linear);
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
        saved.into_iter().map(|(at, saving)| self.change(at, saving)).collect()
    }

    /// What an item saves.
    pub(super) fn change(&self, at: usize, saving: Cost) -> Change {
        let (resource, class) = self.facts.billed.of_what(at);
        Change { item: u32::try_from(at).unwrap_or(u32::MAX), alike: false, resource, class, saving }
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

/// What edits of usage would do.
pub struct Attempt {
    /// The items that they select.
    looked: BTreeSet<usize>,
    trial: Trial,
    moves: Vec<Moved>,
    tried: Tried,
    /// What they save, item by item, and what uncovered usage cost when that was worked out.
    saves: Option<(Uncovered, Vec<Change>)>,
}

/// What edits of usage changed once they were carried out.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    items: BTreeSet<usize>,
    /// Whether other items may be changed too.
    others: bool,
    trace: Trace,
}

impl Attempt {
    /// The hours in which it may do something else once other edits are carried out: in those that are not among them nothing that it looked
    /// at is changed. `None` where it would move other usage.
    #[must_use]
    pub fn stale(&self, wake: &Wake) -> Option<Hours> {
        let moves_the_same = !wake.others && self.looked.is_disjoint(&wake.items);
        moves_the_same.then(|| self.tried.stale(&wake.trace))
    }
}

impl Wake {
    /// What other edits changed too.
    pub fn join(&mut self, other: &Self) {
        self.items.extend(&other.items);
        self.others |= other.others;
        self.trace.join(&other.trace);
    }

    /// Takes what commitments cover to be another where it is so on a bill and on another that understands it: steps may have got new
    /// numbers.
    pub fn between(&mut self, before: &Bill<'_>, after: &Bill<'_>) {
        self.trace = Trace::between(&before.waterfall, &after.waterfall);
    }

    /// Takes it that commitments may cover anything else.
    pub fn forget_commitments(&mut self) {
        self.trace = Trace::of_anything();
    }

    /// Takes it that anything may be changed.
    pub fn forget(&mut self) {
        self.others = true;
        self.forget_commitments();
    }
}

/// Usage that leaves a pool, and the one that it goes to.
pub(super) struct Moved {
    item: usize,
    pub(super) from: End,
    pub(super) to: Option<End>,
}

/// Where usage is before or after: in a pool, at a share.
pub(super) struct End {
    pub(super) pool: PoolId,
    share: Money,
    /// Of all hours together, before the share.
    units: i128,
}
