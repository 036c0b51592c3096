//! Data quality: what to know of the bill before believing conclusions from it. `recommend` carries the same notes.

mod explorer;

pub use explorer::on_explorer;

use crate::{
    defaults::Defaults,
    exports::Exports,
    facts::{Asked, Basis, ClassId, Facts, Granularity, Label, LineType, Party, Quality, Survey},
    money::Money,
    note::{Notes, Remark},
    scan::columns::Text,
    transactions::{self, Transactions},
};
use std::collections::BTreeMap;

/// Remarks on the facts.
pub fn remarks(facts: &Facts, survey: &Survey, asked: &Asked, figures: &Defaults, notes: &mut Notes) {
    let note_share = figures.quality.note_share;
    let hours = facts.window.period.hours();
    if hours < figures.plan.min_idle_hours {
        notes.add(Remark::ShortPeriod { hours });
    }
    lines(facts, notes);
    periods(survey, notes);
    if let Some(label) = &asked.workload {
        labelled(facts, label, |party| party.workload.is_some(), note_share, notes);
    }
    if let Some(label) = &asked.owner {
        labelled(facts, label, |party| party.owner.is_some(), note_share, notes);
    }
    if facts.basis == Basis::Gross && facts.classes.iter().any(|class| class.line == LineType::PrivateDiscount) {
        notes.add(Remark::DiscountsWithoutNet {});
    }
    if !facts.mixed_currencies.is_empty() {
        let mut all: Vec<&str> = facts.mixed_currencies.iter().map(|name| &**name).chain([&*facts.currency]).collect();
        all.sort_unstable();
        notes.add(Remark::CurrencyMix { currencies: all.join(", "), shown: facts.currency.to_string() });
    } else if !facts.other_currencies.is_empty() {
        let others: Vec<&str> = facts.other_currencies.iter().map(|(name, _)| &**name).collect();
        notes.add(Remark::CurrencyChosen { currency: facts.currency.to_string(), others: others.join(", ") });
    }
    without_resource(facts, note_share, notes);
    let open = facts.read.end < facts.window.period.end.plus(-1).next_month();
    if open && facts.commitments.iter().any(|commitment| !commitment.plan && !commitment.unused.net.is_zero()) {
        notes.add(Remark::OpenCommitments {});
    }
    if &*facts.currency != "USD" {
        notes.add(Remark::ForeignCurrency { currency: facts.currency.to_string() });
    }
}

fn lines(facts: &Facts, notes: &mut Notes) {
    let quality = &facts.quality;
    for (name, (lines, cost)) in &quality.unknown_types {
        notes.add(Remark::UnknownLineType { name: name.to_string(), lines: *lines, cost: cost.to_string() });
    }
    if quality.split_rows > 0 {
        notes.add(Remark::SplitCostRows { lines: quality.split_rows });
    }
    if quality.negative > 0 {
        let example = quality.negative_example.clone().unwrap_or_default();
        notes.add(Remark::NegativeUsage { lines: quality.negative, example });
    }
    if quality.capacity_rows > 0 {
        notes.add(Remark::CapacityReservationRows { lines: quality.capacity_rows });
    }
    if quality.host_rows > 0 {
        notes.add(Remark::HostReservation { lines: quality.host_rows });
    }
    if quality.no_account > 0 {
        notes.add(Remark::NoAccount { lines: quality.no_account });
    }
    if quality.no_cost > 0 {
        notes.add(Remark::NoCost { lines: quality.no_cost });
    }
    if quality.outside.0 > 0 {
        notes.add(Remark::OutsidePeriod { lines: quality.outside.0, cost: quality.outside.1.to_string() });
    }
    focus(quality, notes);
    let [hourly, daily, monthly] = quality.spans;
    let all = hourly + daily + monthly;
    let most = hourly.max(daily).max(monthly);
    if most * 10 < all * 9 {
        notes.add(Remark::MixedGranularity {});
    }
    if facts.granularity != Granularity::Hourly {
        notes.add(Remark::Granularity { granularity: facts.granularity.name().into() });
    }
}

/// Remarks on rows of FOCUS.
fn focus(quality: &Quality, notes: &mut Notes) {
    let listed = |names: Vec<&str>| names.join(", ");
    if !quality.others.is_empty() {
        let providers = listed(quality.others.keys().map(|name| &**name).collect());
        notes.add(Remark::OtherProviders { providers, lines: quality.others.values().sum() });
    }
    if quality.plain > 0 {
        notes.add(Remark::PlainFocus { lines: quality.plain });
    }
    // Fractions of a cent are roundings of a provider.
    let cent = Money::from_micros(10_000);
    let without = || quality.no_effective.iter().filter(|(_, (_, cost))| cost.0.abs() >= cent.0);
    if without().next().is_some() {
        let providers = listed(without().map(|(name, _)| &**name).collect());
        let cost: Money = without().map(|(_, (_, cost))| *cost).sum();
        let lines = without().map(|(_, (lines, _))| lines).sum();
        notes.add(Remark::NoEffectiveCost { lines, cost: cost.to_string(), providers });
    }
}

