//! Every remark on the input that a user can see: its code, its severity and its words, in one place.

use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// How much a remark matters. An `error` makes the exit status 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Part of the answer is missing or doubtful: exit status 2.
    Error,
    /// Worth a look; the figures stand.
    Warning,
    /// Says how something was read.
    Info,
}

/// A remark, ready for the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Note {
    /// How much it matters.
    pub severity: Severity,
    /// A stable name for machines.
    pub code: &'static str,
    /// The sentence for people.
    pub message: String,
    /// The file, rule or setting it is about.
    pub source: Option<String>,
}

/// Declares every remark once: the variant, its severity, its code and its sentence.
macro_rules! remarks {
    ($( $(#[$doc:meta])* $variant:ident { $($field:ident : $type:ty),* } $severity:ident $code:literal => $words:literal; )*) => {
        /// What can be remarked on.
        #[derive(Debug, Clone)]
        #[expect(missing_docs, reason = "each variant's sentence and fields stand in the table below")]
        pub enum Remark { $( $(#[$doc])* $variant { $($field: $type),* }, )* }

        impl Remark {
            /// The code of every remark, in the order of declaration.
            pub const CODES: &'static [&'static str] = &[$($code),*];

            fn code(&self) -> &'static str {
                match self { $( Self::$variant { .. } => $code, )* }
            }

            fn severity(&self) -> Severity {
                match self { $( Self::$variant { .. } => Severity::$severity, )* }
            }
        }

        impl fmt::Display for Remark {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $( Self::$variant { $($field),* } => write!(out, $words), )* }
            }
        }
    };
}

remarks! {
    // The export as a set of files.
    ManifestUnmatched { folder: String } Warning "manifest_unmatched" =>
        "no manifest names a part file of {folder}; all that lie there are read";
    DuplicatedPart { other: String } Error "duplicated_part" =>
        "has the same content as {other}; its costs are counted twice";
    Manifest { files: usize, others: usize } Info "manifest_followed" =>
        "the manifest names {files} part file(s); {others} other file(s) in the folder are left out";
    SeveralAssemblies { period: String, taken: String, left: String } Info "latest_assembly" =>
        "billing period {period} was delivered more than once; read: {taken}; left out: {left}";
    PeriodAbsent { period: String } Warning "period_absent" =>
        "has no part file of billing period {period}: what it would hold is in no sum";
    OtherFormat { files: usize } Warning "other_format" =>
        "{files} CSV file(s) beside Parquet files of the same billing period are not read";
    BadManifest { error: String } Warning "bad_manifest" => "passed over: {error}";
    DuplicatedPeriod { period: String, account: String, folders: String } Error "duplicated_period" =>
        "account {account} has lines of billing period {period} in several folders ({folders}); costs are likely counted twice";
    ColumnMissing { columns: String, effect: String } Info "column_missing" =>
        "the export has no {columns}: {effect}";
    SchemaDiffers { columns: String } Warning "schema_differs" =>
        "the parts do not have the same columns; only some have {columns}";
    ForeignColumns { columns: String } Info "foreign_columns" =>
        "{columns}: no column of FOCUS, nor marked as the provider's own (x_); not read";
    OtherProviders { providers: String, lines: u64 } Info "other_providers" =>
        "{lines} line(s) of {providers} are in totals, unit costs and data quality; rules know AWS alone";
    PlainFocus { lines: u64 } Warning "focus_without_usage_type" =>
        "{lines} usage line(s) of AWS tell no product code or usage type (x_ServiceCode; x_UsageType or SkuMeter): rules that have to know what was used find nothing in them";
    NoEffectiveCost { lines: u64, cost: String, providers: String } Warning "no_effective_cost" =>
        "{lines} usage line(s) of {providers} were billed {cost} and state an effective cost of nothing: effective cost and unit costs are too low by it";
    NetInSomeParts { } Warning "net_in_some_parts" =>
        "only some parts have net cost columns; lines of the others count at their gross cost";

    // Lines.
    UnknownLineType { name: String, lines: u64, cost: String } Warning "unknown_line_type" =>
        "line-item type `{name}` is unknown ({lines} line(s)); it counts at its unblended cost, {cost}";
    SplitCostRows { lines: u64 } Info "split_cost_rows" =>
        "{lines} split cost allocation row(s) of EKS or ECS repeat cost of their instances; they are left out of every sum";
    NegativeUsage { lines: u64, example: String } Warning "negative_usage" =>
        "{lines} usage line(s) have a negative amount of usage (first: {example}); their cost counts as it stands";
    CapacityReservationRows { lines: u64 } Info "capacity_reservation_rows" =>
        "{lines} capacity reservation row(s): reserved hours are not added to used and unused ones";
    HostReservation { lines: u64 } Warning "host_reservation" =>
        "{lines} line(s) of dedicated host reservations lack their amortised upfront fee; effective cost is understated by it";
    NoAccount { lines: u64 } Warning "no_account" => "{lines} line(s) name no account";
    OutsidePeriod { lines: u64, cost: String } Warning "usage_outside_billing_period" =>
        "{lines} line(s), {cost} in all, lie outside the billing period that lists them";
    DiscountsWithoutNet { } Warning "discounts_without_net" =>
        "the bill has discount lines but no net columns: savings are before discounts, so they are too high by the discount";
    NoCost { lines: u64 } Warning "no_cost" => "{lines} line(s) have no unblended cost; they count as nothing";
    NotFinal { period: String } Warning "period_not_final" =>
        "billing period {period} has no invoice yet; AWS may still restate it";
    NotFinalUnknown { } Info "finality_unknown" => "the export has no invoice column; whether a month is final cannot be told";
    OpenCommitments { } Info "open_period_commitments" =>
        "the period is still open: unused reservation fees in it hold hours to come";

    // Time.
    MissingHours { count: usize, first: String } Warning "missing_hours" =>
        "{count} hour(s) of the priced period have no line at all (first: {first})";
    MissingDays { count: usize, first: String } Warning "missing_days" =>
        "{count} day(s) of the priced period have no line at all (first: {first})";
    IncompleteMonth { month: String, period: String } Info "incomplete_month" =>
        "{month} is not complete; priced instead: {period}";
    Window { period: String } Info "window" => "several months were read; the one that is priced is {period}";
    WindowCut { asked: String, period: String } Warning "window_cut" =>
        "of the window {asked} only {period} was read, which is priced";
    ShortPeriod { hours: i64 } Warning "short_period" =>
        "the priced period has only {hours} hours: nothing is called unused, and figures a month are extrapolated from it";
    Granularity { granularity: String } Info "granularity" =>
        "the export is {granularity}: hours inside a line are taken as equal";
    MixedGranularity { } Warning "mixed_granularity" => "the export mixes hourly, daily or monthly usage lines";

    // Shares.
    NoResourceId { percent: f64, cost: String } Info "without_resource_id" =>
        "{percent:.1} % of usage cost ({cost}) has no resource id; no rule can point at it";
    NoResourceColumn { } Warning "no_resource_ids" =>
        "the export has no resource ids (line_item_resource_id): rules about single resources find nothing";
    Untagged { key: String, percent: f64, cost: String } Info "untagged" =>
        "{percent:.1} % of cost ({cost}) has no `{key}`; it is shown as its own row";
    CurrencyMix { currencies: String, shown: String } Error "currency_mix" =>
        "the bill mixes currencies ({currencies}); shown here: {shown}; `recommend` needs --currency";
    CurrencyChosen { currency: String, others: String } Info "currency_chosen" =>
        "only lines in {currency} are priced; listed apart: {others}";

    // Transactions and workloads.
    WorkloadKey { key: String, matched: usize, of: usize } Info "workload_key" =>
        "workloads are told by {key}, whose values match {matched} of {of} workload(s) of the transactions";
    NoOwnerKey { keys: String } Info "no_owner_key" =>
        "no tag of the export is one of {keys}: recommendations have no owner; name a key with --owner";
    NoWorkloadKey { } Warning "no_workload_key" =>
        "no tag, account or cost category has values that match the workloads of the transactions; name one with --workload";
    LabelUnknown { key: String } Warning "label_unknown" => "no line of the export has a value for {key}";
    UnknownWorkload { name: String } Warning "unknown_workload" =>
        "workload `{name}` of the transactions has no cost in the export";
    UnsortedTransactions { rows: usize } Warning "transactions_out_of_order" =>
        "{rows} row(s) of the transactions are out of order; they count all the same";
    TransactionGap { workload: String, hours: usize } Warning "transactions_gap" =>
        "workload `{workload}` has no transactions for {hours} hour(s) of the period; they count as unknown, not as none";
    TransactionCover { percent: f64 } Info "transactions_cover" => "transactions cover {percent:.1} % of the period's hours";
    TransactionsDaily { } Info "transactions_daily" => "the transactions are daily";

    // Two stretches of time.
    UnequalStretches { before: i64, after: i64 } Info "unequal_stretches" =>
        "the two stretches have {before} and {after} days: costs are as billed, not a day's";
    StretchGap { stretch: String, days: usize } Warning "stretch_gap" => "{days} day(s) of {stretch} have no line at all";

    // Inventory and metrics.
    BadInventoryFile { error: String } Error "bad_inventory_file" => "skipped: {error}";
    UnknownInventoryFile { hint: String } Warning "unknown_inventory_file" => "not read: no rule knows this file{hint}";
    InventoryScopeUnknown { } Warning "inventory_scope_unknown" =>
        "some inventory files are not in an <account>/<region> folder: they are joined by id, and nothing is concluded from what they lack";
    DuplicateInventory { id: String } Warning "inventory_duplicate" => "`{id}` is listed twice with different contents; the last one counts";
    CollectIncomplete { } Warning "collect_incomplete" =>
        "the collection did not end, or not everything could be fetched: nothing is concluded from what is missing; run `curtail collect` again";
    CollectDenied { what: String } Warning "collect_denied" =>
        "permissions were missing for {what}: rules that need it find less";
    BadMetrics { error: String } Error "bad_metrics_file" => "skipped: {error}";

    // Rules and reports.
    SettingsFile { file: String } Info "settings_file" => "settings were read from {file}";
    FiguresReplaced { names: String } Info "figures_replaced" => "figures replaced by the settings: {names}";
    RuleOverridden { rule: String } Info "rule_overridden" => "the text and figures of rule `{rule}` are the ones given with --rules";
    CoveredHours { findings: usize } Info "covered_hours" =>
        "{findings} finding(s) touch hours that a reservation or a Savings Plan pays for: the commitment is paid on, and saves what it covers instead, if anything";
    GoneAlready { findings: usize, hours: i32 } Info "gone_already" =>
        "{findings} finding(s) are left out because what they are about is gone: not billed in the last {hours} hours of the period, or not in the inventory any more";
    RepricingError { percent: f64, limit: f64 } Warning "repricing_error" =>
        "the model prices the bill {percent:.2} % away from what was billed, more than {limit:.2} %: savings may be off by as much (see `reconciliation`)";
    ExplorerDiffers { what: &'static str, month: String, theirs: f64, ours: f64 } Warning "cost_explorer_differs" =>
        "{what} in {month}: {theirs:.1} % by Cost Explorer, {ours:.1} % by this bill: it may lack accounts, or was changed since";
    CoarseHours { granularity: &'static str } Info "coarse_hours" =>
        "the export is {granularity}: usage is taken to be the same in every hour of a line, so commitments may be priced as better used than they were";
    UnplacedCommitments { count: usize } Info "unplaced_commitments" =>
        "{count} commitment(s) do not tell what they offer (no fee lines): what they cover is taken as given, hour by hour";
    FewWeeks { weeks: usize, least: usize } Info "few_weeks" =>
        "{weeks} whole week(s) of usage were read, fewer than {least}: purchases are split by the lowest of them, without a range of outcomes";
    ForeignCurrency { currency: String } Warning "absolute_prices_unused" =>
        "the bill is in {currency}: embedded absolute prices, which are in USD, are not used";
    UnmatchedProtect { pattern: String } Warning "protect_unmatched" => "no resource matches --protect {pattern}";
    SuppressionExpired { name: String, until: String } Warning "suppression_expired" =>
        "the suppression of {name} ended on {until}; what it hid is shown again";
    SuppressionUnmatched { name: String } Warning "suppression_unmatched" => "the suppression of {name} matches no finding";
    AdviserDiffers { count: usize, example: String } Warning "adviser_differs" =>
        "{count} recommendation(s) remove what Compute Optimizer knows and does not call idle (first: {example}): look twice";
    AdviserAlone { count: usize, example: String } Info "adviser_alone" =>
        "AWS's advisers call {count} billed resource(s) idle that no rule reports (first: {example}): the figures here do not show it";
    NothingFound { } Info "nothing_found" => "no rule found anything";
}

impl Remark {
    /// The note for the report.
    #[must_use]
    pub fn note(&self, source: Option<&str>) -> Note {
        Note {
            severity: self.severity(),
            code: self.code(),
            message: self.to_string().replace("\n  ", "; "),
            source: source.map(str::to_owned),
        }
    }
}

/// Notes as they are gathered; sorted and free of duplicates at the end.
#[derive(Debug, Clone, Default)]
pub struct Notes(Vec<Note>);

impl Notes {
    /// Adds a remark about nothing in particular.
    pub fn add(&mut self, remark: Remark) {
        self.0.push(remark.note(None));
    }

    /// Adds a remark about a file, a rule or a setting.
    pub fn about(&mut self, source: impl fmt::Display, remark: Remark) {
        self.0.push(remark.note(Some(&source.to_string())));
    }

    /// Changes how files are named in the notes since some earlier moment, when there were `from` of them.
    pub fn rename(&mut self, from: usize, name: impl Fn(&str) -> String) {
        for note in self.0.iter_mut().skip(from) {
            note.message = name(&note.message);
            note.source = note.source.as_deref().map(&name);
        }
    }

    /// How many there are so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Adds all notes of another gathering.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The notes by severity, code, source and words, each once.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Note> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut codes = Remark::CODES.to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Remark::CODES.len());
    }

    #[test]
    fn notes_come_sorted_and_once() {
        let mut notes = Notes::default();
        notes.add(Remark::NothingFound {});
        notes.about("a.json", Remark::BadInventoryFile { error: "x".into() });
        notes.add(Remark::NothingFound {});
        let codes: Vec<_> = notes.sorted().iter().map(|note| note.code).collect();
        assert_eq!(codes, ["bad_inventory_file", "nothing_found"]);
    }
}
