//! DynamoDB tables that another capacity mode, class or capacity would run for less.

use super::{
    Aspect, Context, Finding, Rule, Signal, State, Target,
    table::{Ahead, AutoScaling, Provisioned, Rates, Setting, Side, Table, hours},
};
use crate::{
    bill::{Becomes, Bill, Edit, Paid, ReadWrite, saving},
    money::Money,
    time::MONTH_HOURS,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DynamodbCapacityMode {
    auto_scaling: AutoScaling,
    min_saving_percent: f64,
    trust: Trust,
    standard: ClassPrices,
    infrequent: ClassPrices,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trust {
    measured: f64,
    bill_alone: f64,
    unlisted_penalty: f64,
    estimate_penalty: f64,
}

/// Prices of a table class in us-east-1, USD.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassPrices {
    capacity_hour: ReadWrite<f64>,
    request_million: ReadWrite<f64>,
    storage_month: f64,
}

/// How much throughput is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    /// As much as today.
    Today,
    /// What auto scaling would provision.
    Scaled,
    /// What is consumed.
    Consumed,
}

/// One way to run a table.
struct Candidate {
    setting: Setting,
    amount: Amount,
    edits: Vec<Edit>,
    /// Of each side: USD a unit at public prices.
    rates: Vec<f64>,
    /// Whether some price is not the export's own.
    estimated: bool,
    /// What it saves over the period at public prices, commitments aside: USD.
    listed: f64,
    /// What it saves on the bill over the period, net.
    saving: Money,
    /// What reserving what it leaves provisioned would save on top, over the period: USD.
    ahead: f64,
}

impl Candidate {
    fn score(&self) -> f64 {
        self.saving.to_f64() + self.ahead
    }
}

impl Rule for DynamodbCapacityMode {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let rates = Rates::of(see);
        let tables = Table::all(see, &rates);
        let mut all: Vec<(&Table<'_>, Vec<Candidate>)> =
            tables.iter().map(|table| (table, self.candidates(table, &rates))).collect();
        if all.is_empty() {
            return;
        }
        let mut bill = see.bill.clone();
        bill.prepare(all.iter().flat_map(|(_, candidates)| candidates).flat_map(|candidate| &candidate.edits));
        let ahead = Ahead::of(see, &tables);
        for (table, candidates) in &mut all {
            for candidate in candidates.iter_mut() {
                candidate.saving = saving(&bill.peek(&candidate.edits)).net;
                candidate.ahead = self.ahead(&ahead, table, candidate.setting, candidate.amount, &candidate.rates);
            }
            let rates: Vec<f64> = table.sides.iter().map(|side| side.rate).collect();
            let today = self.ahead(&ahead, table, table.setting, Amount::Today, &rates);
            candidates.sort_by(|a, b| b.score().total_cmp(&a.score()));
            out.extend(
                self.best(&bill, table, candidates, today).map(|best| self.finding(see, table, best, candidates)),
            );
        }
    }
}

impl DynamodbCapacityMode {
    fn prices(&self, infrequent: bool) -> &ClassPrices {
        if infrequent { &self.infrequent } else { &self.standard }
    }

    /// What reserving would save on top of a setting, over the period: USD.
    fn ahead(&self, ahead: &Ahead<'_>, table: &Table<'_>, setting: Setting, amount: Amount, rates: &[f64]) -> f64 {
        let provisioned = match amount {
            _ if setting.requests || setting.infrequent => return 0.0,
            Amount::Scaled => Provisioned::Scaled,
            Amount::Today | Amount::Consumed => Provisioned::Today,
        };
        let sides = table.sides.iter().zip(rates);
        sides.filter_map(|(side, rate)| ahead.gain(table, side, provisioned, *rate, &self.auto_scaling)).sum()
    }

    /// Every other way to run a table that what is known of it allows.
    fn candidates(&self, table: &Table<'_>, rates: &Rates<'_>) -> Vec<Candidate> {
        let now = table.setting;
        let mut modes = vec![(now.requests, Amount::Today)];
        if table.is_measured() {
            modes.push((false, Amount::Scaled));
            modes.extend((!now.requests && !table.partly_free).then_some((true, Amount::Consumed)));
        }
        let pointless = table.storage.is_empty() && !now.infrequent;
        let stays = table.is_reserved() || table.partly_free || pointless;
        let classes = if stays { vec![now.infrequent] } else { vec![false, true] };
        let settings = modes.into_iter().flat_map(|(requests, amount)| {
            classes.iter().map(move |infrequent| (Setting { requests, infrequent: *infrequent }, amount))
        });
        let others = settings.filter(|(setting, amount)| *setting != now || *amount != Amount::Today);
        others.filter_map(|(setting, amount)| self.candidate(table, rates, setting, amount)).collect()
    }

