//! The method of scaling by the clock: from a demand that has a season to a week of few changes, held against the last week.

mod backtest;
mod capacity;

pub(super) use backtest::Outcome;
pub(super) use capacity::{Demand, Processors, Told};

use super::{
    Context, Finding, Signal,
    fleet::Fleet,
    schedule::{Limits, Week},
};
use crate::{
    season::{Hours, Season, Unknown},
    time::{Hour, Span},
};
use backtest::Backtest;
use capacity::Capacity;
use serde::Deserialize;

/// The figures of the method.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Method {
    pub(super) capacity: Capacity,
    schedule: Limits,
    backtest: Backtest,
    /// A schedule that spares a smaller share of what ran is not worth it, in per cent.
    min_saving_percent: f64,
}

/// A week for a fleet, and what it rests on.
pub(super) struct Learned {
    pub(super) season: Season,
    /// Instances, or units, for each unit of demand.
    pub(super) each: f64,
    pub(super) week: Week,
}

/// What comes of it.
pub(super) enum Answer {
    /// There is no season, or nothing to be saved by it.
    Nothing,
    /// Nothing can be said, or what was learned did not hold: why, and the schedule that it is about.
    Declined(String, Option<Box<(Learned, Outcome)>>),
    /// A schedule that held.
    Found(Box<(Learned, Outcome)>),
}

impl Method {
    /// A week for what ran, between the least that must run and the most that ran.
    pub(super) fn answer(&self, see: &Context<'_>, fleet: &Fleet<'_>, demand: &Demand, range: [u32; 2]) -> Answer {
        let period = see.facts.window.period;
        let before = match self.learn(see, fleet, demand, self.backtest.span(period).start, range) {
            Ok(learned) => learned,
            Err(unknown) => return self.unknown(demand, unknown),
        };
        if before.week.is_constant() {
            return Answer::Nothing;
        }
        if !self.capacity.follows(fleet, &demand.hours) {
            let why = format!("how many run does not follow its {}: something else needs them", demand.name());
            return Answer::Declined(why, None);
        }
        let Some(test) = self.backtest.check(see.zone, fleet, &demand.hours, &before) else { return Answer::Nothing };
        let Ok(learned) = self.learn(see, fleet, demand, period.end, range) else { return Answer::Nothing };
        let most = fleet.mean() * (1.0 - self.min_saving_percent / 100.0);
        if learned.week.is_constant() || after(see, fleet, &learned.week) > most {
            return Answer::Nothing;
        }
        let found = Box::new((learned, test));
        if !self.backtest.fails(test) {
            return Answer::Found(found);
        }
        let why = format!(
            "in {} of the last {} hours demand would have been above the schedule that the weeks before suggest",
            test.short, test.known
        );
        Answer::Declined(why, Some(found))
    }

    /// The week that demand before a moment suggests.
    fn learn(
        &self,
        see: &Context<'_>,
        fleet: &Fleet<'_>,
        demand: &Demand,
        until: Hour,
        [least, most]: [u32; 2],
    ) -> Result<Learned, Unknown> {
        let known = demand.hours.cut(Span::new(demand.hours.start, until));
        let season = Season::learn(&known, see.zone, &see.schedule.season)?;
        let unknown = Unknown::NoSeason { skill: season.skill, strength: Some(season.strength) };
        let each = self.capacity.each(fleet, demand, &season, until).ok_or(unknown)?;
        // Headroom is room for what is above the expected, so that it comes beside what nearly all hours take, not on top of it.
        let wanted = season.expected.iter().zip(&season.need);
        let wanted = wanted.map(|(expected, need)| (expected * self.capacity.headroom).max(*need));
        let need: Vec<u32> = wanted.map(|wanted| whole(wanted * each).clamp(least.min(most), most)).collect();
        let week = Week::simplest(&need, most, &self.schedule);
        Ok(Learned { season, each, week })
    }

    /// Too short a window and gaps are told; that there is no season is nothing to tell.
    fn unknown(&self, demand: &Demand, unknown: Unknown) -> Answer {
        let (name, kept) = (demand.name(), self.backtest.days());
        let why = match unknown {
            Unknown::NoSeason { .. } => return Answer::Nothing,
            Unknown::TooShort { hours, least } => format!(
                "its {name} are known for {hours} hours before the {kept} days that are kept for the check: a season takes {least}"
            ),
            Unknown::Gaps { known } => {
                format!("its {name} are known in {:.0} % of the hours: too few for a season", known * 100.0)
            }
        };
        Answer::Declined(why, None)
    }

    /// What was seen of a season and of its check.
    pub(super) fn seen(&self, finding: Finding, demand: &Demand, learned: &Learned, test: Outcome) -> Finding {
        let signal = if demand.is_load() { Signal::Metrics } else { Signal::Bill };
        let season = &learned.season;
        finding
            .seen(signal, "follows", demand.name(), "")
            .seen(signal, "season", season.kind.name(), "")
            .seen(signal, "season_strength", season.strength, "")
            .seen(signal, "week_foretold_by_others", season.skill, "")
            .seen(signal, "hours_learned_from", season.hours, "hours")
            .seen(signal, "hours_left_out_as_exceptions", season.outliers, "hours")
            .seen(signal, "growth_per_week", season.growth * 100.0, "%")
            .seen(Signal::Rule, "headroom", self.capacity.headroom, "")
            .seen(Signal::Bill, "backtest_hours", test.known, "hours")
            .seen(Signal::Bill, "backtest_hours_short", test.short, "hours")
    }
}

/// How many would run on average.
pub(super) fn after(see: &Context<'_>, fleet: &Fleet<'_>, week: &Week) -> f64 {
    let left = fleet.hours().map(|(hour, ran)| ran.min(week.during(see.zone, hour)));
    left.sum::<f64>() / fleet.running.values.len().max(1) as f64
}

/// Whole instances that hold so many.
pub(super) fn whole(instances: f64) -> u32 {
    (instances - 1e-9).ceil().clamp(0.0, f64::from(u32::MAX)) as u32
}

/// Values of both that are known in the same hour.
fn pairs<'h>(fleet: &'h Fleet<'_>, other: &'h Hours) -> impl Iterator<Item = (Hour, f64, f64)> + 'h {
    fleet.hours().filter_map(|(hour, ran)| Some((hour, ran, other.at(hour)?)))
}
