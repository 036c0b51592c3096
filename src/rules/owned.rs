//! What the rules on commitments that are owned have in common.

use super::{Context, Target};
use crate::{
    facts::{Commitment, Cost},
    inventory::{Amount, Covers, short_id},
    money::Money,
    prices::Instrument,
    sku::{Payment, Term},
    time::{Hour, MONTH_HOURS, parse_moment},
};

/// The commitment at a place of the facts, as a target.
pub(super) fn target(commitment: &Commitment) -> Target {
    let owner = if commitment.owner.is_empty() { &commitment.payer } else { &commitment.owner };
    Target::Commitment {
        account: owner.to_string(),
        region: commitment.details.region.to_string(),
        name: commitment.id.to_string(),
    }
}

/// Its kind, amount and short id: `Compute Savings Plan of 0.8 USD/hour (48269bba)`.
pub(super) fn label(see: &Context<'_>, at: usize) -> String {
    let commitment = &see.facts.commitments[at];
    let (id, details) = (short_id(&commitment.id), &commitment.details);
    let kind = match Instrument::of(commitment) {
        Instrument::Compute => "Compute Savings Plan".to_owned(),
        Instrument::Ec2Instance => format!("EC2 Instance Savings Plan for {}", details.family).trim_end().to_owned(),
        Instrument::SageMaker => "SageMaker Savings Plan".to_owned(),
        Instrument::Database => "Database Savings Plan".to_owned(),
        Instrument::Reserved => "Reservation".to_owned(),
        Instrument::Convertible => "Convertible reservation".to_owned(),
    };
    match (commitment.plan, hourly(commitment), see.bill.count_of(at)) {
        (true, Some(hourly), _) => format!("{kind} of {} {}/hour ({id})", hourly.to_f64(), see.facts.currency),
        (false, _, Some(count)) if count > 0 => format!("{kind} of {count} x {} ({id})", kind_of(commitment)),
        _ => format!("{kind} {id}"),
    }
}

/// What a plan commits in its last hour, or as listed.
pub(super) fn hourly(commitment: &Commitment) -> Option<Money> {
    let billed = commitment.hourly.last().map(|(_, hourly)| *hourly);
    billed.or_else(|| match commitment.listed.as_ref()?.amount {
        Amount::PerHour(hourly) => Some(hourly),
        Amount::Count(_) => None,
    })
}

/// The type of instance that a reservation is for.
fn kind_of(commitment: &Commitment) -> String {
    match commitment.listed.as_ref().map(|listed| &listed.covers) {
        Some(Covers::Reservation(instance)) => format!("{} {}", instance.kind, instance.software).trim_end().to_owned(),
        _ if commitment.details.family.is_empty() => "its kind".to_owned(),
        _ => commitment.details.family.to_string(),
    }
}

/// The terms that it was bought on, as far as they are told.
pub(super) fn terms(commitment: &Commitment) -> Option<(Term, Payment)> {
    Term::parse(&commitment.details.term).zip(Payment::parse(&commitment.details.payment))
}

/// The first hour in which it is not in force any more, if its end is told.
pub(super) fn end(commitment: &Commitment) -> Option<Hour> {
    // It is in force up to and including the second that is told as its end.
    parse_moment(&commitment.details.end).ok().map(|end| Hour::of_seconds(end.saturating_add(1)))
}

/// Money of the period as that of a month, for showing.
pub(super) fn month(see: &Context<'_>, money: Money) -> f64 {
    money.ratio(MONTH_HOURS.into(), see.facts.window.period.hours().into()).to_f64()
}

/// Part of a cost, net, as a share in percent.
pub(super) fn percent(part: Cost, of: Cost) -> f64 {
    if of.net.0 == 0 { 0.0 } else { part.net.to_f64() / of.net.to_f64() * 100.0 }
}
