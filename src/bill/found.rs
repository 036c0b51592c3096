//! What is found out about one market: what is best of it, what that gains, and how sure that is. What does not depend on each other is
//! done at once.

use super::{
    Backtest, Bill,
    advise::{Market, money},
    tranches::{Ladder, Rungs},
};
use crate::{
    commitments::{Effort, WHOLE},
    defaults::CommitmentFigures,
    parallel::at_once,
    time::Day,
};

/// What is asked.
pub(super) struct Asked<'a> {
    /// The offers' market on the bill after all advice on usage.
    pub(super) market: &'a Market,
    /// The same on the bill as it is today.
    pub(super) now: &'a Market,
    pub(super) figures: &'a CommitmentFigures,
    pub(super) as_of: Day,
    pub(super) threads: usize,
}

/// What is found, by candidate.
pub(super) struct Found {
    /// The best amounts.
    pub(super) steps: Vec<u32>,
    /// What each gains on top of those before it.
    pub(super) gains: Vec<i128>,
    /// What the advice of the first part of the period would have saved in its last part.
    pub(super) backtests: Option<Vec<Backtest>>,
    /// What each gains if demand is lower and higher.
    pub(super) varied: [Vec<i128>; 2],
    /// When to buy how much of each.
    pub(super) ladder: Ladder,
}

impl Bill<'_> {
    pub(super) fn found(&self, asked: &Asked<'_>) -> Found {
        let Asked { market, now, figures, as_of, threads } = *asked;
        let weeks = self.weeks(market, &figures.ladder);
        let (low, held) = (market.scaled(weeks.low), market.held_out(figures));
        let effort = Effort { threads: threads.div_ceil(2), ..effort(figures) };
        // The bad path is near what is advised; the first part alone must not know of it, and the bill as it is today is another.
        let advised = || {
            let steps = market.best(figures, &effort, None);
            let bad = low.best(figures, &effort, Some(&steps));
            (steps, bad)
        };
        let apart = || {
            let first = held.as_ref().map_or_else(Vec::new, |(first, _)| first.best(figures, &effort, None));
            (first, now.best(figures, &effort, None))
        };
        let ((steps, bad), (first, now)) = at_once(threads, advised, apart);
        let gained = || {
            let varied = figures.sensitivity().map(|percent| market.scaled(percent * (WHOLE / 100)).gains(&steps));
            (market.gains(&steps), varied)
        };
        let tested = || {
            let rungs = Rungs { weeks: &weeks, steps: &steps, bad: &bad, now: &now, figures, as_of };
            (held.as_ref().map(|(_, last)| last.backtests(&first)), self.ladder(&rungs))
        };
        let ((gains, varied), (backtests, ladder)) = at_once(threads, gained, tested);
        Found { steps, gains, backtests, varied, ladder }
    }
}

impl Market {
    /// All but the last hours, to be advised on, and the last, to price that advice; `None` where the period is too short.
    fn held_out(&self, figures: &CommitmentFigures) -> Option<(Self, Self)> {
        let (hours, kept) = (self.waterfall.demand().hours(), figures.holdout_hours);
        let long = hours >= 2 * kept && kept > 0;
        long.then(|| (self.of_hours(0..hours - kept), self.of_hours(hours - kept..hours)))
    }

    /// What advice on other hours saves in these, by candidate.
    fn backtests(&self, steps: &[u32]) -> Vec<Backtest> {
        let hours = self.waterfall.demand().hours();
        let test = |(steps, gain): (&u32, i128)| Backtest { steps: *steps, saving: money(gain), hours };
        steps.iter().zip(self.gains(steps)).map(test).collect()
    }
}

/// How hard to search, with one thread.
pub(super) fn effort(figures: &CommitmentFigures) -> Effort {
    Effort { starts: figures.starts, points: figures.points, threads: 1 }
}
