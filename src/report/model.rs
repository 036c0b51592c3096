//! The report as data: the contract of `curtail.report/1`. Money is in the bill's currency with at most six decimals.

use crate::{
    money::Money,
    note::Note,
    rules::{Effort, Evidence, Module, Risk, Stage},
    unit_cost::Trend,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The version of the report's shape; it changes when a field changes its meaning, its type or its name.
pub const SCHEMA: &str = "curtail.report/1";

/// Money in the bill's currency, rounded to six decimals.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Amount(pub f64);

impl Amount {
    /// The amount rounded to six decimals, ties to even.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "below 2^53 millionths, nine billion of the currency, this is exact"
    )]
    pub fn of(money: Money) -> Self {
        Self(money.micros() as f64 / 1e6)
    }
}

/// A share or ratio in percent, rounded to four decimals; null where it cannot be told.
pub type Percent = Option<f64>;

/// The whole report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// `curtail.report/1`.
    pub schema: String,
    /// The version of curtail.
    pub version: String,
    /// The window that is priced.
    pub period: Period,
    /// Everything that was read.
    pub read: Interval,
    /// The currency of every amount.
    pub currency: String,
    /// Whether savings are after private discounts (`net`) or the export tells none (`gross`).
    pub discount_basis: Basis,
    /// The part files.
    pub inputs: Vec<Input>,
    /// Sums over the period.
    pub totals: Totals,
    /// Cost and savings by several sides; each side adds up to the totals.
    pub summary: Summary,
    /// The re-priced bill against the billed one; null until commitments are re-priced by the hour.
    pub reconciliation: Option<Reconciliation>,
    /// How much commitments cover, and how much of them is used.
    pub commitment: CommitmentSummary,
    /// The commitments in force.
    pub commitments: Vec<CommitmentRow>,
    /// What to change, by rank.
    pub recommendations: Vec<Recommendation>,
    /// Found, but it saves nothing on this bill.
    pub rejected: Vec<Rejected>,
    /// What a transaction costs.
    pub unit_costs: Vec<UnitCost>,
    /// Rules that did not run.
    pub skipped_rules: Vec<SkippedRule>,
    /// Found, but protected or suppressed by the user.
    pub suppressed: Vec<Rejected>,
    /// With a baseline: what was open there and is no longer found.
    pub resolved: Vec<Resolved>,
    /// Lines in other currencies, over everything read.
    pub other_currencies: Vec<OtherCurrency>,
    /// Remarks on the input.
    pub notes: Vec<Note>,
    /// Series for charts.
    pub detail: Option<Detail>,
}

/// Whether savings are after private discounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Basis {
    Net,
    Gross,
}

/// The window that is priced.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Period {
    /// Its first moment, RFC 3339, UTC.
    pub start: String,
    /// The moment after its last.
    pub end: String,
    /// Its hours.
    pub hours: i64,
    /// Whether every hour (day) of it has lines.
    pub complete: bool,
    /// `hourly`, `daily` or `monthly`.
    pub granularity: String,
}

/// A stretch of time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Interval {
    /// Its first moment, RFC 3339, UTC.
    pub start: String,
    /// The moment after its last.
    pub end: String,
}

/// A part file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Input {
    /// Its path as given.
    pub path: String,
    /// `cur-2.0`, `cur-legacy`, `focus-1.0` ...
    pub dialect: String,
    /// Its lines.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// Sums over every line of the period, tax, credit and refund included; savings are sums of the recommendations.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Totals {
    /// As invoiced.
    pub unblended_cost: Amount,
    /// Amortised.
    pub effective_cost: Amount,
    /// Amortised, after private discounts.
    pub net_effective_cost: Amount,
    /// At public on-demand prices.
    pub on_demand_cost: Amount,
    /// Tax, included above.
    pub tax: Amount,
    /// Credits, included above.
    pub credit: Amount,
    /// Refunds, included above.
    pub refund: Amount,
    /// Savings over the period.
    pub period_savings: Amount,
    /// Savings a month of 730 hours.
    pub monthly_savings: Amount,
    /// Twelve times that.
    pub annual_savings: Amount,
    /// The same a month before private discounts.
    pub monthly_savings_before_discounts: Amount,
    /// Savings as a share of effective cost without tax, credit and refund, both net or both gross.
    pub savings_percent: Percent,
}

/// Cost and savings of one side.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SummaryRow {
    /// The module, service, account or owner; null for what has none.
    pub name: Option<String>,
    /// Effective cost over the period, net where the export is; a module's is what its targets cost today.
    pub cost: Amount,
    /// Savings over the period.
    pub period_savings: Amount,
    /// Savings a month.
    pub monthly_savings: Amount,
    /// How many recommendations.
    pub recommendations: usize,
}

