//! What an edit does to what is left and what is used.

use super::{Amount, CapacityId, PoolId};

/// How the sums over all hours change, by pool and by capacity, ascending; what stays the same is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effect {
    /// Usage that nothing covers, in 1e-9 units.
    pub left: Vec<(PoolId, i128)>,
    /// Capacity in use, in 1e-21.
    pub used: Vec<(CapacityId, Amount)>,
}

impl Effect {
    pub(super) fn of(left: Sums, used: Sums) -> Self {
        Self { left: left.sorted(PoolId), used: used.sorted(CapacityId) }
    }
}

/// Sums by a small id, for the few that are touched.
#[derive(Debug)]
pub(super) struct Sums {
    /// By id: 1 + where its sum is, 0 for none.
    at: Vec<u32>,
    sums: Vec<(u32, i128)>,
}

impl Sums {
    pub(super) fn new(ids: usize) -> Self {
        Self { at: vec![0; ids], sums: Vec::new() }
    }

    pub(super) fn add(&mut self, id: u32, value: i128) {
        let at = &mut self.at[id as usize];
        if *at == 0 {
            self.sums.push((id, 0));
            *at = u32::try_from(self.sums.len()).unwrap_or_default();
        }
        self.sums[*at as usize - 1].1 += value;
    }

    /// Adds all of others.
    pub(super) fn unite(&mut self, more: &Self) {
        more.sums.iter().for_each(|(id, sum)| self.add(*id, *sum));
    }

    /// The sums that are not 0, by id.
    pub(super) fn sorted<Id>(mut self, id: impl Fn(u32) -> Id) -> Vec<(Id, i128)> {
        self.sums.sort_unstable();
        self.sums.into_iter().filter(|(_, sum)| *sum != 0).map(|(at, sum)| (id(at), sum)).collect()
    }
}
