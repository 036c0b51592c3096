//! The order in which commitments apply, as steps of the waterfall: by kind, inside a kind first to what the owner's own account
//! uses, then to what the accounts use that it shares with.

use super::holdings::{Holding, Known, Preference, Scope};
use crate::waterfall::{CapacityId, PoolId, Step, Weight};
use serde::Deserialize;
use std::cmp::Reverse;

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

/// The steps of the waterfall; the capacity of a step is its holding's place.
pub(super) fn steps(known: &Known<'_>, holdings: &[Holding], sharing: &Sharing) -> Vec<Step> {
    let capacities = (0u32..).map(CapacityId).zip(holdings);
    let all: Vec<(CapacityId, &Holding, Vec<Candidate>)> =
        capacities.map(|(id, holding)| (id, holding, candidates(known, holding))).collect();
    let mut steps = Vec::new();
    for kind in all.chunk_by(|a, b| a.1.rank() == b.1.rank()) {
        let mut kind: Vec<_> = kind.iter().collect();
        // Of plans that could cover the same usage the one that saves most comes first.
        kind.sort_by_key(|(id, holding, fills)| (Reverse(mean_saving(holding, fills)), *id));
        for own in [true, false] {
            for (capacity, holding, fills) in &kind {
                let wanted = |pool: PoolId| {
                    let user = &known.pools.pool(pool).account;
                    // An owner who is not in this bill shares with all that are seen to use it.
                    let shared = holding.owner.is_empty() || sharing.allows(&holding.owner, user);
                    (*user == holding.owner) == own && (own || shared)
                };
                let fills: Vec<_> = fills
                    .iter()
                    .filter(|(_, pool, _)| wanted(*pool))
                    .map(|(_, pool, weight)| (*pool, *weight))
                    .collect();
                if !fills.is_empty() {
                    steps.push(Step { capacity: *capacity, fills });
                }
            }
        }
    }
    steps
}

/// What a holding may cover, best first.
fn candidates(known: &Known<'_>, holding: &Holding) -> Vec<Candidate> {
    let found = known.pools.numbered().filter_map(|(id, _)| {
        let (preference, weight) = holding.weight(known, id)?;
        Some((preference, id, weight))
    });
    let mut all: Vec<Candidate> = found.collect();
    all.sort_unstable();
    all
}

/// The mean saving of a plan over what it may cover: an order among plans, no figure of its own.
fn mean_saving(holding: &Holding, fills: &[Candidate]) -> i128 {
    let count = i128::try_from(fills.len()).unwrap_or(0);
    match holding.scope {
        Scope::Plan { .. } if count > 0 => {
            fills.iter().map(|(preference, ..)| preference.saving()).sum::<i128>() / count
        }
        _ => 0,
    }
}
