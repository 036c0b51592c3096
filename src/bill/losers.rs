//! What is not advised though it could cover the same usage as what is: the losers of the joint advice, by name.

use super::Market;
use crate::{
    commitments::{self, Candidate},
    waterfall::{Curve, PoolId},
};
use std::collections::{BTreeMap, BTreeSet};

/// Offers that are not advised, with what each would gain alone.
pub(super) struct Losers {
    covers: Vec<BTreeSet<PoolId>>,
    gains: BTreeMap<usize, (u32, i128)>,
}

impl Losers {
    pub(super) fn of(market: &Market, steps: &[u32], threads: usize) -> Self {
        let covers = commitments::covers(&market.waterfall, &market.candidates);
        if steps.iter().all(|steps| *steps == 0) {
            return Self { covers, gains: BTreeMap::new() };
        }
        let alone = |(place, candidate): (usize, &Candidate)| {
            let curve = Curve::new(&market.waterfall, candidate.capacity, &market.rates, threads);
            let (best, _) = curve.best(&candidate.grid);
            let gain = commitments::alone(&market.waterfall, &market.rates, candidate, best);
            (gain > 0).then_some((place, (best, gain)))
        };
        let not_bought = market.candidates.iter().enumerate().filter(|(place, _)| steps[*place] == 0);
        Self { covers, gains: not_bought.filter_map(alone).collect() }
    }

    /// Those that could cover some of what a purchase covers.
    pub(super) fn of_purchase(&self, place: usize) -> impl Iterator<Item = (usize, u32, i128)> + '_ {
        let rival = move |other: usize| !self.covers[other].is_disjoint(&self.covers[place]);
        let all = self.gains.iter().filter(move |(other, _)| rival(**other));
        all.map(|(other, (steps, gain))| (*other, *steps, *gain))
    }
}
