//! Commitments that are owned: how far they are used, what the bill is without one, and what would take its place.

use super::{Bill, Edit, Offering, Release, Wanted, holdings::Holding, listed::both};
use crate::{
    facts::Cost,
    waterfall::{Amount, Capacity, CapacityId},
};
use std::cmp::Reverse;

/// A commitment of the bill as the model uses it. Those that nothing tells apart are used alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Held {
    /// Its place among the facts' commitments.
    pub commitment: usize,
    /// The share of what it offers over the period that is used.
    pub utilization: f64,
    /// What goes unused, by its cost over the period.
    pub unused: Cost,
    /// Hours of the period in which it offers something.
    pub hours: usize,
}

impl Bill<'_> {
    /// Every commitment of which it is known what it offers, in the order of the facts.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        let mut all = Vec::new();
        for (capacity, holding) in (0u32..).map(CapacityId).zip(&self.holdings) {
            let (used, offered) = self.use_of(capacity);
            for &commitment in &holding.members {
                let (cost, hours) = (self.cost_of(commitment), self.amounts_of(commitment));
                all.push(Held {
                    commitment,
                    utilization: share(used, offered),
                    unused: cost - cost.ratio(used.min(holding.offered), holding.offered),
                    hours: hours.iter().filter(|amount| **amount > 0).count(),
                });
            }
        }
        all.sort_by_key(|held| held.commitment);
        all
    }

    /// What is used of a capacity over the period, and what it offers.
    pub(super) fn use_of(&self, capacity: CapacityId) -> (Amount, Amount) {
        let used = self.waterfall.totals().used.get(capacity.0 as usize).copied().unwrap_or(0);
        (used, self.waterfall.amounts(capacity).iter().sum())
    }

    /// What a commitment costs over the period, used or not.
    #[must_use]
    pub fn cost_of(&self, commitment: usize) -> Cost {
        let commitment = &self.facts.commitments[commitment];
        commitment.used + commitment.unused
    }

    /// What the part of a commitment that is given up costs over the period.
    #[must_use]
    pub fn given_up(&self, release: Release) -> Cost {
        self.cost_of(release.commitment).ratio(release.part.into(), release.of.into())
    }

    /// The bill without a commitment: its cost ends, and what it covers falls to others, or is paid on demand. `None` where nothing
    /// tells what it offers.
    #[must_use]
    pub fn without(&self, commitment: usize) -> Option<Self> {
        let mut bill = self.clone();
        bill.holdings.iter().position(|holding| holding.members.contains(&commitment))?;
        bill.apply(&[Edit::Release(Release { commitment, part: 1, of: 1 })]);
        Some(bill)
    }

    /// Of what is wanted, the offering that covers what a commitment covers: the same if it is sold, else the one that may cover most
    /// of what is paid on demand.
    #[must_use]
    pub fn renewal(&self, commitment: usize, wanted: &Wanted) -> Option<Offering> {
        let old = self.holding_of(commitment)?;
        let known = self.known();
        let alike = |offering: &Offering| {
            let new = offering.holding(1);
            self.pools.numbered().any(|(id, _)| both(&known, &new, old, id))
        };
        let worth = |offering: &Offering| {
            let purchase = super::Purchase { offering: offering.clone(), steps: 1 };
            self.coverable_by(&purchase).net
        };
        let offerings = self.offerings(wanted).into_iter().filter(alike);
        offerings.min_by_key(|offering| (!offering.is_for(&old.scope), Reverse(worth(offering))))
    }

    /// A commitment of the facts as a holding of its own, as the bill or a listing tells it.
    pub(super) fn holding_of(&self, commitment: usize) -> Option<&Holding> {
        self.alone.get(commitment)?.as_ref()
    }

    /// What a commitment offers by the hour.
    pub(super) fn amounts_of(&self, commitment: usize) -> Vec<Amount> {
        match self.holding_of(commitment).map(|holding| &holding.capacity) {
            Some(Capacity::Hourly(amounts)) => amounts.clone(),
            _ => Vec::new(),
        }
    }

    /// Takes a part off a commitment as it is held; what that does to the waterfall and to the cost is the deal's.
    pub(super) fn give_up(&mut self, release: &Release) {
        let held = self.holdings.iter().position(|holding| holding.members.contains(&release.commitment));
        let Some(at) = held else { return };
        let (part, of) = (i128::from(release.part), i128::from(release.of));
        let (amounts, cost) = (self.amounts_of(release.commitment), self.given_up(*release));
        let offered = self.holding_of(release.commitment).map_or(0, |holding| holding.offered);
        let holding = &mut self.holdings[at];
        if let Capacity::Hourly(left) = &mut holding.capacity {
            for (left, amount) in left.iter_mut().zip(amounts) {
                *left = (*left - amount * part / of.max(1)).max(0);
            }
        }
        holding.offered -= offered * part / of.max(1);
        if part == of {
            holding.members.retain(|member| *member != release.commitment);
        } else {
            holding.billed = holding.billed - cost;
        }
    }
}

/// A share of amounts; 0 of nothing.
pub(super) fn share(part: Amount, of: Amount) -> f64 {
    if of > 0 { part as f64 / of as f64 } else { 0.0 }
}
