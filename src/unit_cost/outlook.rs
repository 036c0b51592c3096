//! How a workload's unit cost moves: by day and by week, without its weekly season, and on to the month's end.

use super::WorkloadCost;
use crate::{
    defaults::UnitCostFigures,
    facts::{Facts, Granularity},
    forecast::{Expected, Parts},
    money::{Money, Quantity},
    time::{Day, Span},
};

/// Days of the season.
const WEEK: usize = 7;

/// One day that was read whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayUnit {
    /// The day.
    pub day: Day,
    /// Its cost without tax, credit and refund.
    pub cost: Money,
    /// Its transactions; `None` where they are not known whole.
    pub transactions: Option<Quantity>,
    /// Cost of a transaction without what the day of the week makes of it.
    pub adjusted: Option<f64>,
    /// The trend of that.
    pub trend: Option<f64>,
}

/// One week, Monday to Sunday, of which every day has cost and transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekUnit {
    /// Its Monday.
    pub monday: Day,
    /// Its cost.
    pub cost: Money,
    /// Its transactions.
    pub transactions: Quantity,
}

/// Why there is neither trend nor forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// No day has transactions.
    NoTransactions,
    /// Lines span months: a day cannot be told.
    Monthly,
    /// Too few days in a row, up to the last one known, have both cost and transactions.
    TooFewDays {
        /// How many have.
        days: usize,
        /// How many it takes.
        least: usize,
    },
    /// No model fits.
    NoModel,
}

/// How a workload's unit cost moves.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outlook {
    /// By day, over everything read.
    pub days: Vec<DayUnit>,
    /// By week, over everything read.
    pub weeks: Vec<WeekUnit>,
    /// By which share the trend grew a week, of late.
    pub growth_per_week: Option<f64>,
    /// How strong the weekly season is, from 0 to 1.
    pub season_strength: Option<f64>,
    /// The days to come, to the end of the month that the first of them lies in.
    pub forecast: Vec<(Day, Expected)>,
    /// Why the last three are not there.
    pub unknown: Option<Unknown>,
}

impl DayUnit {
    /// Cost of a transaction.
    #[must_use]
    pub fn unit_cost(&self) -> Option<f64> {
        unit_cost(self.cost, self.transactions?)
    }
}

impl WeekUnit {
    /// Cost of a transaction.
    #[must_use]
    pub fn unit_cost(&self) -> Option<f64> {
        unit_cost(self.cost, self.transactions)
    }
}

fn unit_cost(cost: Money, transactions: Quantity) -> Option<f64> {
    (transactions > Quantity::ZERO).then(|| cost.to_f64() / transactions.to_f64())
}

impl Outlook {
    /// Looks at a workload.
    #[must_use]
    pub fn of(row: &WorkloadCost, facts: &Facts, figures: &UnitCostFigures) -> Self {
        if facts.granularity == Granularity::Monthly {
            return Self { unknown: Some(Unknown::Monthly), ..Self::default() };
        }
        let whole = |day: Day| {
            let hours = Span::new(day.start(), day.start().plus(24));
            facts.read.cut(hours) == hours
        };
        let day = |(day, cost, transactions): &(Day, Money, Option<Quantity>)| DayUnit {
            day: *day,
            cost: *cost,
            transactions: *transactions,
            adjusted: None,
            trend: None,
        };
        let days: Vec<DayUnit> = row.series.iter().filter(|(day, ..)| whole(*day)).map(day).collect();
        let mut outlook = Self { weeks: weeks(&days), days, ..Self::default() };
        outlook.unknown = outlook.look_ahead(figures).err();
        outlook
    }

