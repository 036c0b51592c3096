//! Commitments of which a listing tells more than the bill: how much they offer, and those that no line names.

use super::{
    Bill,
    holdings::{Holding, Known, Scope, Terms},
    order::Candidates,
};
use crate::{
    facts::{Cost, Facts},
    inventory::{Amount, Bound, Covers, OwnedCommitment, State},
    prices::{Instrument, Offer},
    sku::{Coverage, Instance, PlanKind, Service},
    time::{Hour, Span},
    waterfall::{self, Capacity, Weight},
};
use std::sync::Arc;

/// The reserved instance, where it is one.
pub(super) fn instance(owned: &OwnedCommitment) -> Option<&Instance> {
    if let Covers::Reservation(instance) = &owned.covers { Some(instance) } else { None }
}

/// What a listed commitment offers in each hour of a span, one reserved instance giving `per_instance` units; `None` where that is
/// not told, or where its owner is not in the bill: then others than those in the bill may use it.
pub(super) fn amounts(
    facts: &Facts,
    owned: &OwnedCommitment,
    per_instance: Weight,
    period: Span,
) -> Option<Vec<waterfall::Amount>> {
    facts.payer_of(owned.owner.as_deref()?)?;
    let start = owned.start?.hour();
    let end = owned.end.map_or(period.end, |end| Hour::of_seconds(end.0.saturating_add(1)));
    let each = each(owned, per_instance);
    let inside = Span::new(start, end);
    Some((period.start.0..period.end.0).map(|hour| if inside.holds(Hour(hour)) { each } else { 0 }).collect())
}

/// What it offers in an hour.
fn each(owned: &OwnedCommitment, per_instance: Weight) -> waterfall::Amount {
    match owned.amount {
        Amount::PerHour(money) => money.0 * 1_000_000_000,
        Amount::Count(count) => i128::from(count) * i128::from(per_instance) * 1_000_000_000,
    }
}

/// What a listed commitment may cover, and the units that one reserved instance of it gives.
fn scope(owned: &OwnedCommitment, coverage: &Coverage) -> Option<(Scope, Weight)> {
    let region = |region: &Option<String>| region.as_deref().map(Arc::from);
    match (&owned.covers, &owned.bound) {
        (Covers::Plan(kind), bound) => {
            let terms = Terms {
                term: Arc::from(owned.term.map_or("", |term| term.name())),
                payment: Arc::from(owned.payment.map_or("", |payment| payment.name())),
            };
            let region = match (kind, bound) {
                (PlanKind::Ec2Instance(_), Bound::Region(told)) => region(told)?,
                _ => Arc::from(""),
            };
            Some((Scope::Plan { kind: kind.clone(), region, terms }, 0))
        }
        (Covers::Reservation(instance), Bound::Zone(zone)) if instance.service == Service::Ec2 => {
            let reserved = coverage.zonal(instance)?;
            Some((Scope::Zone(Arc::from(zone.as_str()), reserved.key), reserved.units))
        }
        (Covers::Reservation(instance), Bound::Region(told)) => {
            let reserved = coverage.sold(instance)?;
            let scope = Scope::Region { convertible: owned.convertible, region: region(told)?, key: reserved.key };
            Some((scope, reserved.units))
        }
        (Covers::Reservation(_), _) => None,
    }
}

/// How it was sold, where that is told.
fn offer(owned: &OwnedCommitment) -> Option<Offer> {
    let instrument = match &owned.covers {
        Covers::Plan(kind) => Terms::instrument(kind),
        Covers::Reservation(_) if owned.convertible => Instrument::Convertible,
        Covers::Reservation(_) => Instrument::Reserved,
    };
    Some(Offer { instrument, term: owned.term?, payment: owned.payment? })
}

/// The holding that a listed commitment is, with what it offers told apart.
fn holding(
    facts: &Facts,
    coverage: &Coverage,
    owned: &OwnedCommitment,
    capacity: impl FnOnce(Weight) -> Option<Capacity>,
) -> Option<Holding> {
    let (scope, per_instance) = scope(owned, coverage)?;
    let owner = owned.owner.as_deref()?;
    Some(Holding {
        payer: facts.payer_of(owner)?,
        owner: Arc::from(owner),
        scope,
        buys: None,
        members: Vec::new(),
        capacity: capacity(per_instance)?,
        offered: 0,
        billed: Cost::default(),
        covered: Vec::new(),
        candidates: Candidates::default(),
    })
}

/// What is in force although no line of the bill names it: nothing used it, and its fee is not among the lines.
pub(super) fn unnamed(facts: &Facts, coverage: &Coverage) -> Vec<Holding> {
    let in_force = facts.listed.iter().filter(|owned| owned.state == State::Active);
    let of = |owned: &OwnedCommitment| {
        let hourly = |per_instance| {
            let amounts = amounts(facts, owned, per_instance, facts.window.period)?;
            amounts.iter().any(|amount| *amount > 0).then_some(Capacity::Hourly(amounts))
        };
        holding(facts, coverage, owned, hourly)
    };
    in_force.filter_map(of).collect()
}

impl<'a> Bill<'a> {
    /// Purchases that are queued and begin before a moment, by their start.
    pub fn queued(&self, before: Hour) -> Vec<&'a OwnedCommitment> {
        let starts = |owned: &&OwnedCommitment| owned.start.is_some_and(|start| start.hour() < before);
        let queued = self.facts.listed.iter().filter(|owned| owned.state == State::Queued);
        let mut all: Vec<_> = queued.filter(starts).collect();
        all.sort_by_key(|owned| (owned.start, &owned.id));
        all
    }

    /// Adds a queued purchase as if it were in force in every hour, with its cost. Says whether it could: what it covers, its owner
    /// and its price must be known.
    pub fn begin(&mut self, owned: &OwnedCommitment) -> bool {
        let all = |per_instance| Some(Capacity::Constant(each(owned, per_instance)));
        let made = holding(self.facts, self.given.coverage, owned, all).zip(owned.hourly);
        let Some((holding, hourly)) = made else { return false };
        let whole = hourly.ratio(self.facts.window.period.hours().into(), 1);
        let billed = Cost { gross: whole, net: whole };
        self.committed += billed;
        self.holdings.push(Holding { buys: offer(owned), billed, ..holding });
        self.holdings.sort_by_key(Holding::rank);
        self.fill();
        true
    }

    /// Whether a queued purchase and a commitment of the bill may cover the same usage.
    #[must_use]
    pub fn rival(&self, owned: &OwnedCommitment, commitment: usize) -> bool {
        let new = holding(self.facts, self.given.coverage, owned, |_| Some(Capacity::Constant(0)));
        let Some((new, old)) = new.zip(self.holding_of(commitment)) else { return false };
        let known = self.known();
        self.pools.numbered().any(|(id, _)| both(&known, &new, old, id))
    }
}

/// Whether two holdings may cover one pool.
pub(super) fn both(known: &Known<'_>, a: &Holding, b: &Holding, pool: waterfall::PoolId) -> bool {
    a.weight(known, pool).is_some() && b.weight(known, pool).is_some()
}
