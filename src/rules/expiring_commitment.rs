//! Commitments that end soon: what it costs to let them lapse, and what to renew.

use super::{Aspect, Context, Finding, Rule, Signal, State, owned};
use crate::{
    bill::{Bill, Edit, Purchase, Wanted},
    facts::Cost,
    inventory::{OwnedCommitment, short_id},
    money::Money,
    prices::Instrument,
    sku::{Payment, Term},
    time::Hour,
};
use serde::Deserialize;
use std::borrow::Cow;

/// Parameters of the rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpiringCommitment {
    days: Vec<i32>,
    queued_within_hours: i32,
    untold_terms: (Term, Payment),
    step: f64,
    confidence: f64,
}

/// What becomes of the bill when one commitment ends.
struct Lapse<'a> {
    /// What the bill rises by.
    rise: Cost,
    /// Purchases that are queued for its end.
    queued: Vec<&'a OwnedCommitment>,
    renewal: Renewal,
}

enum Renewal {
    /// The best amount, what it saves against lapsing, and how sure its rates are.
    Buy(Box<Purchase>, Cost),
    /// Nothing, and why.
    Nothing(String),
}

impl Rule for ExpiringCommitment {
    /// One after another as they end: each on the bill on which those before were renewed as advised, so that what lapsing costs and
    /// what renewals save add up.
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let furthest = see.as_of.plus(self.days.iter().max().copied().unwrap_or(0).saturating_mul(24));
        let ends = |(at, commitment)| Some((owned::end(commitment)?, at));
        let mut ending: Vec<(Hour, usize)> = see.facts.commitments.iter().enumerate().filter_map(ends).collect();
        ending.retain(|(end, _)| *end > see.as_of && *end <= furthest);
        ending.sort_unstable();
        let mut bill = Cow::Borrowed(see.bill);
        let mut begun = 0;
        for (end, at) in ending {
            let lapse = self.lapse(see, &mut bill, &mut begun, (end, at));
            out.push(self.finding(see, (end, at), lapse));
        }
    }
}

impl ExpiringCommitment {
    /// Takes a commitment off the bill, lets begin what is queued until then, and renews; `None` where it is not known what it offers.
    fn lapse<'a>(
        &self,
        see: &Context<'a>,
        bill: &mut Cow<'a, Bill<'a>>,
        begun: &mut usize,
        (end, at): (Hour, usize),
    ) -> Option<Lapse<'a>> {
        let mut lapsed = bill.without(at)?;
        let queued = see.bill.queued(end.plus(self.queued_within_hours));
        for owned in queued.iter().skip(*begun) {
            lapsed.begin(owned);
        }
        *begun = queued.len();
        let rise = lapsed.price() - bill.price();
        let queued = queued.into_iter().filter(|owned| see.bill.rival(owned, at)).collect();
        let renewal = self.renewal(see, &lapsed, at);
        if let Renewal::Buy(purchase, _) = &renewal {
            lapsed.apply(&[Edit::Buy(purchase.clone())]);
        }
        *bill = Cow::Owned(lapsed);
        Some(Lapse { rise, queued, renewal })
    }

    fn renewal(&self, see: &Context<'_>, lapsed: &Bill<'_>, at: usize) -> Renewal {
        let (hours, least) = (see.facts.window.period.hours(), see.commitments.min_window_hours);
        if hours < least {
            return Renewal::Nothing(format!("decide on its renewal: {hours} hours are too few to size it"));
        }
        let commitment = &see.facts.commitments[at];
        let wanted = Wanted {
            instruments: vec![Instrument::of(commitment)],
            services: Vec::new(),
            blocks: None,
            terms: vec![owned::terms(commitment).unwrap_or(self.untold_terms)],
            step: Money::ONE.times(self.step),
        };
        let Some(offering) = lapsed.renewal(at, &wanted) else {
            return Renewal::Nothing("let it lapse: nothing is left for it to cover".to_owned());
        };
        let mut advice = lapsed.advise(&[offering], &[], see.commitments, (lapsed, see.as_of.day()));
        if let Some(declined) = advice.declined.pop() {
            return Renewal::Nothing(format!("do not renew it as it is: {}", declined.why));
        }
        let Some((_, advised)) = advice.advised.pop() else {
            return Renewal::Nothing("let it lapse: no renewal would save anything".to_owned());
        };
        let purchase = Box::new(advised.purchase);
        let mut renewed = lapsed.clone();
        renewed.apply(&[Edit::Buy(purchase.clone())]);
        Renewal::Buy(purchase, lapsed.price() - renewed.price())
    }

    fn finding(&self, see: &Context<'_>, (end, at): (Hour, usize), lapse: Option<Lapse<'_>>) -> Finding {
        let commitment = &see.facts.commitments[at];
        let cost = see.bill.cost_of(at);
        let left = end.0.saturating_sub(see.as_of.0).div_euclid(24);
        let within = self.days.iter().filter(|days| end <= see.as_of.plus(days.saturating_mul(24))).min();
        let per_month = format!("{}/month", see.facts.currency);
        let month = |cost: Cost| owned::month(see, cost.net);
        let listed = commitment.listed.as_ref().is_some_and(|listed| listed.end.is_some());
        let signal = if listed { Signal::Inventory } else { Signal::Bill };
        let current =
            State::new(format!("{} ends on {}", owned::label(see, at), end.plus(-1).day())).with("ends", end.rfc3339());
        let mut finding = Finding::new(owned::target(commitment), Aspect::Commitment)
            .seen(signal, "ends", end.rfc3339(), "")
            .seen(Signal::Rule, "days_left", left, "days")
            .seen(Signal::Rule, "within_days", within.copied().unwrap_or(left), "days")
            .seen(Signal::Bill, "used", owned::percent(commitment.used, cost), "%")
            .seen(Signal::Bill, "monthly_cost", month(cost), &per_month)
            .confidence(self.confidence);
        finding.at_stake = Some(cost);
        let Some(Lapse { rise, queued, renewal }) = lapse else {
            let proposed = State::new("decide on its renewal: nothing tells how much it offers");
            return finding.states(current, proposed);
        };
        finding = finding.seen(Signal::Bill, "lapsing_costs_monthly", month(rise), &per_month);
        let names: Vec<&str> = queued.iter().map(|owned| short_id(&owned.id)).collect();
        if !names.is_empty() {
            finding = finding.seen(Signal::Inventory, "queued", names.join(", "), "");
        }
        let then = cost + rise;
        let beside = if names.is_empty() { String::new() } else { format!("; {} is queued", names.join(", ")) };
        match renewal {
            Renewal::Nothing(why) => {
                finding.costs = Some([cost, then]);
                finding.states(current, State::new(why + &beside))
            }
            Renewal::Buy(purchase, saving) => {
                finding.costs = Some([cost, then - saving]);
                finding.upfront = purchase.upfront();
                finding.confidence *= purchase.offering.confidence;
                let proposed = State::new(format!("renew {}{beside}", purchase.label()))
                    .with("from", end.rfc3339())
                    .with("hourly_cost", purchase.hourly().net.to_f64());
                finding
                    .states(current, proposed)
                    .seen(Signal::Bill, "renewal_saves_monthly", month(saving), &per_month)
                    .seen(Signal::Rule, "rates", purchase.offering.sources.join("; "), "")
            }
        }
    }
}