fn periods(survey: &Survey, notes: &mut Notes) {
    let mut twice: BTreeMap<(String, &str), String> = BTreeMap::new();
    for ((period, _, account), folders) in &survey.deliveries {
        if folders.len() > 1 {
            let month = period.month_name();
            let folders = folders.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            twice.insert((month, account), folders);
        }
    }
    for ((period, account), folders) in twice {
        notes.add(Remark::DuplicatedPeriod { period, account: account.to_owned(), folders });
    }
}

/// Remarks on months that AWS may still change.
pub fn finality(facts: &Facts, exports: &Exports, notes: &mut Notes) {
    if !exports.parts.iter().any(|part| part.layout().has_text(Text::Invoice)) {
        notes.add(Remark::NotFinalUnknown {});
        return;
    }
    for period in &facts.quality.not_final {
        notes.add(Remark::NotFinal { period: period.month_name() });
    }
}

fn share(part: Money, of: Money) -> f64 {
    if of.0 == 0 { 0.0 } else { part.to_f64() / of.to_f64() }
}

/// What was paid in the priced period for some classes.
fn priced_cost(facts: &Facts, wanted: impl Fn(ClassId) -> bool) -> Money {
    facts.priced_classes.iter().filter(|(class, _)| wanted(*class)).map(|(_, costs)| costs.net).sum()
}

fn without_resource(facts: &Facts, note_share: f64, notes: &mut Notes) {
    if facts.named_resources().next().is_none() {
        notes.add(Remark::NoResourceColumn {});
        return;
    }
    let usage = |class: ClassId| facts.class(class).line.is_usage();
    let nameless = facts.resources.iter().filter(|resource| resource.id.is_empty());
    let nameless = nameless.flat_map(|resource| facts.billed_of(resource)).filter(|billed| usage(billed.class));
    let nameless: Money = nameless.map(|billed| billed.costs.net).sum();
    let all = priced_cost(facts, usage);
    if share(nameless, all) >= note_share {
        notes.add(Remark::NoResourceId { percent: share(nameless, all) * 100.0, cost: nameless.to_string() });
    }
}

fn labelled(facts: &Facts, label: &Label, has: impl Fn(&Party) -> bool, note_share: f64, notes: &mut Notes) {
    if !facts.parties.iter().any(&has) {
        notes.add(Remark::LabelUnknown { key: label.to_string() });
        return;
    }
    let running = |class: ClassId| !facts.class(class).line.is_apart();
    let without: Vec<bool> = facts.parties.iter().map(|party| !has(party)).collect();
    let bare = facts.priced().filter(|spend| without[spend.party as usize] && running(spend.class));
    let bare: Money = bare.map(|spend| spend.costs.net).sum();
    let all = priced_cost(facts, running);
    if share(bare, all) >= note_share {
        let percent = share(bare, all) * 100.0;
        notes.add(Remark::Untagged { key: label.to_string(), percent, cost: bare.to_string() });
    }
}

/// Remarks on how transactions fit the bill.
pub fn on_transactions(facts: &Facts, transactions: &Transactions, notes: &mut Notes) {
    let period = facts.window.period;
    if transactions.granularity() == transactions::Granularity::Daily {
        notes.add(Remark::TransactionsDaily {});
    }
    let mut covered = 0;
    let mut workloads = 0;
    for workload in transactions.workloads() {
        workloads += 1;
        if !facts.parties.iter().any(|party| party.workload.as_deref() == Some(workload)) {
            notes.add(Remark::UnknownWorkload { name: workload.to_owned() });
        }
        let hours = transactions.count(workload, period).map_or(0, |(_, hours)| hours);
        let missing = usize::try_from(period.hours() - hours).unwrap_or(0);
        if missing > 0 {
            notes.add(Remark::TransactionGap { workload: workload.to_owned(), hours: missing });
        }
        covered += period.hours() - i64::try_from(missing).unwrap_or(0);
    }
    if workloads > 0 {
        #[expect(clippy::cast_precision_loss, reason = "hours of a period")]
        let percent = covered as f64 * 100.0 / (workloads * period.hours()).max(1) as f64;
        notes.add(Remark::TransactionCover { percent });
    }
}
