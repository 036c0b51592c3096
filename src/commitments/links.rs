//! Which instruments stand in each other's way: those that exclude each other, those that could cover the same usage, those that
//! anything at all links.

use super::Candidate;
use crate::waterfall::{CapacityId, Matters, PoolId, Setting};
use std::collections::{BTreeMap, BTreeSet};

/// Candidates that exclude each other, together; each other one alone.
fn slots(candidates: &[Candidate]) -> Vec<Vec<usize>> {
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
pub fn covers(setting: &Setting, candidates: &[Candidate]) -> Vec<BTreeSet<PoolId>> {
    let places: BTreeMap<CapacityId, usize> =
        candidates.iter().enumerate().map(|(at, candidate)| (candidate.capacity, at)).collect();
    let mut all = vec![BTreeSet::new(); candidates.len()];
    for step in setting.steps() {
        if let Some(pools) = places.get(&step.capacity).and_then(|at| all.get_mut(*at)) {
            pools.extend(step.fills.iter().map(|(pool, _)| *pool));
        }
    }
    all
}

/// How candidates are linked, whatever the hours.
pub(super) struct Links {
    /// Candidates that exclude each other, together; each other one alone.
    pub(super) slots: Vec<Vec<usize>>,
    /// For each slot the others that could cover some of the same usage.
    pub(super) rivals: Vec<Vec<usize>>,
    /// For each candidate all (itself too) that some chain of commitments and usage links it with.
    pub(super) linked: Vec<Vec<usize>>,
    /// What can matter to them.
    pub(super) matters: Matters,
}

impl Links {
    pub(super) fn of(setting: &Setting, candidates: &[Candidate]) -> Self {
        let slots = slots(candidates);
        let rivals = rivals(setting, candidates, &slots);
        let mut capacities: Vec<bool> = setting.idle().iter().map(|idle| !idle).collect();
        candidates.iter().for_each(|candidate| capacities[candidate.capacity.0 as usize] = true);
        let roots = roots(setting, &capacities);
        let own: Vec<usize> = candidates.iter().map(|candidate| roots[candidate.capacity.0 as usize]).collect();
        let same = |one: &usize| (0..own.len()).filter(|other| own[*other] == *one).collect();
        let linked = own.iter().map(same).collect();
        let is_own: BTreeSet<usize> = own.iter().copied().collect();
        let of_one = |pool| {
            let first = setting.covering(pool).map(|capacity| capacity.0 as usize).find(|at| capacities[*at]);
            first.is_some_and(|capacity| is_own.contains(&roots[capacity]))
        };
        let pools = pools(setting).map(of_one).collect();
        Self { slots, rivals, linked, matters: Matters { capacities, pools } }
    }
}

fn pools(setting: &Setting) -> impl Iterator<Item = PoolId> {
    (0u32..).map(PoolId).take(setting.demand().pools())
}

fn rivals(setting: &Setting, candidates: &[Candidate], slots: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut of_capacity: Vec<Option<usize>> = vec![None; setting.capacities()];
    for (slot, members) in slots.iter().enumerate() {
        members.iter().for_each(|at| of_capacity[candidates[*at].capacity.0 as usize] = Some(slot));
    }
    let mut meet = vec![vec![false; slots.len()]; slots.len()];
    for pool in pools(setting) {
        let here: BTreeSet<usize> =
            setting.covering(pool).filter_map(|capacity| of_capacity[capacity.0 as usize]).collect();
        here.iter().for_each(|slot| here.iter().for_each(|other| meet[*slot][*other] = true));
    }
    let rivals = |slot: usize| (0..slots.len()).filter(|other| *other != slot && meet[slot][*other]).collect();
    (0..slots.len()).map(rivals).collect()
}

/// For each capacity the first of all that some chain of usage and capacities that matter links it with.
fn roots(setting: &Setting, matter: &[bool]) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..setting.capacities()).collect();
    for pool in pools(setting) {
        let mut all = setting.covering(pool).map(|capacity| capacity.0 as usize).filter(|at| matter[*at]);
        let Some(first) = all.next() else { continue };
        for other in all {
            let (one, other) = (root(&parents, first), root(&parents, other));
            parents[one.max(other)] = one.min(other);
        }
    }
    (0..parents.len()).map(|capacity| root(&parents, capacity)).collect()
}

/// The first of all that are linked with one.
fn root(parents: &[usize], of: usize) -> usize {
    let mut at = of;
    while parents[at] != at {
        at = parents[at];
    }
    at
}
