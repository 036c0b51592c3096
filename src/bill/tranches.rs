//! Advice in dated tranches: what is safe to buy tonight, and what waits until the advice on usage is carried out.
//!
//! Tonight's part pays on three bills: today's, the one after all advice on usage, and that one with demand as low as its P10.
//! Paths of demand are made of whole weeks, drawn at random from all that were read, always with the same seed.

use super::{
    Bill,
    advise::{Market, Sketch, money},
    hours,
};
use crate::{
    commitments::{self, ladder, paths},
    defaults::{CommitmentFigures, LadderFigures},
    facts::{ClassDay, ClassId},
    money::{Money, Quantity},
    parallel::shared_out,
    time::{Day, Hour, MONTH_HOURS, Span},
    waterfall::{Capacity, Demand, PoolId},
};
use std::collections::BTreeMap;

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
    count: usize,
    /// Their markets, if there are enough of them for paths.
    markets: Option<Vec<Sketch>>,
    drawn: Vec<Vec<usize>>,
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
    pub(super) fn weeks(&self, after: &Market, today: &Self, figure: &LadderFigures) -> Weeks {
        let demands = self.weekly(today);
        let values: Vec<i128> = demands.iter().map(|demand| after.rates.value_of(demand)).collect();
        let drawn = paths::paths(demands.len(), figure.path_weeks, figure.paths, figure.seed);
        let enough = demands.len() >= figure.min_weeks;
        let low = if enough { low_path(after, &values, &drawn, figure) } else { lowest(after, &values) };
        let count = demands.len();
        let markets = enough.then(|| demands.into_iter().map(|demand| after.over(demand)).collect());
        Weeks { count, markets, drawn, low }
    }

    /// Splits advice into what is safe tonight and what waits.
    pub(super) fn ladder(&self, rungs: &Rungs<'_>) -> Ladder {
        let Rungs { weeks: Weeks { count, markets, drawn, .. }, steps, bad, now, figures, as_of } = rungs;
        let figure = &figures.ladder;
        let part = |((all, bad), now): ((&u32, &u32), &u32)| {
            let safe = *all.min(bad).min(now);
            let rest = f64::from(all - safe) / f64::from((*all).max(1)) * 100.0;
            if rest < figure.least_percent { *all } else { safe }
        };
        let safe: Vec<u32> = steps.iter().zip(*bad).zip(*now).map(part).collect();
        // By week: what tonight's part gains of each, and what all of it gains.
        let worth = |week: &Sketch| [week.gains(&safe), week.gains(steps)];
        let worths = markets.as_ref().map(|weeks| shared_out(weeks, worth));
        let later = Day(as_of.0.saturating_add(figure.usage_advice_days));
        let of = |at: usize| {
            // With too few weeks there are no figures: only sizes are told.
            let quantiles = |of: &dyn Fn(&[Vec<i128>; 2]) -> i128| {
                let weekly: Vec<i128> = worths.as_ref()?.iter().map(of).collect();
                let outcomes = ladder::outcomes(&weekly, drawn);
                let month = |q: f64| {
                    let hours = i128::from(WEEK) * i128::try_from(figure.path_weeks).unwrap_or(1);
                    money(ladder::quantile(&outcomes, q)).ratio(MONTH_HOURS.into(), hours)
                };
                Some([figure.low, figure.middle, figure.high].map(|percent| month(percent / 100.0)))
            };
            let tonight = (safe[at] > 0).then(|| Tranche {
                date: *as_of,
                steps: safe[at],
                monthly: quantiles(&|[tonight, _]| tonight[at]),
            });
            let rest = steps[at] - safe[at];
            let waits = (rest > 0).then(|| Tranche {
                date: later,
                steps: rest,
                monthly: quantiles(&|[tonight, all]| all[at] - tonight[at]),
            });
            tonight.into_iter().chain(waits).collect()
        };
        Ladder { tranches: (0..steps.len()).map(of).collect(), weeks: *count }
    }

    /// The usage of every whole week that was read, as it would be after the advice on it: each pool's hours then, by what is left of its
    /// usage in the priced period.
    fn weekly(&self, today: &Self) -> Vec<Demand> {
        /// So many pools are taken at once.
        const AT_ONCE: usize = 16;
        let read = self.facts.read;
        let count = usize::try_from(read.hours() / i64::from(WEEK)).unwrap_or(0);
        let all = WEEK.saturating_mul(i32::try_from(count).unwrap_or(0));
        let span = Span::new(read.end.plus(-all), read.end);
        let (classes, sourced) = (self.classes_of_pools(), Vec::from_iter(self.sourced()));
        let told = |some: &[(PoolId, Vec<PoolId>)]| {
            let (mut rows, mut read) = (Vec::new(), vec![Quantity::ZERO; count * paths::WEEK]);
            for (source, pools) in some {
                read.fill(Quantity::ZERO);
                let classes = classes.get(source).into_iter().flatten();
                let days = classes.flat_map(|class| self.facts.class_days.of_class(*class));
                days.for_each(|day| add_day(&mut read, &day, span));
                for pool in pools {
                    let share = self.share(today, *pool, *source);
                    if share.is_zero() {
                        continue;
                    }
                    let units_of = hours::units_of_share(share);
                    let units = |quantity: &Quantity| match *quantity {
                        nothing if nothing.is_zero() => 0,
                        all if share == Money::ONE => hours::units(all),
                        some => units_of(some),
                    };
                    rows.push((*pool, read.iter().map(units).collect::<Vec<_>>()));
                }
            }
            rows
        };
        let mut weeks = vec![Demand::new(self.pools.all.len(), paths::WEEK); count];
        for (pool, row) in shared_out(sourced.chunks(AT_ONCE), told).into_iter().flatten() {
            for (week, hours) in weeks.iter_mut().zip(row.chunks(paths::WEEK)) {
                week.set(pool, hours.iter().copied());
            }
        }
        weeks
    }

    /// The classes of each pool of which hours were read.
    fn classes_of_pools(&self) -> BTreeMap<PoolId, Vec<ClassId>> {
        let mut classes: BTreeMap<PoolId, Vec<ClassId>> = BTreeMap::new();
        for class in self.facts.class_days.classes() {
            if let Some(pool) = self.pools.of_class(class) {
                classes.entry(pool).or_default().push(class);
            }
        }
        classes
    }

    /// The pools that go by the history of each.
    fn sourced(&self) -> BTreeMap<PoolId, Vec<PoolId>> {
        let mut all: BTreeMap<PoolId, Vec<PoolId>> = BTreeMap::new();
        self.pools.numbered().for_each(|(id, _)| all.entry(self.pools.source(id)).or_default().push(id));
        all
    }

    /// The share of a pool's usage today that another has after the advice.
    fn share(&self, today: &Self, pool: PoolId, source: PoolId) -> Money {
        let sum = |bill: &Self, pool: PoolId| -> i128 {
            bill.waterfall.demand().of(pool).iter().map(|units| i128::from(*units)).sum()
        };
        Money::ONE.ratio(sum(self, pool), sum(today, source))
    }
}

