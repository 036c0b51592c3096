//! Commitments that go partly unused: an exchange where one saves, else what could use them or end them.

use super::{Aspect, Context, Finding, Rule, Signal, State, owned};
use crate::{
    bill::{Bill, Differs, Edit, Exchange, ExchangeLimits, Held, Near, Wanted},
    facts::Commitment,
    money::Money,
    parallel::shared_out,
    prices::Instrument,
    sku::Service,
    time::{Hour, parse_moment},
};
use serde::Deserialize;
use serde_json::json;
use std::borrow::Cow;

/// Parameters of the rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnderusedCommitment {
    utilization_percent: f64,
    min_hours: usize,
    exchange: Exchanges,
    give_back: GiveBack,
    sale: Sale,
    named: usize,
    confidence: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchanges {
    targets: usize,
    counts: u32,
}

/// When a Savings Plan can be given back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GiveBack {
    days: i32,
    most_an_hour: f64,
    min_hours: usize,
}

/// When a reservation can be sold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sale {
    held_days: i32,
    left_days: i32,
    fee_percent: f64,
}

impl Rule for UnderusedCommitment {
    /// One after another, on the bill on which the exchanges before were made; the rest of each is looked up by all workers.
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let mut bill = Cow::Borrowed(see.bill);
        let mut found = Vec::new();
        for held in see.bill.held() {
            let commitment = &see.facts.commitments[held.commitment];
            let least = if self.returnable(see, commitment) { self.give_back.min_hours } else { self.min_hours };
            if held.hours < least || held.utilization * 100.0 >= self.utilization_percent {
                continue;
            }
            let exchange = self.exchange(&bill, commitment, held);
            if let Some(exchange) = &exchange {
                bill.to_mut().apply(&edits(exchange));
            }
            found.push((held, exchange));
        }
        out.extend(shared_out(found, |(held, exchange)| self.finding(see, held, exchange)));
    }
}

fn edits(exchange: &Exchange) -> [Edit; 2] {
    [Edit::Release(exchange.release), Edit::Buy(Box::new(exchange.purchase.clone()))]
}

impl UnderusedCommitment {
    fn exchange(&self, bill: &Bill<'_>, commitment: &Commitment, held: Held) -> Option<Exchange> {
        if Instrument::of(commitment) != Instrument::Convertible {
            return None;
        }
        let wanted = Wanted {
            instruments: vec![Instrument::Convertible],
            services: vec![Service::Ec2],
            blocks: None,
            terms: vec![owned::terms(commitment)?],
            step: Money::ZERO,
        };
        let limits = ExchangeLimits { targets: self.exchange.targets, counts: self.exchange.counts };
        bill.exchange(held.commitment, &wanted, limits)
    }

    fn finding(&self, see: &Context<'_>, held: Held, exchange: Option<Exchange>) -> Finding {
        let commitment = &see.facts.commitments[held.commitment];
        let (cost, used) = (see.bill.cost_of(held.commitment), held.utilization * 100.0);
        let per_month = format!("{}/month", see.facts.currency);
        let near = see.bill.near(held.commitment);
        let as_billed = owned::percent(commitment.used, cost);
        // Where this bill's own usage would do, it is other advice that frees it.
        let freed = if as_billed < self.utilization_percent { "" } else { " after other advice" };
        let current = State::new(format!("{} is used to {used:.1} %{freed}", owned::label(see, held.commitment)))
            .with("utilization_percent", (used * 1e4).round() / 1e4);
        let finding = Finding::new(owned::target(commitment), Aspect::Commitment)
            .seen(Signal::Bill, "utilization", used, "%")
            .seen(Signal::Bill, "utilization_as_billed", as_billed, "%")
            .seen(Signal::Bill, "unused_monthly_cost", owned::month(see, held.unused.net), &per_month)
            .seen(Signal::Bill, "hours_in_force", held.hours, "hours");
        if let Some(exchange) = exchange {
            return self.exchanged(see, finding, current, &exchange);
        }
        let ways = self.ways(see, held.commitment, &near);
        let near: Vec<_> = near.iter().take(self.named).map(|near| shown(see, near)).collect();
        let proposed = State::new(ways.first().map_or("", String::as_str)).with("ways", ways).with("nearly_fits", near);
        let mut finding = finding.states(current, proposed).confidence(self.confidence);
        finding.at_stake = Some(held.unused);
        finding.costs = Some([cost, cost]);
        finding
    }

