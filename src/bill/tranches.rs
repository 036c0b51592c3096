//! Advice in dated tranches: what is safe to buy tonight, and what waits until the advice on usage is carried out.
//!
//! Tonight's part pays on three bills: today's, the one after all advice on usage, and that one with demand as low as its P10.
//! Paths of demand are made of whole weeks, drawn at random from all that were read, always with the same seed.

use super::{
    Bill,
    advise::{Market, money},
    hours,
};
use crate::{
    commitments::{self, ladder, paths},
    defaults::{CommitmentFigures, LadderFigures},
    money::{Money, Quantity},
    time::{Day, Hour, MONTH_HOURS, Span},
    waterfall::{Capacity, Demand, PoolId, Units},
};

const WEEK: i32 = 168;

/// A part of a purchase, and when to buy it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tranche {
    /// When.
    pub date: Day,
    /// How many steps.
    pub steps: u32,
    /// What it saves a month on a bad, a middling and a good path of demand, after its cost; `None` where too few weeks were read.
    pub monthly: Option<[Money; 3]>,
}

/// The tranches of every candidate, and how they were found.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Ladder {
    pub(super) tranches: Vec<Vec<Tranche>>,
    /// Whole weeks that were read.
    pub(super) weeks: usize,
}

/// The weeks that were read, as usage would be in them after the advice on it, and paths of demand made of them.
pub(super) struct Weeks {
    markets: Vec<Market>,
    drawn: Vec<Vec<usize>>,
    /// Whether there are enough of them for paths.
    enough: bool,
    /// The demand of a bad path, in parts of ten thousand of what all weeks have on average.
    pub(super) low: u32,
}

/// What the ladder is made from: the market after all advice on usage, and the best amounts by candidate there and elsewhere.
pub(super) struct Rungs<'a> {
    pub(super) weeks: &'a Weeks,
    /// What is advised.
    pub(super) steps: &'a [u32],
    /// What would be with demand as low as on the bad path.
    pub(super) bad: &'a [u32],
    /// What would be on the bill as it is today.
    pub(super) now: &'a [u32],
    pub(super) figures: &'a CommitmentFigures,
    pub(super) as_of: Day,
}

impl Bill<'_> {
    /// The weeks that were read, in the market after all advice on usage.
    pub(super) fn weeks(&self, after: &Market, figure: &LadderFigures) -> Weeks {
        let markets = self.weekly(after);
        let enough = markets.len() >= figure.min_weeks;
        let drawn = paths::paths(markets.len(), figure.path_weeks, figure.paths, figure.seed);
        let low = if enough { low_path(after, &markets, &drawn, figure) } else { lowest(after, &markets) };
        Weeks { markets, drawn, enough, low }
    }

    /// Splits advice into what is safe tonight and what waits.
    pub(super) fn ladder(&self, rungs: &Rungs<'_>) -> Ladder {
        let Rungs { weeks: Weeks { markets: weeks, drawn, enough, .. }, steps, bad, now, figures, as_of } = rungs;
        let figure = &figures.ladder;
        let part = |((all, bad), now): ((&u32, &u32), &u32)| {
            let safe = *all.min(bad).min(now);
            let rest = f64::from(all - safe) / f64::from((*all).max(1)) * 100.0;
            if rest < figure.least_percent { *all } else { safe }
        };
        let safe: Vec<u32> = steps.iter().zip(*bad).zip(*now).map(part).collect();
        let worth = |steps: &[u32]| -> Vec<Vec<i128>> { weeks.iter().map(|week| week.gains(steps)).collect() };
        let (first, whole) = (worth(&safe), worth(steps));
        let later = Day(as_of.0.saturating_add(figure.usage_advice_days));
        let of = |at: usize| {
            let quantiles = |of: &dyn Fn(usize) -> i128| {
                let weekly: Vec<i128> = (0..weeks.len()).map(of).collect();
                let outcomes = ladder::outcomes(&weekly, drawn);
                let month = |q: f64| {
                    let hours = i128::from(WEEK) * i128::try_from(figure.path_weeks).unwrap_or(1);
                    money(ladder::quantile(&outcomes, q)).ratio(MONTH_HOURS.into(), hours)
                };
                [figure.low, figure.middle, figure.high].map(|percent| month(percent / 100.0))
            };
            let tonight = (safe[at] > 0).then(|| Tranche {
                date: *as_of,
                steps: safe[at],
                monthly: enough.then(|| quantiles(&|week| first[week][at])),
            });
            let rest = steps[at] - safe[at];
            // With too few weeks what waits has no figures: only its size is told.
            let waits = (rest > 0).then(|| Tranche {
                date: later,
                steps: rest,
                monthly: enough.then(|| quantiles(&|week| whole[week][at] - first[week][at])),
            });
            tonight.into_iter().chain(waits).collect()
        };
        Ladder { tranches: (0..steps.len()).map(of).collect(), weeks: weeks.len() }
    }

    /// The market of every whole week that was read, as usage would be after the advice on it: each pool's hours then, by what is left
    /// of its usage in the priced period.
    fn weekly(&self, after: &Market) -> Vec<Market> {
        let read = self.facts.read;
        let count = read.hours() / i64::from(WEEK);
        let starts = (0..i32::try_from(count).unwrap_or(0)).map(|week| read.end.plus(-WEEK * (week + 1)));
        let shares = self.shares();
        let mut starts: Vec<Hour> = starts.collect();
        starts.reverse();
        starts
            .into_iter()
            .map(|start| after.over(self.demand_of(Span::new(start, start.plus(WEEK)), &shares)))
            .collect()
    }

    /// For each pool, which pool's history it goes by and the share of that usage that it has after the advice.
    fn shares(&self) -> Vec<(PoolId, Money)> {
        let before = hours::demand(self.facts, &self.pools);
        let after = self.waterfall.demand();
        let sum = |demand: &Demand, pool: PoolId| demand.of(pool).iter().map(|units| i128::from(*units)).sum::<i128>();
        let share = |id: PoolId| {
            let source = self.pools.source(id);
            (source, Money::ONE.ratio(sum(after, id), sum(&before, source)))
        };
        self.pools.numbered().map(|(id, _)| share(id)).collect()
    }

    /// The usage of some hours that were read, as it would be after the advice.
    fn demand_of(&self, span: Span, shares: &[(PoolId, Money)]) -> Demand {
        let hours = usize::try_from(span.hours()).unwrap_or(0);
        let mut seen = vec![vec![Quantity::ZERO; hours]; self.pools.all.len()];
        for day in &self.facts.class_days {
            let Some(pool) = self.pools.of_class(day.class) else { continue };
            for (hour, quantity) in (day.day.start().0..).map(Hour).zip(&day.hours) {
                if span.holds(hour) {
                    let at = usize::try_from(hour.0 - span.start.0).unwrap_or(0);
                    seen[pool.0 as usize][at] += *quantity;
                }
            }
        }
        let mut demand = Demand::new(self.pools.all.len(), hours);
        for ((id, _), (source, share)) in self.pools.numbered().zip(shares) {
            for (at, quantity) in seen[source.0 as usize].iter().enumerate() {
                let units: Units = hours::units(quantity.ratio(share.0, Money::ONE.0));
                demand.add(id, at..at + 1, units);
            }
        }
        demand
    }
}

