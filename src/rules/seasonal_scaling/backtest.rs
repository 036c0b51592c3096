//! Whether the schedule of the weeks before would have held in the last one.

use super::{super::fleet::Fleet, Learned, pairs};
use crate::{
    season::Hours,
    time::{Span, Zone},
};
use serde::Deserialize;

/// What is kept for the check, and what may fail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backtest {
    hours: i32,
    min_known_share: f64,
    max_short_share: f64,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// Hours whose demand is known.
    pub(super) known: u32,
    /// Those of them in which demand would have been above the schedule, and the schedule below what ran.
    pub(super) short: u32,
}

impl Backtest {
    /// The hours that are kept.
    pub(super) fn span(&self, period: Span) -> Span {
        Span::new(period.end.plus(-self.hours).max(period.start), period.end)
    }

    /// Holds a week that was learned before against what came; `None` where too little of that is known.
    pub(super) fn check(&self, zone: &Zone, fleet: &Fleet<'_>, demand: &Hours, before: &Learned) -> Option<Outcome> {
        let kept = self.span(fleet.running.span());
        let (mut known, mut short) = (0u32, 0u32);
        for (hour, ran, wanted) in pairs(fleet, demand).filter(|(hour, ..)| kept.holds(*hour)) {
            let level = before.week.during(zone, hour);
            known += 1;
            short += u32::from(wanted * before.each > level + 1e-9 && level < ran - 1e-9);
        }
        let enough = f64::from(known) >= f64::from(self.hours) * self.min_known_share;
        enough.then_some(Outcome { known, short })
    }

    /// Whether demand was above the schedule too often.
    pub(super) fn fails(&self, outcome: Outcome) -> bool {
        f64::from(outcome.short) > f64::from(outcome.known) * self.max_short_share
    }
}
