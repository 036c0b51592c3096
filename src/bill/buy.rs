//! Buying and giving up: what a change of commitments does, and whose usage gains from it.

use super::{Bill, Change, Edit, Offering, Purchase, Release, holdings::Holding};
use crate::{
    facts::Cost,
    waterfall::{self, Amount, Capacity, CapacityId, Delta, Effect, Setting, Walked},
};
use std::collections::BTreeMap;

/// What edits of commitments do, all at once.
struct Deal {
    /// To what is offered.
    changes: Vec<waterfall::Change>,
    /// How much more is committed to.
    cost: Cost,
}

/// What edits of commitments would do on a bill as it is, with all that it takes to carry them out.
pub struct Bargain {
    /// How much more is committed to.
    cost: Cost,
    saving: Cost,
    walked: Walked,
}

/// What the waterfall is made from, with a place for each of some offers.
pub(super) struct Offered {
    pub(super) setting: Setting,
    pub(super) holdings: Vec<Holding>,
    /// The capacities of the offers, in their order.
    pub(super) capacities: Vec<CapacityId>,
}

impl Bill<'_> {
    /// What this bill's waterfall is made from, with a place for each offer, of which nothing is bought yet.
    pub(super) fn offered(&self, offers: &[&Offering]) -> Offered {
        let owned = self.holdings.len();
        let more = offers.iter().map(|offer| offer.holding(0));
        let mut holdings: Vec<(usize, Holding)> = self.holdings.iter().cloned().chain(more).enumerate().collect();
        holdings.sort_by_key(|(_, holding)| holding.rank());
        let (order, mut holdings): (Vec<usize>, Vec<Holding>) = holdings.into_iter().unzip();
        let mut places: Vec<(usize, CapacityId)> = order.into_iter().zip((0u32..).map(CapacityId)).collect();
        places.sort_unstable();
        let capacities = places.into_iter().skip(owned).map(|(_, capacity)| capacity).collect();
        let setting = self.setting(self.waterfall.demand().clone(), &mut holdings);
        Offered { setting, holdings, capacities }
    }

    /// What changes of commitments would do together, and save; `None` where others are among them, or where a purchase has no place yet.
    pub(super) fn peek_deal(&self, edits: &[Edit]) -> Option<(Effect, Cost)> {
        let deal = self.deal(edits)?;
        let effect = self.waterfall.peek(&deal.changes);
        let saving = self.saving_of(&effect, deal.cost);
        Some((effect, saving))
    }

    fn saving_of(&self, effect: &Effect, cost: Cost) -> Cost {
        self.uncovered.cost() - self.after(&effect.left).cost() - cost
    }

    /// What edits of commitments do, all at once; `None` where others are among them, or where a purchase has no place yet.
    #[must_use]
    pub fn bargain(&self, edits: &[Edit]) -> Option<Bargain> {
        let deal = self.deal(edits)?;
        let walked = self.waterfall.walked(Delta::of(&self.waterfall, &deal.changes));
        Some(Bargain { cost: deal.cost, saving: self.saving_of(&walked.effect, deal.cost), walked })
    }

    /// What a bargain saves, by the usage that more is covered of than before, less the cost of it in the same shares.
    #[must_use]
    pub fn gained_by(&self, bargain: &Bargain) -> Vec<Change> {
        self.gains(&bargain.walked.effect.left, bargain.saving)
    }

    /// Carries out the edits of a bargain that was made on this bill.
    pub fn close(&mut self, bargain: Bargain, edits: &[Edit]) {
        self.uncovered = self.after(&bargain.walked.effect.left);
        self.committed += bargain.cost;
        self.waterfall.follow(bargain.walked);
        for edit in edits {
            match edit {
                Edit::Buy(purchase) => self.add_purchase(purchase),
                Edit::Release(release) => self.give_up(release),
                Edit::Stop(_) | Edit::Cap { .. } | Edit::Move { .. } => {}
            }
        }
    }

    fn commit(&mut self, edits: &[Edit]) -> Vec<Change> {
        self.prepare(edits.iter());
        let Some(bargain) = self.bargain(edits) else { return Vec::new() };
        let changes = self.gained_by(&bargain);
        self.close(bargain, edits);
        changes
    }

    fn deal(&self, edits: &[Edit]) -> Option<Deal> {
        if !edits.iter().all(Edit::is_commitment) {
            return None;
        }
        let mut deal = Deal { changes: Vec::new(), cost: Cost::default() };
        let hours = self.waterfall.demand().hours();
        for edit in edits {
            match edit {
                Edit::Buy(purchase) => {
                    let capacity = capacity(self.place_of(&purchase.offering)?)?;
                    let per_hour = purchase.offering.step() * Amount::from(purchase.steps);
                    deal.changes.push(waterfall::Change::Capacity { capacity, hours: 0..hours, per_hour });
                    deal.cost += self.over_period(purchase);
                }
                Edit::Release(release) => {
                    let held = self.holdings.iter().position(|held| held.members.contains(&release.commitment));
                    if let Some(capacity) = held.and_then(capacity) {
                        deal.changes.extend(release.taken_off(capacity, &self.amounts_of(release.commitment)));
                        deal.cost = deal.cost - self.given_up(*release);
                    }
                }
                Edit::Stop(_) | Edit::Cap { .. } | Edit::Move { .. } => {}
            }
        }
        Some(deal)
    }

    /// Makes a place in the order for what could be bought; says whether there was none.
    pub(super) fn make_place(&mut self, offering: &Offering) -> bool {
        let new = self.place_of(offering).is_none();
        if new {
            self.holdings.push(offering.holding(0));
            self.holdings.sort_by_key(Holding::rank);
        }
        new
    }

    fn place_of(&self, offering: &Offering) -> Option<usize> {
        self.holdings.iter().position(|holding| offering.is_held_in(holding))
    }

    /// What a purchase costs over the period.
    pub(super) fn over_period(&self, purchase: &Purchase) -> Cost {
        purchase.hourly().ratio(self.facts.window.period.hours().into(), 1)
    }

    fn add_purchase(&mut self, purchase: &Purchase) {
        let billed = self.over_period(purchase);
        let bought = |holding: &&mut Holding| purchase.offering.is_held_in(holding);
        if let Some(holding) = self.holdings.iter_mut().find(bought) {
            holding.billed += billed;
            if let Capacity::Constant(amount) = &mut holding.capacity {
                *amount += purchase.offering.step() * Amount::from(purchase.steps);
            }
        }
    }

    /// Carries out edits of which some change commitments, each in its turn; an exchange is one change.
    pub(super) fn apply_each(&mut self, edits: &[Edit]) -> Vec<Change> {
        let mut all: BTreeMap<(u32, bool), Cost> = BTreeMap::new();
        for run in edits.chunk_by(|a, b| a.is_commitment() && b.is_commitment()) {
            let changes = match run {
                [first, ..] if first.is_commitment() => self.commit(run),
                usage => self.apply_usage(usage),
            };
            for change in changes {
                *all.entry((change.item, change.alike)).or_default() += change.saving;
            }
        }
        let change =
            |((item, alike), saving): ((u32, bool), Cost)| Change { alike, ..self.change(item as usize, saving) };
        all.into_iter().map(change).collect()
    }

    /// What is paid on demand today for usage that a purchase may cover, and what it would cost in its stead is not in it.
    pub(super) fn coverable_by(&self, purchase: &Purchase) -> Cost {
        let holding = purchase.offering.holding(purchase.steps);
        let known = self.known();
        let pools = self.pools.numbered().filter(|(id, _)| holding.weight(&known, *id).is_some());
        pools.map(|(id, _)| self.uncovered_of(id)).sum()
    }
}

impl Release {
    /// What is offered less of a commitment of so much an hour.
    pub(super) fn taken_off(self, capacity: CapacityId, amounts: &[Amount]) -> Vec<waterfall::Change> {
        let mut start = 0;
        let runs = amounts.chunk_by(|a, b| a == b).map(|run| {
            let hours = start..start + run.len();
            start = hours.end;
            let per_hour = -(run[0] * Amount::from(self.part) / Amount::from(self.of.max(1)));
            waterfall::Change::Capacity { capacity, hours, per_hour }
        });
        runs.collect()
    }
}

/// The capacity that a holding is.
pub(super) fn capacity(holding: usize) -> Option<CapacityId> {
    u32::try_from(holding).ok().map(CapacityId)
}