    fn candidate(&self, table: &Table<'_>, rates: &Rates<'_>, setting: Setting, amount: Amount) -> Option<Candidate> {
        let (mut edits, mut estimated, mut listed, mut paid) = (Vec::new(), false, 0.0, Vec::new());
        for side in &table.sides {
            let units = self.units(table, side, amount)?;
            let (rate, estimate) = self.rate(table, side, rates, setting);
            estimated |= estimate;
            listed += side.quantity * side.rate - units * rate;
            paid.push(rate);
            edits.extend(edit(table, side, setting, units, rate));
        }
        if setting.infrequent != table.setting.infrequent && !table.storage.is_empty() {
            let price = |infrequent| self.prices(infrequent).storage_month;
            let ratio = price(setting.infrequent) / price(table.setting.infrequent);
            let classes = table.storage.iter().map(|line| line.id).collect();
            listed += super::sum(&table.storage).on_demand.to_f64() * (1.0 - ratio);
            estimated = true;
            edits.push(Edit::reprice(vec![table.id], classes, ratio));
        }
        let priced =
            Candidate { setting, amount, edits, rates: paid, estimated, listed, saving: Money::ZERO, ahead: 0.0 };
        (!priced.edits.is_empty()).then_some(priced)
    }

    /// Units that a side would pay for over the period; no more capacity than today where it is provisioned.
    fn units(&self, table: &Table<'_>, side: &Side<'_>, amount: Amount) -> Option<f64> {
        match amount {
            Amount::Today => Some(side.quantity),
            Amount::Consumed => Some(side.consumed.as_ref()?.units()),
            Amount::Scaled => {
                let scaled = side.consumed.as_ref()?.scaled(&self.auto_scaling)?.total;
                Some(if table.setting.requests { scaled } else { scaled.min(side.quantity) })
            }
        }
    }

    /// What a unit of a side would cost in a setting, and whether that is an estimate: in the ratio of us-east-1's prices.
    fn rate(&self, table: &Table<'_>, side: &Side<'_>, rates: &Rates<'_>, to: Setting) -> (f64, bool) {
        let home = |setting: Setting| {
            let prices = self.prices(setting.infrequent);
            if setting.requests {
                prices.request_million.of(side.write) / 1e6
            } else {
                *prices.capacity_hour.of(side.write)
            }
        };
        match rates.get(&table.resource.region, side.write, to) {
            _ if to == table.setting => (side.rate, false),
            Some(rate) => (rate, false),
            None => (side.rate * home(to) / home(table.setting), true),
        }
    }

