//! What is found out about one market: what is best of it, what that gains, and how sure that is. What does not depend on each other is
//! done at once.

use super::{
    Backtest, Bill, Offering,
    advise::{Market, OtherTerms, money},
    losers::Losers,
    tranches::{Ladder, Rungs},
};
use crate::{
    commitments::{Effort, WHOLE},
    defaults::CommitmentFigures,
    parallel::at_once,
    time::Day,
};

/// One hour in so many tells about how much would be best where that only bounds or checks what is advised.
const ABOUT: usize = 3;

/// Likewise of what is not advised.
pub(super) const ROUGHLY: usize = 11;

/// What is asked of a bill after all advice on usage.
pub(super) struct Asked<'a> {
    /// What is offered.
    pub(super) wanted: &'a [&'a Offering],
    /// Other terms of it.
    pub(super) others: &'a [Offering],
    /// The bill as it is today.
    pub(super) today: &'a Bill<'a>,
    pub(super) figures: &'a CommitmentFigures,
    pub(super) as_of: Day,
}

/// What is found, by candidate.
pub(super) struct Found<'a> {
    /// The offers' market.
    pub(super) market: Market,
    /// The best amounts.
    pub(super) steps: Vec<u32>,
    /// What each gains on top of those before it.
    pub(super) gains: Vec<i128>,
    /// What the advice of the first part of the period would have saved in its last part.
    pub(super) backtests: Option<Vec<Backtest>>,
    /// What each gains if demand is lower and higher.
    pub(super) varied: [Vec<i128>; 2],
    /// What is not bought though it could cover the same as the largest purchases.
    pub(super) losers: Losers,
    /// Other terms of these.
    pub(super) terms: Vec<OtherTerms<'a>>,
    /// When to buy how much of each.
    pub(super) ladder: Ladder,
}

impl Bill<'_> {
    pub(super) fn found<'a>(&self, asked: &Asked<'a>) -> Found<'a> {
        let Asked { wanted, others, today, figures, as_of } = *asked;
        let effort = effort(figures);
        let about = Effort { closest: ABOUT, ..effort };
        let (market, now) = at_once(|| self.market(wanted, figures), || today.sketch(wanted, figures));
        // What is advised takes longest; what does not depend on it is found out beside it.
        let best = || market.best(figures, &effort, None);
        let weeks = || (self.weeks(&market, today, &figures.ladder), now.best(figures, &about, None));
        let (steps, (backtests, (weeks, now))) = at_once(best, || at_once(|| market.backtests(figures, &about), weeks));
        // The bad path is near what is advised; today's bill and the first part of the period are others.
        let bad = || market.scaled(weeks.low).best(figures, &about, Some(&steps));
        let varied = |percent: u32| market.scaled(percent * (WHOLE / 100)).gains(&steps);
        let [lower, higher] = figures.sensitivity();
        let checked = || at_once(bad, || at_once(|| varied(lower), || varied(higher)));
        let priced = || {
            let gains = market.gains(&steps);
            let losers = Losers::of(&market, &steps, largest(&gains, &steps, figures), figures);
            let terms = self.other_terms(losers.to.iter().map(|place| wanted[*place]), others, figures);
            (gains, losers, terms)
        };
        let ((gains, losers, terms), (bad, varied)) = at_once(priced, checked);
        let varied = varied.into();
        let rungs = Rungs { weeks: &weeks, steps: &steps, bad: &bad, now: &now, figures, as_of };
        let ladder = self.ladder(&rungs);
        Found { gains, backtests, varied, losers, terms, ladder, steps, market }
    }
}

/// The largest purchases.
fn largest(gains: &[i128], steps: &[u32], figures: &CommitmentFigures) -> Vec<usize> {
    let mut largest: Vec<usize> = (0..steps.len()).filter(|place| steps[*place] > 0).collect();
    largest.sort_by_key(|place| (std::cmp::Reverse(gains[*place]), *place));
    largest.truncate(figures.with_alternatives);
    largest
}

impl Market {
    /// What the advice of the first part of the period, which must not know of the rest, would have saved in its last part, by candidate;
    /// `None` where the period is too short.
    fn backtests(&self, figures: &CommitmentFigures, effort: &Effort) -> Option<Vec<Backtest>> {
        let (hours, kept) = (self.waterfall.demand().hours(), figures.holdout_hours);
        if hours < 2 * kept || kept == 0 {
            return None;
        }
        let steps = self.of_hours(0..hours - kept).best(figures, effort, None);
        let gains = self.of_hours(hours - kept..hours).gains(&steps);
        let test = |(steps, gain): (u32, i128)| Backtest { steps, saving: money(gain), hours: kept };
        Some(steps.into_iter().zip(gains).map(test).collect())
    }
}

/// How hard to search.
pub(super) fn effort(figures: &CommitmentFigures) -> Effort {
    Effort { starts: figures.starts, points: figures.points, closest: 1 }
}
