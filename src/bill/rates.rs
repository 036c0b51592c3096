//! What a Savings Plan charges for a unit of usage: as the bill shows it, else what the bill lets one conclude.

use super::{
    holdings::{Holding, Scope, Terms},
    pools::{Good, Pool, Pools, per_unit},
};
use crate::{
    facts::{Costs, Facts},
    money::Money,
    prices::Prices,
    sku::PlanKind,
};
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::collections::BTreeMap;

/// The rates of plans by kind and terms, as seen in the bill.
#[derive(Debug, Clone, Default)]
pub(super) struct PlanRates {
    seen: BTreeMap<PlanKind, BTreeMap<Terms, Seen>>,
    used: HashSet<Good, FixedState>,
}

/// What plans of one kind, on the same terms, covered.
#[derive(Debug, Clone, Default)]
struct Seen {
    goods: BTreeMap<Good, Costs>,
    shares: Shares,
}

/// When a plan covers a good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Turn {
    /// By what the plan saves on it.
    #[default]
    BySaving,
    /// After all others.
    Last,
}

/// What plans of one kind charge of the on-demand cost.
#[derive(Debug, Clone, Copy, Default)]
struct Shares {
    /// Over all that they cover.
    all: Costs,
    /// Of the good that they save least on.
    most: Costs,
}

impl PlanRates {
    /// The rates of all plans in the bill.
    pub(super) fn of(facts: &Facts, pools: &Pools, holdings: &[Holding]) -> Self {
        let mut rates = Self { used: pools.all.iter().map(|pool| pool.good.clone()).collect(), ..Self::default() };
        for holding in holdings {
            let Scope::Plan { kind, terms, .. } = &holding.scope else { continue };
            let seen = rates.seen.entry(rate_kind(kind)).or_default().entry(terms.clone()).or_default();
            for member in &holding.members {
                for (class, costs) in &facts.commitments[*member].covers {
                    let Some(pool) = pools.of_class(*class) else { continue };
                    *seen.goods.entry(pools.pool(pool).good.clone()).or_default() += *costs;
                    seen.shares.all += *costs;
                }
            }
        }
        for Seen { goods, shares } in rates.seen.values_mut().flat_map(BTreeMap::values_mut) {
            for costs in goods.values() {
                if dearer(costs, &shares.most) {
                    shares.most = *costs;
                }
            }
        }
        rates
    }

    /// USD for a unit of a pool's usage, and whether its turn comes after all that the bill shows rates of; `None` when the bill does not tell.
    ///
    /// A plan covers what it saves most on first. So what was used in the period and never covered, beside what was, must be what the
    /// plan saves less on: it is taken to save as little as the least that was covered, or less if prices say so. What was not used yet
    /// has the rate that prices tell, else the average.
    pub(super) fn rate(&self, kind: &PlanKind, terms: &Terms, pool: &Pool, prices: &Prices) -> Option<(Turn, Money)> {
        let kind = rate_kind(kind);
        let seen = self.seen.get(&kind).and_then(|seen| seen.get(terms));
        let costs = seen.and_then(|seen| seen.goods.get(&pool.good));
        if let Some(rate) = costs.and_then(|costs| per_unit(costs.effective, costs.quantity)) {
            return Some((Turn::BySaving, rate));
        }
        let public = pool.rate.public;
        let offer = terms.offer(&kind);
        let told =
            offer.and_then(|offer| prices.rate(offer, pool.subject())).map(|rate| public.times(1.0 - rate.discount));
        let shares = seen.map(|seen| seen.shares).unwrap_or_default();
        let share = |of: Costs| (of.on_demand.0 > 0).then(|| public.ratio(of.effective.0, of.on_demand.0));
        match share(shares.most) {
            Some(most) if self.used.contains(&pool.good) => {
                Some((Turn::Last, told.map_or(most, |told| told.max(most))))
            }
            _ => told.or_else(|| share(shares.all)).map(|rate| (Turn::BySaving, rate)),
        }
    }
}

/// The kind that rates go by: those of EC2 Instance plans depend on what they cover, not on the family that a plan is bound to.
fn rate_kind(kind: &PlanKind) -> PlanKind {
    match kind {
        PlanKind::Ec2Instance(_) => PlanKind::Ec2Instance(String::new()),
        other => other.clone(),
    }
}

/// Whether `a` is charged a greater share of its on-demand cost than `b`.
fn dearer(a: &Costs, b: &Costs) -> bool {
    let share = |costs: &Costs| Money::ONE.ratio(costs.effective.0, costs.on_demand.0);
    a.on_demand.0 > 0 && (b.on_demand.0 <= 0 || share(a) > share(b))
}
