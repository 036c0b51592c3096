//! Exchanges of convertible reservations: what is given up, and what is taken in its stead, for what the bill drops by most.

use super::{
    Bill, Offering, Purchase, Release, Wanted,
    buy::{Offered, capacity},
    holdings::{self, Holding, Scope},
};
use crate::{
    facts::Cost,
    money::Money,
    waterfall::{Amount, CapacityId, Change, Effect, Rates, Waterfall},
};
use std::{cmp::Reverse, sync::Arc};

/// How widely is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeLimits {
    /// Kinds of reservations that are weighed: those that may cover most of what is paid on demand.
    pub targets: usize,
    /// Of each so many counts to give up, evenly spread; all where there are no more.
    pub counts: u32,
}

/// An exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// What is given up.
    pub release: Release,
    /// What is taken: of the same value an hour, or the next above.
    pub purchase: Purchase,
    /// What the bill drops by.
    pub saving: Cost,
}

/// The waterfall with a place for each offering.
struct Places {
    waterfall: Waterfall,
    rates: [Rates; 2],
    owned: CapacityId,
    offered: Vec<CapacityId>,
}

impl Bill<'_> {
    /// The exchange of some of a reservation's instances that saves most; `None` where none saves, or where the reservation was not in
    /// force all through the period.
    #[must_use]
    pub fn exchange(&self, commitment: usize, wanted: &Wanted, limits: ExchangeLimits) -> Option<Exchange> {
        let count = self.count_of(commitment)?;
        let amounts = self.amounts_of(commitment);
        if count == 0 || amounts.contains(&0) {
            return None;
        }
        let offerings = self.targets(commitment, wanted, limits.targets)?;
        let places = self.places_for(commitment, &offerings)?;
        let mut best: Option<Exchange> = None;
        for (offering, capacity) in offerings.iter().zip(&places.offered) {
            for part in counts(count, limits.counts) {
                let release = Release { commitment, part, of: count };
                let Some(purchase) = self.of_same_value(release, offering) else { continue };
                let mut changes = release.taken_off(places.owned, &amounts);
                changes.push(Change::Capacity {
                    capacity: *capacity,
                    hours: 0..amounts.len(),
                    per_hour: offering.step() * Amount::from(purchase.steps),
                });
                let saving = self.given_up(release) - self.over_period(&purchase) - places.rise(&changes);
                if saving.net > best.as_ref().map_or(Money::ZERO, |best| best.saving.net) {
                    best = Some(Exchange { release, purchase, saving });
                }
            }
        }
        best
    }

    /// As many of a reservation's instances as the bill drops by most without, and by how much; what a sale fetches is not in it. `None`
    /// where all are worth keeping, or where it was not in force all through the period.
    #[must_use]
    pub fn dispensable(&self, commitment: usize, most: u32) -> Option<(Release, Cost)> {
        let (count, amounts) = (self.count_of(commitment)?, self.amounts_of(commitment));
        if count == 0 || amounts.contains(&0) {
            return None;
        }
        let capacity = capacity(self.holdings.iter().position(|holding| holding.members.contains(&commitment))?)?;
        let release = |part| Release { commitment, part, of: count };
        let parts: Vec<u32> = counts(count, most).collect();
        let rises = |part| rise(&self.rates, &self.waterfall.peek(&release(part).taken_off(capacity, &amounts)));
        let (part, saving) = best_part(&parts, |part| self.given_up(release(part)), rises)?;
        Some((release(part), saving))
    }

    /// How many instances a reservation reserves at most.
    #[must_use]
    pub fn count_of(&self, commitment: usize) -> Option<u32> {
        let of = self.facts.commitments.get(commitment).filter(|commitment| !commitment.plan)?;
        let (_, per_instance) = holdings::reservation(self.facts, self.given.coverage, of)?;
        let (most, each) = (self.amounts_of(commitment).into_iter().max()?, Amount::from(per_instance) * 1_000_000_000);
        u32::try_from((most + each / 2) / each.max(1)).ok()
    }

    /// What could be taken, what may cover most first.
    fn targets(&self, commitment: usize, wanted: &Wanted, most: usize) -> Option<Vec<Offering>> {
        let old = self.holding_of(commitment)?;
        let region = old.region();
        let other = |offering: &Offering| {
            offering.payer == old.payer && offering.region == region && !offering.is_for(&old.scope)
        };
        let mut all: Vec<Offering> = self.offerings(wanted).into_iter().filter(other).collect();
        all.sort_by_cached_key(|offering| {
            let one = Purchase { offering: offering.clone(), steps: 1 };
            (Reverse(self.coverable_by(&one).net), offering.identity())
        });
        all.truncate(most);
        let owner = self.facts.commitments[commitment].owner.clone();
        Some(all.into_iter().map(|offering| offering.bought_by(owner.clone())).collect())
    }

    /// As many of an offering as are worth what is given up.
    fn of_same_value(&self, release: Release, offering: &Offering) -> Option<Purchase> {
        let hours = i128::from(self.facts.window.period.hours());
        let (value, each) = (self.given_up(release).gross.0, offering.hourly.gross.0 * hours);
        if each <= 0 {
            return None;
        }
        let steps = u32::try_from((value + each - 1) / each).ok()?.max(1);
        Some(Purchase { offering: offering.clone(), steps })
    }

    fn places_for(&self, commitment: usize, offerings: &[Offering]) -> Option<Places> {
        let offerings: Vec<&Offering> = offerings.iter().collect();
        let Offered { setting, holdings, capacities } = self.offered(&offerings);
        let held = holdings.iter().position(|holding| holding.members.contains(&commitment))?;
        // What is offered is the bill's own usage: no pool is new.
        Some(Places {
            waterfall: setting.priced(),
            rates: self.rates.clone(),
            owned: capacity(held)?,
            offered: capacities,
        })
    }
}