    /// The best candidate if it is better than leaving the table as it is, what could be reserved included; where commitments pay for
    /// it anyway, the one that would be best without them.
    fn best<'c>(
        &self,
        bill: &Bill<'_>,
        table: &Table<'_>,
        candidates: &'c [Candidate],
        today: f64,
    ) -> Option<&'c Candidate> {
        let touched = Edit::reprice(vec![table.id], table.classes(), 1.0);
        let paid = |paid: Paid| bill.touched(std::slice::from_ref(&touched), paid).net.to_f64();
        let (open, covered) = (paid(Paid::OnDemand), paid(Paid::Commitment));
        let enough = |saved: f64, of: f64| saved > 0.0 && saved >= of * self.min_saving_percent / 100.0;
        let best = candidates.first().filter(|best| best.score() > today);
        if let Some(best) = best.filter(|best| enough(best.saving.to_f64(), open + covered)) {
            return Some(best);
        }
        let in_vain = covered > 0.0 && candidates.iter().all(|candidate| candidate.saving.micros() <= 0);
        let apart = candidates.iter().max_by(|a, b| a.listed.total_cmp(&b.listed)).filter(|_| in_vain);
        apart.filter(|apart| enough(apart.listed, table.listed_cost()))
    }

    fn finding(&self, see: &Context<'_>, table: &Table<'_>, best: &Candidate, all: &[Candidate]) -> Finding {
        let period = see.facts.window.period.hours();
        let month = |money: f64| six(money * hours(MONTH_HOURS) / hours(period));
        let name = |setting: Setting, amount: Amount| self.name(table.setting, best.setting, setting, amount);
        let losers = self.losers(table, best, all, &month);
        let measured = best.amount != Amount::Today;
        let sure = if measured { self.trust.measured } else { self.trust.bill_alone };
        let unlisted = if measured && table.listed.is_none() { self.trust.unlisted_penalty } else { 0.0 };
        let estimated = if best.estimated { self.trust.estimate_penalty } else { 0.0 };
        let prices =
            if best.estimated { "the export's, scaled by the ratios of us-east-1" } else { "the export's own" };
        let mut finding = Finding::new(Target::Resource(table.id), Aspect::CapacityMode)
            .states(
                State::new(name(table.setting, Amount::Today)),
                State::new(name(best.setting, best.amount)).with("alternatives", losers),
            )
            .confidence(sure - unlisted - estimated)
            .in_inventory(table.listed.is_some())
            .seen(Signal::Rule, "prices", prices, "");
        for side in &table.sides {
            finding = self.measured(finding, side, table.setting, hours(period));
        }
        if best.ahead > 0.0 {
            finding = finding.seen(Signal::Rule, "saved_if_reserved_too", month(best.ahead), "USD/month");
        }
        finding.edits = best.edits.clone();
        finding
    }

    /// The other candidates that would save something, the best first, and what was not weighed.
    fn losers(&self, table: &Table<'_>, best: &Candidate, all: &[Candidate], month: &dyn Fn(f64) -> f64) -> Vec<Value> {
        let others = all.iter().filter(|other| !std::ptr::eq(*other, best) && other.score() > 0.0);
        let loser = |other: &Candidate| {
            let to = self.name(table.setting, other.setting, other.setting, other.amount);
            let mut loser = json!({"change": to, "monthly_savings": month(other.saving.to_f64())});
            if other.ahead > 0.0 {
                loser["monthly_savings_if_reserved_too"] = Value::from(month(other.ahead));
            }
            loser
        };
        let mut losers: Vec<Value> = others.map(loser).collect();
        if table.is_reserved() && !table.storage.is_empty() {
            let why = "reserved capacity covers part of the table, and Standard-IA cannot use it";
            losers.push(json!({"change": "Standard-IA", "why": why}));
        }
        losers
    }

    /// What is known of one side's capacity and use.
    fn measured(&self, mut finding: Finding, side: &Side<'_>, setting: Setting, hours: f64) -> Finding {
        let word = if side.write { "write" } else { "read" };
        if !setting.requests {
            let units = side.quantity / hours;
            finding = finding.seen(Signal::Bill, &format!("provisioned_{word}_units_mean"), units, "units");
        }
        let Some(consumed) = &side.consumed else { return finding };
        let units = consumed.units() / 3600.0 / hours;
        finding = finding.seen(Signal::Metrics, &format!("consumed_{word}_units_mean"), units, "units/s");
        match consumed.scaled(&self.auto_scaling) {
            Some(scaled) => {
                let units = scaled.total / hours;
                finding.seen(Signal::Rule, &format!("auto_scaled_{word}_units_mean"), units, "units")
            }
            None => finding,
        }
    }

    /// A setting in words; the class only where it changes.
    fn name(&self, now: Setting, then: Setting, setting: Setting, amount: Amount) -> String {
        let mode = match amount {
            Amount::Scaled => format!("auto scaling at {} %", self.auto_scaling.target_utilization_percent),
            _ if setting.requests => "on demand".to_owned(),
            _ => "provisioned".to_owned(),
        };
        let class = if setting.infrequent { "Standard-IA" } else { "Standard" };
        if now.infrequent == then.infrequent { mode } else { format!("{mode}, {class}") }
    }
}

/// How a side of a table changes; `None` when it does not.
fn edit(table: &Table<'_>, side: &Side<'_>, to: Setting, units: f64, rate: f64) -> Option<Edit> {
    let ratio = units * rate / (side.quantity * side.rate);
    let (resources, classes) = (vec![table.id], side.classes.clone());
    if to != table.setting {
        let units = Money::ONE.times(units / side.quantity);
        let to = Becomes::Throughput { requests: to.requests, infrequent: to.infrequent, units };
        return Some(Edit::turn(resources, classes, ratio, to));
    }
    (ratio < 1.0).then(|| Edit::reprice(resources, classes, ratio))
}

impl Table<'_> {
    /// The classes of its throughput and storage.
    fn classes(&self) -> Vec<crate::facts::ClassId> {
        let storage = self.storage.iter().map(|line| line.id);
        self.sides.iter().flat_map(|side| side.classes.iter().copied()).chain(storage).collect()
    }

    /// What they would cost at public prices over the period: USD.
    fn listed_cost(&self) -> f64 {
        let storage = super::sum(&self.storage).on_demand.to_f64();
        self.sides.iter().map(|side| side.quantity * side.rate).sum::<f64>() + storage
    }
}

/// Six decimals, for showing.
fn six(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
