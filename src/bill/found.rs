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
    pub(super) threads: usize,
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
        let Asked { wanted, others, today, figures, as_of, threads } = *asked;
        // What is advised takes longest: other searches have one thread each beside it.
        let effort = Effort { threads, ..effort(figures) };
        let about = Effort { closest: ABOUT, threads: 1, ..effort };
        let (market, today_market) =
            at_once(threads, || self.market(wanted, figures), || today.market(wanted, figures));
        // The bad path is near what is advised; the bill as it is today and the first part of the period are others.
        let advised = || {
            let (steps, weeks) = (market.best(figures, &effort, None), self.weeks(&market, today, &figures.ladder));
            let bad = market.scaled(weeks.low).best(figures, &about, Some(&steps));
            (steps, weeks, bad)
        };
        let beside = || (today_market.best(figures, &about, None), market.held_out(figures, &about));
        let ((steps, weeks, bad), (now, held_out)) = at_once(threads, advised, beside);
        let priced = || {
            let gains = market.gains(&steps);
            let losers = Losers::of(&market, &steps, largest(&gains, &steps, figures), figures, threads);
            let terms = self.other_terms(losers.to.iter().map(|place| wanted[*place]), others, figures, threads);
            (gains, losers, terms)
        };
        let checked = || {
            let varied = figures.sensitivity().map(|percent| market.scaled(percent * (WHOLE / 100)).gains(&steps));
            (varied, held_out.map(|steps| market.backtests(&steps, figures)))
        };
        let ((gains, losers, terms), (varied, backtests)) = at_once(threads, priced, checked);
        let rungs = Rungs { weeks: &weeks, steps: &steps, bad: &bad, now: &now, figures, as_of, threads };
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
    /// The advice of the first part of the period, which must not know of the rest; `None` where the period is too short.
    fn held_out(&self, figures: &CommitmentFigures, effort: &Effort) -> Option<Vec<u32>> {
        let (hours, kept) = (self.waterfall.demand().hours(), figures.holdout_hours);
        let long = hours >= 2 * kept && kept > 0;
        long.then(|| self.of_hours(0..hours - kept).best(figures, effort, None))
    }

    /// What such advice would have saved in the last part of the period, by candidate.
    fn backtests(&self, steps: &[u32], figures: &CommitmentFigures) -> Vec<Backtest> {
        let (hours, kept) = (self.waterfall.demand().hours(), figures.holdout_hours);
        let gains = self.of_hours(hours - kept..hours).gains(steps);
        let test = |(steps, gain): (&u32, i128)| Backtest { steps: *steps, saving: money(gain), hours: kept };
        steps.iter().zip(gains).map(test).collect()
    }
}

/// How hard to search, with one thread.
pub(super) fn effort(figures: &CommitmentFigures) -> Effort {
    Effort { starts: figures.starts, points: figures.points, closest: 1, threads: 1 }
}
