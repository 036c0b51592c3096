//! What is not advised though it could cover the same usage as what is: the losers of the joint advice, by name.

use super::Market;
use crate::{commitments, defaults::CommitmentFigures, waterfall::PoolId};
use std::collections::{BTreeMap, BTreeSet};

/// Offers that are not advised, with what each would gain alone.
pub(super) struct Losers {
    /// What they lose to.
    pub(super) to: Vec<usize>,
    covers: Vec<BTreeSet<PoolId>>,
    gains: BTreeMap<usize, (u32, i128)>,
}

impl Losers {
    /// The losers to some of what is bought.
    pub(super) fn of(market: &Market, steps: &[u32], bought: Vec<usize>, figures: &CommitmentFigures) -> Self {
        let covers = commitments::covers(&market.waterfall, &market.candidates);
        let loses = |place: &usize| {
            steps[*place] == 0 && bought.iter().any(|other| !covers[*place].is_disjoint(&covers[*other]))
        };
        let lost: Vec<usize> = (0..steps.len()).filter(loses).collect();
        let gains = lost.iter().zip(market.alone(&lost, figures)).filter_map(|(place, gain)| Some((*place, gain?)));
        let gains = gains.collect();
        Self { to: bought, covers, gains }
    }

    /// Those that could cover some of what a purchase covers.
    pub(super) fn of_purchase(&self, place: usize) -> impl Iterator<Item = (usize, u32, i128)> + '_ {
        let rival = move |other: usize| !self.covers[other].is_disjoint(&self.covers[place]);
        let all = self.gains.iter().filter(move |(other, _)| rival(**other));
        all.map(|(other, (steps, gain))| (*other, *steps, *gain))
    }
}
