//! What commitments offer in each hour of the period, as the bill tells it.

use super::{
    holdings::Scope,
    hours,
    pools::{self, Pools},
};
use crate::{
    facts::{Commitment, Facts},
    sku::UNIT,
    time::{Hour, Span},
    waterfall::{Amount, Weight},
};

/// The hours of a span, as a length.
pub(super) fn hours_in(period: Span) -> usize {
    usize::try_from(period.hours()).unwrap_or(0)
}

/// What a commitment whose fees are not in this bill offers: in each hour what was used of it.
pub(super) fn as_used(facts: &Facts, pools: &Pools, commitment: &Commitment, scope: &Scope) -> Vec<Amount> {
    let mut amounts = vec![0; hours_in(facts.window.period)];
    for (class, costs) in &commitment.covers {
        let Some(pool) = pools.of_class(*class) else { continue };
        let cover = &pools.pool(pool).cover;
        let weight = match scope {
            Scope::Plan { .. } => pools::per_unit(costs.effective, costs.quantity).map_or(0, |rate| rate.0),
            Scope::Zone(..) | Scope::Elsewhere(_) => i128::from(UNIT),
            Scope::Region { key, .. } => {
                let reserved = cover.regional.iter().find(|reserved| reserved.key == *key);
                reserved.map_or(i128::from(UNIT), |reserved| i128::from(reserved.units))
            }
        };
        for (at, units) in hours::covered_hours(facts, *class, costs.quantity) {
            amounts[at] += i128::from(units) * weight;
        }
    }
    amounts
}

/// What a reservation offers in each hour of the period: a fee is for instance-hours, spread over the part of its hours in which the
/// reservation was in force, to the second.
pub(super) fn reserved_amounts(facts: &Facts, commitment: &Commitment, per_instance: Weight) -> Vec<Amount> {
    let period = facts.window.period;
    let mut amounts = vec![0; hours_in(period)];
    for fee in &commitment.fees {
        let force = commitment.in_force(fee.hours);
        let seconds = i128::from(force.end - force.start).max(1);
        let hour_of = |second: i64| i32::try_from(second.div_euclid(3600)).unwrap_or(period.end.0);
        let hours = Span::new(Hour(hour_of(force.start)), Hour(hour_of(force.end - 1).saturating_add(1))).cut(period);
        let before = usize::try_from(hours.start.0 - period.start.0).unwrap_or(0);
        for (hour, amount) in (hours.start.0..hours.end.0).zip(amounts.iter_mut().skip(before)) {
            let start = i64::from(hour) * 3600;
            let inside = force.end.min(start + 3600) - force.start.max(start);
            if inside > 0 {
                *amount += fee.units.ratio(i128::from(inside), seconds).0 * i128::from(per_instance) / 1000;
            }
        }
    }
    amounts
}

/// What a plan offers in each hour of the period, in USD.
pub(super) fn plan_amounts(facts: &Facts, commitment: &Commitment) -> Vec<Amount> {
    let period = facts.window.period;
    let mut amounts = vec![0; hours_in(period)];
    for (hours, committed) in &commitment.hourly {
        add(&mut amounts, hours.cut(period), period, committed.0 * 1_000_000_000);
    }
    amounts
}

fn add(amounts: &mut [Amount], span: Span, period: Span, each: Amount) {
    let at = |hour: Hour| usize::try_from(hour.0 - period.start.0).unwrap_or(0);
    if span.hours() > 0 {
        for amount in &mut amounts[at(span.start)..at(span.end)] {
            *amount += each;
        }
    }
}