    fn exchanged(&self, see: &Context<'_>, finding: Finding, current: State, exchange: &Exchange) -> Finding {
        let Exchange { release, purchase, .. } = exchange;
        let given_up = see.bill.given_up(*release).gross;
        let more = purchase.hourly().gross - given_up.ratio(1, see.facts.window.period.hours().into());
        let label = format!("exchange {} of {} for {}", release.part, release.of, purchase.label());
        let proposed =
            State::new(label).with("hourly_cost", purchase.hourly().net.to_f64()).with("more_an_hour", more.to_f64());
        let mut finding = finding
            .states(current, proposed)
            .seen(Signal::Rule, "rates", purchase.offering.sources.join("; "), "")
            .confidence(self.confidence * purchase.offering.confidence);
        let commitment = &see.facts.commitments[release.commitment];
        let left = owned::end(commitment).map_or(0, |end| i64::from(end.0) - i64::from(see.as_of.0));
        finding.upfront = more.ratio(left.max(0).into(), 1).times(purchase.offering.upfront);
        for edit in edits(exchange) {
            finding = finding.edit(edit);
        }
        finding
    }

    /// What can be done, the best first.
    fn ways(&self, see: &Context<'_>, at: usize, near: &[Near]) -> Vec<String> {
        let commitment = &see.facts.commitments[at];
        let mut ways = Vec::new();
        if self.returnable(see, commitment) {
            ways.push("give it back: it was bought within the days in which that is possible".to_owned());
        }
        if let Some(near) = near.iter().find(|near| near.differs == Differs::Zone) {
            ways.push(format!("change its scope from the zone to the region: {} runs in {}", near.name, near.place));
        }
        if let Some(near) = near.iter().find(|near| near.differs == Differs::Sharing) {
            ways.push(format!("share it with {}: {} runs on demand there", near.account, near.name));
        }
        let (hard, easy): (Vec<_>, Vec<_>) = near
            .iter()
            .filter(|near| !matches!(near.differs, Differs::Zone | Differs::Sharing))
            .partition(|near| near.differs == Differs::Software);
        ways.extend(easy.first().map(|near| move_under(see, near)));
        ways.extend(self.sale(see, at));
        ways.extend(hard.first().map(|near| move_under(see, near)));
        if ways.is_empty() {
            ways.push("nothing runs on demand that it could cover: renew less of it".to_owned());
        }
        ways
    }

    /// How many instances to sell, if the bill drops without them.
    fn sale(&self, see: &Context<'_>, at: usize) -> Option<String> {
        let can = self.sellable(see, &see.facts.commitments[at]);
        let (release, saving) = can.then(|| see.bill.dispensable(at, self.exchange.counts))??;
        let (month, currency) = (owned::month(see, saving.net), &see.facts.currency);
        Some(format!(
            "sell {} of {} on the Reserved Instance Marketplace: the bill drops by {month:.2} {currency} a month, beside what they fetch \
             less {} %",
            release.part, release.of, self.sale.fee_percent
        ))
    }

    /// Whether a plan can still be given back.
    fn returnable(&self, see: &Context<'_>, commitment: &Commitment) -> bool {
        let small = owned::hourly(commitment).is_some_and(|hourly| hourly.to_f64() <= self.give_back.most_an_hour);
        let Ok(start) = parse_moment(&commitment.details.start) else { return false };
        let start = Hour::of_seconds(start);
        let told = commitment.listed.as_ref().and_then(|listed| listed.returnable_until);
        let until = told.map_or_else(
            || start.plus(self.give_back.days.saturating_mul(24)).min(start.next_month()),
            |until| until.hour(),
        );
        commitment.plan && small && start <= see.as_of && see.as_of < until
    }

    /// Whether a reservation can be sold.
    fn sellable(&self, see: &Context<'_>, commitment: &Commitment) -> bool {
        let is_ec2 = commitment.id.starts_with("arn:") && commitment.id.split(':').nth(2) == Some("ec2");
        let standard = Instrument::of(commitment) == Instrument::Reserved;
        let (Ok(start), Some(end)) = (parse_moment(&commitment.details.start), owned::end(commitment)) else {
            return false;
        };
        let held = Hour::of_seconds(start).plus(self.sale.held_days.saturating_mul(24)) <= see.as_of;
        let left = see.as_of.plus(self.sale.left_days.saturating_mul(24)) <= end;
        is_ec2 && standard && held && left
    }
}

fn move_under(see: &Context<'_>, near: &Near) -> String {
    let (cost, currency) = (owned::month(see, near.cost.net), &see.facts.currency);
    let Near { name, place, differs, .. } = near;
    format!("move usage under it: {name} in {place} ({}) costs {cost:.2} {currency} a month on demand", differs.words())
}

fn shown(see: &Context<'_>, near: &Near) -> serde_json::Value {
    json!({
        "usage": near.name,
        "account_id": &*near.account,
        "place": &*near.place,
        "differs_in": near.differs.words(),
        "monthly_on_demand_cost": (owned::month(see, near.cost.net) * 1e6).round() / 1e6,
    })
}