/// Cost and savings by several sides.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Summary {
    pub by_module: Vec<SummaryRow>,
    pub by_service: Vec<SummaryRow>,
    pub by_account: Vec<SummaryRow>,
    pub by_owner: Vec<SummaryRow>,
    /// Told only of a bill that is not of AWS alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_provider: Vec<SummaryRow>,
}

/// The re-priced bill against the billed one.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Reconciliation {
    pub billed: Amount,
    pub repriced: Amount,
    pub error_percent: Percent,
    pub by_service: Vec<ReconciliationRow>,
    /// What of each commitment is used, by its ARN.
    pub by_commitment: Vec<ReconciliationRow>,
    /// What is used of commitments of one owner that cover the same usage: which of them covers which hour is not for the bill's
    /// reader to know, so all of a group count as used alike.
    pub by_group: Vec<ReconciliationGroup>,
}

/// Commitments that nothing tells apart.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReconciliationGroup {
    /// Their ARNs.
    pub commitments: Vec<String>,
    /// Their used cost as billed.
    pub billed: Amount,
    /// As re-priced.
    pub repriced: Amount,
    /// The difference in percent of what was billed.
    pub error_percent: Percent,
}

/// One side of the reconciliation.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ReconciliationRow {
    pub name: String,
    pub billed: Amount,
    pub repriced: Amount,
    pub error_percent: Percent,
}

/// How much commitments cover, and how much of them is used.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct CommitmentSummary {
    /// On-demand cost of covered usage / on-demand cost of all usage that a commitment could cover.
    pub coverage_percent: Percent,
    /// Used / paid, over all commitments.
    pub utilization_percent: Percent,
    /// The same as coverage: the "RI/SP ratio" of reports.
    pub ri_sp_ratio_percent: Percent,
    /// On-demand cost of usage that Savings Plans cover.
    pub savings_plan_covered_cost: Amount,
    /// On-demand cost of usage that reservations cover.
    pub reservation_covered_cost: Amount,
    /// On-demand cost of usage that a commitment could cover and none does.
    pub uncovered_cost: Amount,
    /// Coverage with all recommendations carried out, as the model prices it.
    pub proposed_coverage_percent: Percent,
    /// Utilization with all recommendations carried out.
    pub proposed_utilization_percent: Percent,
    /// The same as proposed coverage.
    pub proposed_ri_sp_ratio_percent: Percent,
    /// What all recommended purchases take at their start.
    pub upfront_cost: Amount,
}

/// A commitment in force, over the period.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CommitmentRow {
    /// Its ARN.
    pub id: String,
    /// `savings_plan` or `reservation`.
    pub kind: String,
    /// The account it is billed to; null when only its use is in the bill.
    pub owner: Option<String>,
    /// What it covers, as far as the export tells.
    pub covers: Option<String>,
    /// Savings Plan: commitment in currency per hour; reservation: reserved units on average; null when unknown.
    pub amount: Option<Amount>,
    /// What it costs an hour on average, used or not.
    pub hourly_cost: Amount,
    /// Cost of what was used.
    pub used_cost: Amount,
    /// Cost of what was not.
    pub unused_cost: Amount,
    /// Used / (used + unused).
    pub utilization_percent: Percent,
    /// When it began, as the export tells.
    pub start: Option<String>,
    /// When it ends.
    pub end: Option<String>,
    /// `No Upfront` ...
    pub payment: Option<String>,
    /// 1 or 3.
    pub term_years: Option<u8>,
}

/// What a recommendation is about.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ResourceRow {
    /// Its id as billed, or the name of a group or pool.
    pub id: String,
    /// Its account.
    pub account_id: String,
    /// Its region.
    pub region: String,
    /// Its service, as the product code of the bill.
    pub service: String,
    /// Its workload; null when it has none.
    pub workload: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The Auto Scaling group that it is, or belongs to.
    pub group: Option<String>,
    /// The ids that a group's or pool's finding covers.
    pub members: Vec<String>,
}

/// A state before or after.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StateRow {
    /// In a few words.
    pub label: String,
    /// What the target's usage costs a month in that state, net where the export is.
    pub monthly_cost: Amount,
    /// Details by name.
    pub details: BTreeMap<String, Value>,
}

/// What a transaction of a workload costs before and after one recommendation.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UnitCostImpact {
    /// The workload; null for shared cost.
    pub workload: Option<String>,
    /// Before; null without transactions.
    pub before: Option<f64>,
    /// Before, less this recommendation's saving.
    pub after: Option<f64>,
}

