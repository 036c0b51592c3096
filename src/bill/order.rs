//! The order in which commitments apply, as steps of the waterfall: by kind, inside a kind first to what the owner's own account
//! uses, then to what the accounts use that it shares with.

use super::{
    holdings::{Holding, Known, Preference, Scope},
    pools::Pools,
};
use crate::waterfall::{CapacityId, PoolId, Step, Weight};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// Which accounts of one payer use each other's commitments. AWS's default is all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// All.
    #[default]
    Organization,
    /// None.
    Owner,
    /// Those of one group; an account in none shares with nobody.
    #[serde(untagged)]
    Groups(Vec<Vec<String>>),
}

impl Sharing {
    /// Whether `user` may use what `owner` bought.
    pub(super) fn allows(&self, owner: &str, user: &str) -> bool {
        match self {
            Self::Organization => true,
            Self::Owner => owner == user,
            Self::Groups(groups) => {
                let both = |group: &Vec<String>| {
                    group.iter().any(|account| account == owner) && group.iter().any(|account| account == user)
                };
                owner == user || groups.iter().any(both)
            }
        }
    }
}

/// A pool that a holding may cover, at a weight.
type Candidate = (Preference, PoolId, Weight);

/// What a holding may cover of the pools that were looked at so far, best first. Pools are only ever added, and what is known of one
/// does not change, so that each is looked at once.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidates {
    looked: usize,
    all: Arc<Vec<Candidate>>,
}

impl Holding {
    /// Looks at the pools that are new.
    pub(super) fn look(&mut self, known: &Known<'_>) {
        let looked = std::mem::replace(&mut self.candidates.looked, known.pools.all.len());
        let known = &known.of_one();
        let found = known.pools.numbered().skip(looked).filter_map(|(id, _)| {
            let (preference, weight) = self.weight(known, id)?;
            Some((preference, id, weight))
        });
        let found: Vec<Candidate> = found.collect();
        if !found.is_empty() {
            let all = Arc::make_mut(&mut self.candidates.all);
            all.extend(found);
            all.sort_unstable();
        }
    }
}

/// The steps of the waterfall; the capacity of a step is its holding's place. The holdings have looked at all pools.
pub(super) fn steps(pools: &Pools, holdings: &[Holding], sharing: &Sharing) -> Vec<Step> {
    let capacities = (0u32..).map(CapacityId).zip(holdings);
    let all: Vec<(CapacityId, &Holding)> = capacities.collect();
    let mut steps = Vec::new();
    for kind in all.chunk_by(|a, b| a.1.rank() == b.1.rank()) {
        for own in [true, false] {
            let some = kind.iter().map(|(capacity, holding)| {
                let wanted = |pool: PoolId| {
                    let user = &pools.pool(pool).account;
                    // An owner who is not in this bill shares with all that are seen to use it.
                    let shared = holding.owner.is_empty() || sharing.allows(&holding.owner, user);
                    (*user == holding.owner) == own && (own || shared)
                };
                (*capacity, holding.candidates.all.iter().filter(|(_, pool, _)| wanted(*pool)).copied().collect())
            });
            let some: Vec<(CapacityId, Vec<Candidate>)> = some.collect();
            let plans = kind.iter().any(|(_, holding)| matches!(holding.scope, Scope::Plan { .. }));
            let poured = if plans { interleaved(&some) } else { whole(some) };
            steps.extend(poured.into_iter().filter(|step| !step.fills.is_empty()));
        }
    }
    steps
}

/// One capacity after the other.
fn whole(all: Vec<(CapacityId, Vec<Candidate>)>) -> Vec<Step> {
    let fills = |fills: Vec<Candidate>| fills.into_iter().map(|(_, pool, weight)| (pool, weight)).collect();
    all.into_iter().map(|(capacity, candidates)| Step { capacity, fills: fills(candidates) }).collect()
}

/// Of plans of one kind each combination of plan and usage has its place: the one that saves most comes first.
///
/// Combinations of different plans with different usage do not meet, so that their order is free: a step goes on with its plan
/// until a pool is another plan's before.
fn interleaved(all: &[(CapacityId, Vec<Candidate>)]) -> Vec<Step> {
    let of_plan =
        |plan: usize| all[plan].1.iter().enumerate().map(move |(at, (first, pool, _))| (*first, plan, at, *pool));
    let mut pairs: Vec<(Preference, usize, usize, PoolId)> = (0..all.len()).flat_map(of_plan).collect();
    pairs.sort_unstable();
    // By pool: whose turn it is, last to first.
    let mut turns: BTreeMap<PoolId, Vec<usize>> = BTreeMap::new();
    for (_, plan, _, pool) in pairs.iter().rev() {
        turns.entry(*pool).or_default().push(*plan);
    }
    let (mut done, mut steps) = (vec![0; all.len()], Vec::new());
    for (_, plan, at, _) in pairs {
        if at < done[plan] {
            continue;
        }
        let (capacity, candidates) = &all[plan];
        let mut fills = Vec::new();
        while let Some((_, pool, weight)) = candidates.get(done[plan])
            && let Some(queue) = turns.get_mut(pool)
            && queue.last() == Some(&plan)
        {
            queue.pop();
            done[plan] += 1;
            fills.push((*pool, *weight));
        }
        steps.push(Step { capacity: *capacity, fills });
    }
    steps
}

#[cfg(test)]
mod tests;
