//! Which instruments stand in each other's way: those that exclude each other, those that could cover the same usage, those that
//! anything at all links.

use super::Candidate;
use crate::waterfall::{CapacityId, PoolId, Waterfall};
use std::collections::{BTreeMap, BTreeSet};

/// Candidates that exclude each other, together; each other one alone.
pub(super) fn slots(candidates: &[Candidate]) -> Vec<Vec<usize>> {
    let mut slots: Vec<(Option<u32>, Vec<usize>)> = Vec::new();
    for (at, candidate) in candidates.iter().enumerate() {
        match slots.iter_mut().find(|(group, _)| group.is_some() && *group == candidate.group) {
            Some((_, slot)) => slot.push(at),
            None => slots.push((candidate.group, vec![at])),
        }
    }
    slots.into_iter().map(|(_, slot)| slot).collect()
}

/// The pools that each candidate could cover.
#[must_use]
pub fn covers(waterfall: &Waterfall, candidates: &[Candidate]) -> Vec<BTreeSet<PoolId>> {
    let places: BTreeMap<CapacityId, usize> =
        candidates.iter().enumerate().map(|(at, candidate)| (candidate.capacity, at)).collect();
    let mut all = vec![BTreeSet::new(); candidates.len()];
    for step in waterfall.steps() {
        if let Some(pools) = places.get(&step.capacity).and_then(|at| all.get_mut(*at)) {
            pools.extend(step.fills.iter().map(|(pool, _)| *pool));
        }
    }
    all
}

/// For each slot the others that could cover some of the same usage.
pub(super) fn rivals(waterfall: &Waterfall, candidates: &[Candidate], slots: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let covers = covers(waterfall, candidates);
    let of_slot = |slot: &Vec<usize>| slot.iter().flat_map(|at| &covers[*at]).copied().collect();
    let pools: Vec<BTreeSet<PoolId>> = slots.iter().map(of_slot).collect();
    let rivals = |slot: usize| {
        let other = |other: &usize| *other != slot && !pools[*other].is_disjoint(&pools[slot]);
        (0..slots.len()).filter(other).collect()
    };
    (0..slots.len()).map(rivals).collect()
}

/// For each candidate all (itself too) that some chain of commitments and usage links it with.
pub(super) fn linked(waterfall: &Waterfall, candidates: &[Candidate]) -> Vec<Vec<usize>> {
    let mut of_capacity: Vec<usize> = (0..waterfall.capacities()).collect();
    let mut of_pool: Vec<Option<usize>> = vec![None; waterfall.demand().pools()];
    for step in waterfall.steps() {
        for (pool, _) in step.fills {
            let own = root(&of_capacity, step.capacity.0 as usize);
            match of_pool[pool.0 as usize] {
                Some(other) => {
                    let other = root(&of_capacity, other);
                    of_capacity[own.max(other)] = own.min(other);
                }
                None => of_pool[pool.0 as usize] = Some(own),
            }
        }
    }
    let roots: Vec<usize> =
        candidates.iter().map(|candidate| root(&of_capacity, candidate.capacity.0 as usize)).collect();
    let same = |own: &usize| (0..roots.len()).filter(|other| roots[*other] == *own).collect();
    roots.iter().map(same).collect()
}

/// The first of all that are linked with one.
fn root(parents: &[usize], of: usize) -> usize {
    let mut at = of;
    while parents[at] != at {
        at = parents[at];
    }
    at
}
