//! What a purchase is worth on paths of demand, and what of it still pays on the bad ones.
//!
//! Hours are independent of each other, so a week gains what it gains, wherever it comes in a path: each seen week is
//! priced once, and a path is a sum. Where what is owned ends on the way, weeks before and after are priced apart.

use super::Candidate;
use crate::{
    quantile::rank,
    waterfall::{Rates, Waterfall},
};
use std::ops::Range;

/// What buying `steps` of each candidate gains in each span of hours, after its own cost; in 1e-21 USD.
#[must_use]
pub fn gains(
    waterfall: &Waterfall,
    rates: &Rates,
    candidates: &[Candidate],
    steps: &[u32],
    spans: &[Range<usize>],
) -> Vec<i128> {
    let gain = |span: &Range<usize>| {
        let buy = |(candidate, steps): (&Candidate, &u32)| candidate.buy(i64::from(*steps), span.clone());
        let changes: Vec<_> = candidates.iter().zip(steps).map(buy).collect();
        let costs = candidates.iter().zip(steps).map(|(candidate, steps)| candidate.grid.cost_of(*steps, span.len()));
        -rates.change(&waterfall.peek(&changes)) - costs.sum::<i128>()
    };
    spans.iter().map(gain).collect()
}

/// What usage would cost on demand in each span of hours, in 1e-21 USD: how much demand there is.
#[must_use]
pub fn demand(waterfall: &Waterfall, rates: &Rates, spans: &[Range<usize>]) -> Vec<i128> {
    spans.iter().map(|span| rates.value_in(waterfall.demand(), span.clone())).collect()
}

/// The sum over each path of what its weeks are worth; weeks that are not told are worth nothing.
#[must_use]
pub fn outcomes(weekly: &[i128], paths: &[Vec<usize>]) -> Vec<i128> {
    let worth = |path: &Vec<usize>| path.iter().filter_map(|week| weekly.get(*week)).sum();
    paths.iter().map(worth).collect()
}

/// The value that a share of `q` (0 to 1) of the values is not above: the nearest rank, so it is one of them. 0 for none.
#[must_use]
pub fn quantile(values: &[i128], q: f64) -> i128 {
    path_at(values, q).map_or(0, |at| values[at])
}

/// Which path stands at the quantile `q` of what paths are worth: P10 of demand as a path that could be, not one of worst hours.
#[must_use]
pub fn path_at(values: &[i128], q: f64) -> Option<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|at| (values[*at], *at));
    order.get(rank(values.len(), q)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let values = [30, 10, 20, 50, 40, 60, 70, 90, 80, 100];
        assert_eq!([0.0, 0.1, 0.5, 0.9, 1.0].map(|q| quantile(&values, q)), [10, 10, 50, 90, 100]);
        assert_eq!(path_at(&values, 0.1), Some(1));
        assert_eq!(quantile(&[], 0.5), 0);
    }

    #[test]
    fn a_path_is_worth_its_weeks() {
        assert_eq!(outcomes(&[5, -2, 1], &[vec![0, 0, 1], vec![2, 1, 1], vec![]]), [8, -3, 0]);
    }
}
