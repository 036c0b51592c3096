//! Whose usage gains from a change of commitments.

use super::{Bill, Change, Place};
use crate::{
    facts::{ClassId, Cost, Party},
    waterfall::PoolId,
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

/// Who uses the pools of a bill as it is: worked out when it is asked for, and forgotten when usage moves. Items of a pool that are of one
/// class and one party gain together: there are some thousand such groups where there are millions of items.
#[derive(Debug, Default)]
pub(super) struct Users {
    /// By pool, in the order of their first items.
    groups: Vec<Group>,
    /// By pool: its groups.
    of_pool: Vec<Range<usize>>,
    /// The items of one group after the other, each ascending.
    items: Vec<u32>,
}

/// Items of a pool that are of one class and one party.
#[derive(Debug, Clone)]
struct Group {
    pool: PoolId,
    /// Where its items stand.
    items: Range<usize>,
    /// The least of them.
    first: u32,
    /// What they used as billed, each at least nothing.
    used: i128,
}

/// A pool, a class and a party, by their numbers.
type Key = (PoolId, ClassId, u32);

type Numbers<K> = HashMap<K, u32, FixedState>;

impl Users {
    fn of(bill: &Bill<'_>) -> Self {
        let facts = bill.facts;
        let parties = parties_of(bill);
        let of_class: Vec<Option<PoolId>> =
            (0u32..).map(ClassId).take(facts.classes.len()).map(|class| bill.pool_as_billed(class)).collect();
        let mut moved = bill.moved.iter().peekable();
        let (mut numbers, mut groups): (Numbers<Key>, Vec<Group>) = (Numbers::default(), Vec::new());
        let mut users: Vec<(u32, u32)> = Vec::new();
        for (at, (item, (resource, class))) in (0u32..).zip(facts.billed.all_of().enumerate()) {
            let moved = moved.next_if(|(moved, _)| **moved == item);
            let Some(pool) = moved.map_or(of_class[class.0 as usize], |(_, place)| place.pool()) else { continue };
            let new = u32::try_from(groups.len()).unwrap_or(u32::MAX);
            let group = *numbers.entry((pool, class, parties[resource.0 as usize])).or_insert(new);
            if group == new {
                groups.push(Group { pool, items: 0..0, first: at, used: 0 });
            }
            let of = &mut groups[group as usize];
            of.items.end += 1;
            of.used += facts.billed.quantity(item).0.max(0);
            users.push((group, at));
        }
        Self::sorted(groups, &users, bill.pools.all.len())
    }

    /// Puts groups in order, each with its items; `users` tells the number of each item's.
    fn sorted(groups: Vec<Group>, users: &[(u32, u32)], pools: usize) -> Self {
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_unstable_by_key(|at| (groups[*at].pool, groups[*at].first));
        let mut free = vec![0; groups.len()];
        let mut sorted: Vec<Group> = Vec::with_capacity(groups.len());
        for at in order {
            free[at] = sorted.last().map_or(0, |last| last.items.end);
            sorted.push(Group { items: free[at]..free[at] + groups[at].items.len(), ..groups[at].clone() });
        }
        let mut items = vec![0; users.len()];
        for (group, item) in users {
            let place = &mut free[*group as usize];
            items[*place] = *item;
            *place += 1;
        }
        let mut of_pool = vec![0..0; pools];
        let mut end = 0;
        for of_one in sorted.chunk_by(|one, other| one.pool == other.pool) {
            of_pool[of_one[0].pool.0 as usize] = end..end + of_one.len();
            end += of_one.len();
        }
        Self { groups: sorted, of_pool, items }
    }

    fn of_pool(&self, pool: PoolId) -> &[Group] {
        self.of_pool.get(pool.0 as usize).map_or(&[], |groups| &self.groups[groups.clone()])
    }
}

/// By resource: the number of its party.
fn parties_of(bill: &Bill<'_>) -> Vec<u32> {
    let mut numbers: Numbers<&Party> = Numbers::default();
    let number = |resource| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(resource).or_insert(next)
    };
    bill.facts.resources.iter().map(|resource| &resource.party).map(number).collect()
}

impl Bill<'_> {
    fn users(&self) -> &Users {
        self.users.get_or_init(|| Arc::new(Users::of(self)))
    }

    /// The pool of a class's usage before all edits.
    fn pool_as_billed(&self, class: ClassId) -> Option<PoolId> {
        self.paid(class).and_then(|_| self.pools.of_class(class))
    }

    /// Whether somebody uses a pool of which less is left.
    pub(super) fn somebody_gains(&self, left: &[(PoolId, i128)]) -> bool {
        left.iter().any(|(pool, more)| *more < 0 && !self.users().of_pool(*pool).is_empty())
    }

    /// Splits a saving by what less of each pool is paid on demand, and each pool's part by the usage of its items.
    pub(super) fn gains(&self, left: &[(PoolId, i128)], saving: Cost) -> Vec<Change> {
        let gained: Vec<(PoolId, i128)> = left
            .iter()
            .filter(|(_, more)| *more < 0)
            .map(|(pool, more)| (*pool, -more * self.pools.pool(*pool).rate.net.0 / 1_000_000_000))
            .collect();
        let all: i128 = gained.iter().map(|(_, gained)| gained).sum();
        let mut changes = Vec::new();
        for (pool, gained) in gained {
            let (groups, of_pool) = (self.users().of_pool(pool), saving.ratio(gained, all));
            let used: i128 = groups.iter().map(|group| group.used).sum();
            let change = |group: &Group| Change {
                alike: true,
                ..self.change(group.first as usize, of_pool.ratio(group.used, used))
            };
            changes.extend(groups.iter().map(change));
        }
        let rest = saving - changes.iter().map(|change| change.saving).sum();
        if let Some(first) = changes.first_mut() {
            first.saving += rest;
        }
        changes
    }

    /// The items that changes of this bill are about, those that gain alike each by itself.
    pub fn items_in<'s>(&'s self, changes: &'s [Change]) -> impl Iterator<Item = usize> + 's {
        changes.iter().flat_map(|change| self.items_of_change(change)).map(|item| *item as usize)
    }

    fn items_of_change<'s>(&'s self, change: &'s Change) -> &'s [u32] {
        let group = || {
            let groups = self.users().of_pool(self.place(change.item as usize).pool()?);
            let at = groups.binary_search_by_key(&change.item, |group| group.first).ok()?;
            Some(&self.users().items[groups[at].items.clone()])
        };
        change.alike.then(group).flatten().unwrap_or(std::slice::from_ref(&change.item))
    }

    /// Puts an item's usage somewhere else.
    pub(super) fn put(&mut self, item: usize, place: Place) {
        self.users = OnceLock::new();
        self.moved.insert(item, place);
    }
}
