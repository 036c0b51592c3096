//! Buying: what a purchase changes, and whose usage gains from it.

use super::{Bill, Change, Edit, Purchase};
use crate::{facts::Cost, waterfall::PoolId};
use std::collections::BTreeMap;

impl Bill<'_> {
    /// Changes what is committed to, all at once, and tells what that saves, by the usage that more is covered of than before, less the
    /// cost of it in the same shares.
    fn commit(&mut self, edits: &[Edit]) -> Vec<Change> {
        let (before, left) = (self.price(), self.waterfall.totals().left.clone());
        for edit in edits {
            match edit {
                Edit::Buy(purchase) => self.add_purchase(purchase),
                Edit::Release(release) => self.give_up(release),
                Edit::Stop(_) | Edit::Cap { .. } | Edit::Move { .. } => {}
            }
        }
        self.holdings.sort_by_key(super::Holding::rank);
        self.fill();
        self.gains(&left, before - self.price())
    }

    /// What a purchase costs over the period.
    pub(super) fn over_period(&self, purchase: &Purchase) -> Cost {
        let (hourly, hours) = (purchase.hourly(), self.facts.window.period.hours());
        Cost { gross: hourly.gross.ratio(hours.into(), 1), net: hourly.net.ratio(hours.into(), 1) }
    }

    fn add_purchase(&mut self, purchase: &Purchase) {
        let billed = self.over_period(purchase);
        self.committed += billed;
        self.holdings.push(super::Holding { billed, ..purchase.offering.holding(purchase.steps) });
    }

    /// Splits a saving by what less of each pool is paid on demand, and each pool's part by the usage of its items.
    fn gains(&self, left: &[i128], saving: Cost) -> Vec<Change> {
        let now = &self.waterfall.totals().left;
        let gain = |(id, pool): (PoolId, &super::pools::Pool)| {
            let less = left[id.0 as usize] - now[id.0 as usize];
            (less > 0).then(|| (id, less * pool.rate.net.0 / 1_000_000_000))
        };
        let pools: BTreeMap<PoolId, i128> = self.pools.numbered().filter_map(gain).collect();
        let users: Vec<(usize, PoolId, i128)> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| {
                let pool = item.pool().filter(|pool| pools.contains_key(pool))?;
                Some((at, pool, item.billed.quantity.0.max(0)))
            })
            .collect();
        let mut used: BTreeMap<PoolId, i128> = BTreeMap::new();
        for (_, pool, quantity) in &users {
            *used.entry(*pool).or_default() += quantity;
        }
        let all: i128 = pools.values().sum();
        let mut rest = saving;
        let mut changes: Vec<Change> = Vec::with_capacity(users.len());
        for (at, pool, quantity) in users {
            let of_pool =
                Cost { gross: saving.gross.ratio(pools[&pool], all), net: saving.net.ratio(pools[&pool], all) };
            let whole = used[&pool];
            let part = Cost { gross: of_pool.gross.ratio(quantity, whole), net: of_pool.net.ratio(quantity, whole) };
            rest = rest - part;
            changes.push(Change { resource: self.items[at].resource, class: self.items[at].class, saving: part });
        }
        if let Some(first) = changes.first_mut() {
            first.saving += rest;
        }
        changes
    }

    /// Carries out edits of which some change commitments, each in its turn; an exchange is one change.
    pub(super) fn apply_each(&mut self, edits: &[Edit]) -> Vec<Change> {
        let mut all: BTreeMap<_, Cost> = BTreeMap::new();
        for run in edits.chunk_by(|a, b| a.is_commitment() && b.is_commitment()) {
            let changes = match run {
                [first, ..] if first.is_commitment() => self.commit(run),
                usage => self.apply_usage(usage),
            };
            for change in changes {
                *all.entry((change.resource, change.class)).or_default() += change.saving;
            }
        }
        all.into_iter().map(|((resource, class), saving)| Change { resource, class, saving }).collect()
    }

    /// What is paid on demand today for usage that a purchase may cover, and what it would cost in its stead is not in it.
    pub(super) fn coverable_by(&self, purchase: &Purchase) -> Cost {
        let holding = purchase.offering.holding(purchase.steps);
        let known = self.known();
        let pools = self.pools.numbered().filter(|(id, _)| holding.weight(&known, *id).is_some());
        pools.map(|(id, _)| self.uncovered_of(id)).sum()
    }
}
