//! Whose usage gains from a change of commitments.

use super::{Bill, Change, Place};
use crate::{facts::Cost, waterfall::PoolId};

/// Who uses the pools of a bill as it is: worked out when it is asked for, and forgotten when usage moves.
#[derive(Debug, Clone, Default)]
pub(super) struct Users {
    /// By item: its pool, or [`NONE`].
    pool_of: Vec<u32>,
    /// By pool: how many items, and how much all of them used as billed.
    pools: Vec<(usize, i128)>,
}

const NONE: u32 = u32::MAX;

impl Bill<'_> {
    fn users(&self) -> &Users {
        self.users.get_or_init(|| {
            let number = |place: &Place| place.pool().map_or(NONE, |pool| pool.0);
            let as_billed = self.facts.billed.iter().map(|billed| number(&self.as_billed(&billed)));
            let mut pool_of: Vec<u32> = as_billed.collect();
            self.moved.iter().for_each(|(item, place)| pool_of[*item] = number(place));
            let mut pools = vec![(0, 0); self.pools.all.len()];
            for (item, pool) in self.facts.billed.iter().zip(&pool_of).filter(|(_, pool)| **pool != NONE) {
                let (items, used) = &mut pools[*pool as usize];
                *items += 1;
                *used += item.costs.quantity.0.max(0);
            }
            Users { pool_of, pools }
        })
    }

    /// Whether somebody uses a pool of which less is left.
    pub(super) fn somebody_gains(&self, left: &[(PoolId, i128)]) -> bool {
        let users = self.users();
        left.iter()
            .any(|(pool, more)| *more < 0 && users.pools.get(pool.0 as usize).is_some_and(|(items, _)| *items > 0))
    }

    /// Splits a saving by what less of each pool is paid on demand, and each pool's part by the usage of its items.
    pub(super) fn gains(&self, left: &[(PoolId, i128)], saving: Cost) -> Vec<Change> {
        let users = self.users();
        let used = |pool: PoolId| users.pools.get(pool.0 as usize).copied().unwrap_or_default();
        let gained: Vec<(PoolId, i128)> = left
            .iter()
            .filter(|(_, more)| *more < 0)
            .map(|(pool, more)| (*pool, -more * self.pools.pool(*pool).rate.net.0 / 1_000_000_000))
            .collect();
        let all: i128 = gained.iter().map(|(_, gained)| gained).sum();
        let mut of_pool: Vec<Option<Cost>> = vec![None; self.pools.all.len()];
        for (pool, gained) in &gained {
            of_pool[pool.0 as usize] = Some(saving.ratio(*gained, all));
        }
        let mut changes = Vec::with_capacity(gained.iter().map(|(pool, _)| used(*pool).0).sum());
        let mut rest = saving;
        for (item, pool) in self.facts.billed.iter().zip(&users.pool_of) {
            let Some(part) = of_pool.get(*pool as usize).copied().flatten() else { continue };
            let part = part.ratio(item.costs.quantity.0.max(0), used(PoolId(*pool)).1);
            rest = rest - part;
            changes.push(Change { resource: item.resource, class: item.class, saving: part });
        }
        if let Some(first) = changes.first_mut() {
            first.saving += rest;
        }
        changes
    }

    /// Puts an item's usage somewhere else.
    pub(super) fn put(&mut self, item: usize, place: Place) {
        self.users = std::sync::OnceLock::new();
        self.moved.insert(item, place);
    }
}