/// A finding that lost to this one.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OverlapRow {
    /// Its id; that of the recommendation itself for another way to do the same.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// What it would have led to.
    pub change: String,
    /// What it would have saved a month instead, net.
    pub monthly_savings: Amount,
    /// Why it is not counted.
    pub why: String,
}

/// What became of a recommendation since the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Since {
    /// It was not in the baseline.
    New,
    /// It was, alike.
    Open,
    /// It was, with another saving or proposal.
    Changed,
}

/// One recommendation.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Recommendation {
    /// 16 hex digits, the same every night.
    pub id: String,
    /// From 1, by net monthly saving.
    pub rank: usize,
    /// The rule that found it.
    pub rule: String,
    /// The rule's module.
    pub module: Module,
    /// The order of doing.
    pub stage: Stage,
    /// The verb.
    pub action: String,
    /// The sentence.
    pub title: String,
    /// Whether it is shown without being summed.
    pub preview: bool,
    /// About what.
    pub resource: ResourceRow,
    /// Who owns it; null when nothing tells.
    pub owner: Option<String>,
    /// Today.
    pub current: StateRow,
    /// Afterwards.
    pub proposed: StateRow,
    /// Saving over the period, net, on the bill that the steps before left.
    pub period_savings: Amount,
    /// A month of 730 hours.
    pub monthly_savings: Amount,
    /// Twelve times that.
    pub annual_savings: Amount,
    /// The same a month before private discounts.
    pub monthly_savings_before_discounts: Amount,
    /// What it would save alone.
    pub standalone_monthly_savings: Amount,
    /// What has to be paid first.
    pub upfront_cost: Amount,
    /// Months until that is earned; null where nothing is paid.
    pub break_even_months: Option<f64>,
    /// Work.
    pub effort: Effort,
    /// Danger.
    pub risk: Risk,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// Whether the change restarts the resource.
    pub restart_needed: bool,
    /// Whether the change can be taken back.
    pub rollback_possible: bool,
    /// What was seen, and where.
    pub evidence: Vec<Evidence>,
    /// Findings on the same target that lost to it.
    pub overlaps: Vec<OverlapRow>,
    /// What it does to the cost of a transaction.
    pub unit_cost_impact: Vec<UnitCostImpact>,
    /// Only with a baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Since>,
}

/// A finding that is not recommended.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Rejected {
    /// Its id.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// The sentence.
    pub title: String,
    /// About what.
    pub resource: ResourceRow,
    /// What it would save a month alone, net.
    pub standalone_monthly_savings: Amount,
    /// Why it is not recommended.
    pub why: String,
    /// From when it would save, if that is known.
    pub from: Option<String>,
}

/// What one workload's transactions cost.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UnitCost {
    /// The workload; null for cost without one.
    pub workload: Option<String>,
    /// Transactions of the period; null when none are known.
    pub transactions: Option<f64>,
    /// Cost of the period without tax, credit and refund, net where the export is.
    pub cost: Amount,
    /// Tax, credit and refund of the period, beside the cost.
    pub tax_credit_refund: Amount,
    /// Cost of the hours with transactions / transactions.
    pub unit_cost: Option<f64>,
    /// The same after all recommendations.
    pub unit_cost_after: Option<f64>,
    /// The class of the trend.
    pub trend: Trend,
    /// How the change between two stretches of time came about; null when there are not two.
    pub effects: Option<Effects>,
    /// By day.
    pub series: Vec<UnitCostDay>,
}

/// A change of cost split into effects that add up to it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Effects {
    /// The earlier stretch.
    pub from: Stretch,
    /// The later stretch.
    pub to: Stretch,
    /// More or fewer transactions.
    pub volume: Amount,
    /// Higher or lower prices.
    pub rate: Amount,
    /// More or less usage a transaction.
    pub efficiency: Amount,
}

/// Cost and transactions of a stretch of time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Stretch {
    pub start: String,
    pub end: String,
    pub cost: Amount,
    pub transactions: f64,
}

/// One day of a workload.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct UnitCostDay {
    pub date: String,
    pub cost: Amount,
    pub transactions: Option<f64>,
    pub unit_cost: Option<f64>,
}

/// A rule that did not run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct SkippedRule {
    pub rule: String,
    pub reason: String,
}

/// What a baseline held and the report does not.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Resolved {
    pub id: String,
    pub rule: String,
    pub title: String,
    pub monthly_savings: Amount,
}

/// Sums in another currency, in that currency.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct OtherCurrency {
    pub currency: String,
    pub unblended_cost: Amount,
    pub effective_cost: Amount,
}

/// Series for charts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Detail {
    /// Cost by day over everything read, without tax, credit and refund.
    pub daily: Vec<DayCost>,
}

/// Cost of a day.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DayCost {
    pub date: String,
    pub cost: Amount,
}