    /// Fills in what follows from the last days that are known without a gap.
    fn look_ahead(&mut self, figures: &UnitCostFigures) -> Result<(), Unknown> {
        let run = last_run(&self.days);
        if run.is_empty() {
            return Err(Unknown::NoTransactions);
        }
        if run.len() < figures.least_days {
            return Err(Unknown::TooFewDays { days: run.len(), least: figures.least_days });
        }
        let series: Vec<f64> = self.days[run.clone()].iter().filter_map(DayUnit::unit_cost).collect();
        let parts = Parts::of(&series, WEEK).ok_or(Unknown::NoModel)?;
        for (day, (adjusted, trend)) in self.days[run].iter_mut().zip(parts.adjusted.iter().zip(&parts.trend)) {
            (day.adjusted, day.trend) = (Some(*adjusted), Some(*trend));
        }
        self.season_strength = Some(parts.strength);
        self.growth_per_week = growth(&parts.trend, figures.growth_days);
        let next = self.days.iter().rev().find(|day| day.trend.is_some()).map(|day| Day(day.day.0.saturating_add(1)));
        let next = next.ok_or(Unknown::NoModel)?;
        let to_come: Vec<Day> = Span::new(next.start(), next.start().next_month()).days().collect();
        let expected = parts.forecast(to_come.len(), figures.forecast_level, figures.forecast_season_error);
        let expected = expected.ok_or(Unknown::NoModel)?;
        let not_below_zero = |value: Expected| Expected {
            value: value.value.max(0.0),
            lower: value.lower.max(0.0),
            upper: value.upper.max(0.0),
            season: value.season,
        };
        self.forecast = to_come.into_iter().zip(expected.into_iter().map(not_below_zero)).collect();
        Ok(())
    }
}

/// The places of the last days in a row that have a unit cost.
fn last_run(days: &[DayUnit]) -> std::ops::Range<usize> {
    let end = days.iter().rposition(|day| day.unit_cost().is_some()).map_or(0, |last| last + 1);
    let mut start = end;
    while start > 0 {
        let earlier = &days[start - 1];
        let next_to = start == end || days[start].day.0 == earlier.day.0 + 1;
        if earlier.unit_cost().is_none() || !next_to {
            break;
        }
        start -= 1;
    }
    start..end
}

/// By which share a trend grew a week, on average over its last days.
fn growth(trend: &[f64], days: usize) -> Option<f64> {
    let last = trend.len().checked_sub(1)?;
    let first = last.saturating_sub(days);
    let (from, to) = (*trend.get(first)?, *trend.get(last)?);
    let weeks = f64::from(u32::try_from(last - first).ok()?) / 7.0;
    (from > 0.0 && to > 0.0 && weeks > 0.0).then(|| (to / from).powf(1.0 / weeks) - 1.0)
}

fn weeks(days: &[DayUnit]) -> Vec<WeekUnit> {
    // 1970-01-01 was a Thursday.
    let monday = |day: Day| Day(day.0 - (day.0 + 3).rem_euclid(7));
    let whole = days.chunk_by(|a, b| monday(a.day) == monday(b.day)).filter(|week| week.len() == WEEK);
    let week = |week: &[DayUnit]| {
        let transactions = week.iter().map(|day| day.transactions).sum::<Option<Quantity>>()?;
        Some(WeekUnit { monday: monday(week[0].day), cost: week.iter().map(|day| day.cost).sum(), transactions })
    };
    whole.filter_map(week).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i32, transactions: Option<i128>) -> DayUnit {
        let transactions = transactions.map(Quantity);
        DayUnit { day: Day(day), cost: Money(10), transactions, adjusted: None, trend: None }
    }

    #[test]
    fn the_last_run_ends_at_a_gap_and_begins_after_one() {
        let days = [day(1, Some(1)), day(2, None), day(4, Some(1)), day(6, Some(1)), day(7, Some(1)), day(8, None)];
        assert_eq!(last_run(&days), 3..5);
        assert_eq!(last_run(&days[..3]), 2..3);
        assert_eq!(last_run(&[day(1, None), day(2, Some(0))]), 0..0);
    }

    #[test]
    fn weeks_begin_on_mondays_and_are_whole() {
        // Day 4 is Monday, 5 January 1970.
        let days: Vec<DayUnit> = (2..20).map(|at| day(at, (at != 13).then_some(2))).collect();
        let found = weeks(&days);
        assert_eq!(found, [WeekUnit { monday: Day(4), cost: Money(70), transactions: Quantity(14) }]);
        assert_eq!(found[0].unit_cost(), Some(5.0));
    }

    #[test]
    fn growth_is_by_the_week() {
        let trend: Vec<f64> = (0..29).map(|day| 2f64.powf(f64::from(day) / 7.0)).collect();
        assert!((growth(&trend, 14).unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(growth(&trend[..1], 14), None);
        assert_eq!(growth(&[0.0, 1.0], 14), None);
    }
}