/// Adds what was read of a class on a day to the hours of a span.
fn add_day(row: &mut [Quantity], day: &ClassDay, span: Span) {
    for (hour, quantity) in (day.day.start().0..).map(Hour).zip(day.hours).filter(|(hour, _)| span.holds(*hour)) {
        let at = usize::try_from(hour.0 - span.start.0).ok();
        if let Some(sum) = at.and_then(|at| row.get_mut(at)) {
            *sum += quantity;
        }
    }
}

/// The demand of the bad path, in parts of ten thousand of what all weeks have on average.
fn low_path(after: &Market, weekly: &[i128], drawn: &[Vec<usize>], figure: &LadderFigures) -> u32 {
    let outcomes = ladder::outcomes(weekly, drawn);
    let path = ladder::quantile(&outcomes, figure.low / 100.0);
    let level = path / i128::try_from(figure.path_weeks).unwrap_or(1);
    parts(level, after.weekly_demand())
}

/// The demand of the lowest week, likewise; of no week at all: as it is.
fn lowest(after: &Market, weekly: &[i128]) -> u32 {
    weekly.iter().min().map_or(commitments::WHOLE, |low| parts(*low, after.weekly_demand()))
}

fn parts(level: i128, of: i128) -> u32 {
    let share = if of > 0 { level * i128::from(commitments::WHOLE) / of } else { i128::from(commitments::WHOLE) };
    u32::try_from(share.clamp(0, i128::from(commitments::WHOLE))).unwrap_or(commitments::WHOLE)
}

impl Market {
    /// The same market over other hours, with what is in force at the end of its own.
    fn over(&self, demand: Demand) -> Sketch {
        let last = |holding: &super::holdings::Holding| match &holding.capacity {
            Capacity::Constant(amount) => Capacity::Constant(*amount),
            Capacity::Hourly(hours) => Capacity::Constant(hours.last().copied().unwrap_or(0)),
        };
        let capacities: Vec<Capacity> = self.holdings.iter().map(last).collect();
        self.sketch(self.waterfall.with(demand, &capacities))
    }

    /// What a week of its usage would cost on demand.
    fn weekly_demand(&self) -> i128 {
        let hours = i128::try_from(self.waterfall.demand().hours()).unwrap_or(1).max(1);
        self.rates.value_of(self.waterfall.demand()) / hours * i128::from(WEEK)
    }
}