/// The demand of the bad path, in parts of ten thousand of what all weeks have on average.
fn low_path(after: &Market, weeks: &[Market], drawn: &[Vec<usize>], figure: &LadderFigures) -> u32 {
    let weekly: Vec<i128> = weeks.iter().map(|week| week.demand()).collect();
    let outcomes = ladder::outcomes(&weekly, drawn);
    let path = ladder::quantile(&outcomes, figure.low / 100.0);
    let level = path / i128::try_from(figure.path_weeks).unwrap_or(1);
    parts(level, after.weekly_demand())
}

/// The demand of the lowest week, likewise; of no week at all: as it is.
fn lowest(after: &Market, weeks: &[Market]) -> u32 {
    weeks.iter().map(|week| week.demand()).min().map_or(commitments::WHOLE, |low| parts(low, after.weekly_demand()))
}

fn parts(level: i128, of: i128) -> u32 {
    let share = if of > 0 { level * i128::from(commitments::WHOLE) / of } else { i128::from(commitments::WHOLE) };
    u32::try_from(share.clamp(0, i128::from(commitments::WHOLE))).unwrap_or(commitments::WHOLE)
}

impl Market {
    /// The same market over other hours, with what is in force at the end of its own.
    fn over(&self, demand: Demand) -> Self {
        let last = |holding: &super::holdings::Holding| match &holding.capacity {
            Capacity::Constant(amount) => Capacity::Constant(*amount),
            Capacity::Hourly(hours) => Capacity::Constant(hours.last().copied().unwrap_or(0)),
        };
        let capacities: Vec<Capacity> = self.holdings.iter().map(last).collect();
        let (rates, holdings, candidates) = (self.rates.clone(), self.holdings.clone(), self.candidates.clone());
        Self { waterfall: self.waterfall.with(demand, &capacities), rates, holdings, candidates }
    }

    /// What its usage would cost on demand.
    fn demand(&self) -> i128 {
        self.rates.value_of(self.waterfall.demand())
    }

    /// The same of a week of it.
    fn weekly_demand(&self) -> i128 {
        let hours = i128::try_from(self.waterfall.demand().hours()).unwrap_or(1).max(1);
        self.demand() / hours * i128::from(WEEK)
    }
}
