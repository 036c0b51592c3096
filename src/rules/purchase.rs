//! The finding for a commitment that is advised to be bought: what Savings Plans and reservations have in common.

use super::{Aspect, Finding, Signal, State, Target};
use crate::{
    bill::{Advised, Edit, Purchase, Tranche, Wanted},
    money::Money,
    prices::Instrument,
    sku::{Payment, Service, Term},
    time::MONTH_HOURS,
};
use serde::Deserialize;
use serde_json::json;

/// Figures that the rules of purchases share in their TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trust {
    /// On known rates, a period of a month and a backtest that held.
    base: f64,
    /// Taken off when the backtest lost money.
    backtest_penalty: f64,
}

/// What is wanted on some terms, and on every other.
pub(super) fn wanted(
    instruments: &[Instrument],
    services: &[Service],
    advised: &[(Term, Payment)],
    step: Money,
) -> [Wanted; 2] {
    let terms = [Term::OneYear, Term::ThreeYears];
    let payments = [Payment::NoUpfront, Payment::PartialUpfront, Payment::AllUpfront];
    let all = terms.into_iter().flat_map(|term| payments.map(|payment| (term, payment)));
    let of = |terms: Vec<(Term, Payment)>| Wanted {
        instruments: instruments.to_vec(),
        services: services.to_vec(),
        blocks: None,
        terms,
        step,
    };
    [of(advised.to_vec()), of(all.filter(|terms| !advised.contains(terms)).collect())]
}

/// The finding; `None` where it saves less than `least` per cent of what it costs.
pub(super) fn finding(advised: &Advised, period_hours: i64, least: f64, trust: &Trust) -> Option<Finding> {
    let purchase = &advised.purchase;
    let offering = &purchase.offering;
    let cost = purchase.hourly().net.ratio(period_hours.into(), 1);
    let percent = advised.saving.to_f64() / cost.to_f64() * 100.0;
    if percent < least {
        return None;
    }
    let month = |money: Money| money.ratio(MONTH_HOURS.into(), period_hours.into()).to_f64();
    let held = advised.backtest.is_none_or(|test| test.saving.0 >= 0);
    let sure = trust.base * offering.confidence - if held { 0.0 } else { trust.backtest_penalty };
    let target = Target::Commitment {
        account: offering.owner.to_string(),
        region: offering.region.to_string(),
        name: offering.identity(),
    };
    let [before, after] = advised.coverage.map(|share| share * 100.0);
    let current = State::new("on demand").with("coverage_percent", six(before));
    let proposed = State::new(purchase.label())
        .with("coverage_percent", six(after))
        .with("utilization_percent", six(advised.utilization * 100.0))
        .with("hourly_cost", six(purchase.hourly().net.to_f64()))
        .with("tranches", advised.tranches.iter().map(|part| tranche(part, purchase)).collect::<Vec<_>>())
        .with("alternatives", advised.alternatives.iter().map(|other| alternative(other, &month)).collect::<Vec<_>>());
    let [low, high] = advised.sensitivity.map(month);
    let mut finding = Finding::new(target, Aspect::Commitment)
        .edit(Edit::Buy(Box::new(purchase.clone())))
        .states(current, proposed)
        .seen(Signal::Bill, "coverage_before", before, "%")
        .seen(Signal::Bill, "coverage_after", after, "%")
        .seen(Signal::Bill, "utilization", advised.utilization * 100.0, "%")
        .seen(Signal::Bill, "saved_of_its_cost", percent, "%")
        .seen(Signal::Bill, "monthly_savings_at_lower_demand", low, "USD/month")
        .seen(Signal::Bill, "monthly_savings_at_higher_demand", high, "USD/month")
        .seen(Signal::Rule, "rates", offering.sources.join("; "), "")
        .confidence(sure.max(0.0));
    if let Some(test) = advised.backtest {
        let steps = Purchase { steps: test.steps, ..purchase.clone() };
        finding = finding.seen(Signal::Bill, "backtest_bought", steps.label(), "").seen(
            Signal::Bill,
            "backtest_saved",
            test.saving.to_f64(),
            &format!("USD in the last {} hours", test.hours),
        );
    }
    finding.upfront = purchase.upfront();
    let months = offering.offer.term.hours() / f64::from(i32::try_from(MONTH_HOURS).unwrap_or(730));
    finding.break_even_months = Some(six(months / (1.0 + percent / 100.0)));
    Some(finding)
}

fn tranche(part: &Tranche, purchase: &Purchase) -> serde_json::Value {
    let buy = Purchase { steps: part.steps, ..purchase.clone() }.label();
    match part.monthly {
        // Whoever waits a month loses what the middling path saves in it.
        Some([low, middle, high]) => json!({
            "date": part.date.to_string(), "buy": buy,
            "monthly_savings_p10": six(low.to_f64()), "monthly_savings_p50": six(middle.to_f64()),
            "monthly_savings_p90": six(high.to_f64()), "regret_of_waiting_a_month": six(middle.to_f64()),
        }),
        None => json!({"date": part.date.to_string(), "buy": buy}),
    }
}

fn alternative((purchase, saving): &(Purchase, Money), month: &dyn Fn(Money) -> f64) -> serde_json::Value {
    json!({
        "buy": purchase.label(),
        "monthly_savings": six(month(*saving)),
        "upfront_cost": six(purchase.upfront().to_f64()),
    })
}

/// Six decimals, for showing.
fn six(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