impl Places {
    /// What more is paid on demand after some changes.
    fn rise(&self, changes: &[Change]) -> Cost {
        rise(&self.rates, &self.waterfall.peek(changes))
    }
}

fn rise(rates: &[Rates; 2], effect: &Effect) -> Cost {
    let money = |rates: &Rates| Money(rates.change(effect)).ratio(1, 1_000_000_000);
    Cost { gross: money(&rates[0]), net: money(&rates[1]) }
}

impl Holding {
    /// The region that it is bound to, or empty.
    pub(super) fn region(&self) -> Arc<str> {
        match &self.scope {
            Scope::Elsewhere(_) => Arc::from(""),
            Scope::Zone(zone, _) => Arc::from(zone.trim_end_matches(|c: char| c.is_ascii_lowercase())),
            Scope::Region { region, .. } | Scope::Plan { region, .. } => region.clone(),
        }
    }
}

/// The numbers from 1 to all, or `most` of them evenly spread, the last one among them.
fn counts(all: u32, most: u32) -> impl Iterator<Item = u32> {
    let stride = all.div_ceil(most.max(1)).max(1);
    (1..=all).filter(move |count| (all - count).is_multiple_of(stride))
}

/// Of ascending parts the one that saves most, and what it saves: what it costs less what is paid on demand in its stead. Of several
/// the least; `None` where none saves.
///
/// What is paid on demand never falls as more is given up. So of all parts between two none saves more than the greater one costs less
/// what the smaller one's usage rises by, and most need not be priced. The less is given up, the sooner that is priced, so less is looked
/// at first.
fn best_part(parts: &[u32], cost: impl Fn(u32) -> Cost, rise: impl Fn(u32) -> Cost) -> Option<(u32, Cost)> {
    let mut best: Option<(u32, Cost)> = None;
    let mut open = vec![(parts, Money::ZERO)];
    while let Some((some, below)) = open.pop() {
        let Some(last) = some.last() else { continue };
        let at_most = cost(*last).net - below;
        if best.as_ref().map_or(at_most <= Money::ZERO, |(_, best)| at_most < best.net) {
            continue;
        }
        let (less, [part, more @ ..]) = some.split_at(some.len() / 4) else { continue };
        let rise = rise(*part);
        let saving = cost(*part) - rise;
        let better = |(least, best): &(u32, Cost)| saving.net > best.net || saving.net == best.net && part < least;
        if best.as_ref().map_or(saving.net > Money::ZERO, better) {
            best = Some((*part, saving));
        }
        open.extend([(more, rise.net), (less, below)]);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_best_part_is_that_of_all(steps in prop::collection::vec(0i128..9, 1..40), each in 0i128..9) {
            let mut rises = vec![0];
            rises.extend(steps.iter().scan(0, |sum, step| { *sum += step; Some(*sum) }));
            let cost = |net: i128| Cost { gross: Money::ZERO, net: Money(net) };
            let parts: Vec<u32> = (1u32..).take(steps.len()).collect();
            let saving = |part: u32| i128::from(part) * each - rises[part as usize];
            let all = parts.iter().copied().filter(|part| saving(*part) > 0);
            let naive = all.min_by_key(|part| (Reverse(saving(*part)), *part)).map(|part| (part, cost(saving(part))));
            let found = best_part(&parts, |part| cost(i128::from(part) * each), |part| cost(rises[part as usize]));
            prop_assert_eq!(found, naive);
        }
    }

    #[test]
    fn counts_are_all_or_evenly_spread() {
        assert_eq!(counts(3, 32).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(counts(10, 4).collect::<Vec<_>>(), [1, 4, 7, 10]);
    }
}
