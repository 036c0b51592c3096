//! Whose usage gains from a change of commitments.

use super::{Bill, Change, Place};
use crate::{
    facts::{Billed, Cost},
    parallel::{shared_out, threads},
    waterfall::PoolId,
};

/// Who uses the pools of a bill as it is: worked out when it is asked for, and forgotten when usage moves.
#[derive(Debug, Clone, Default)]
pub(super) struct Users {
    /// In the order of the items.
    all: Vec<User>,
    /// By pool: how many items, and how much all of them used as billed.
    pools: Vec<(usize, i128)>,
}

/// An item whose usage is in a pool.
#[derive(Debug, Clone, Copy)]
struct User {
    item: u32,
    pool: PoolId,
    /// As billed, at least nothing.
    used: i128,
}

impl Bill<'_> {
    fn users(&self) -> &Users {
        self.users.get_or_init(|| {
            let user = |(at, item): (usize, Billed)| {
                let pool = self.moved.get(&at).map_or_else(|| self.as_billed(&item).pool(), Place::pool)?;
                Some(User { item: u32::try_from(at).ok()?, pool, used: item.costs.quantity.0.max(0) })
            };
            let all: Vec<User> = self.facts.billed.iter().enumerate().filter_map(user).collect();
            let mut pools = vec![(0, 0); self.pools.all.len()];
            for user in &all {
                let (items, used) = &mut pools[user.pool.0 as usize];
                *items += 1;
                *used += user.used;
            }
            Users { all, pools }
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
        let change = |User { item, pool, used: own }: &User| {
            let saving = of_pool.get(pool.0 as usize).copied().flatten()?.ratio(*own, used(*pool).1);
            Some(self.change(*item as usize, saving))
        };
        let all: usize = gained.iter().map(|(pool, _)| used(*pool).0).sum();
        let stretch = users.all.len().div_ceil(threads()).max(1);
        let some = |users: &[User]| {
            // Each has room for all: the first takes in the others, and what is not used is not touched.
            let mut changes = Vec::with_capacity(all);
            changes.extend(users.iter().filter_map(change));
            changes
        };
        let mut parts = shared_out(users.all.chunks(stretch), some).into_iter();
        let mut changes = parts.next().unwrap_or_default();
        parts.for_each(|part| changes.extend(part));
        let rest = saving - changes.iter().map(|change| change.saving).sum();
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
