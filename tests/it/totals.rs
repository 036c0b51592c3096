//! Sums against DuckDB's, by SQL over the same files: equal to the cent, on every side.

use curtail::{
    config::{Config, Settings},
    facts::{Costs, Facts},
    report::Report,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

/// The project's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Python that has the peers.
pub(crate) fn python() -> PathBuf {
    let named = std::env::var_os("CURTAIL_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| root().join(".venv/bin/python"));
    assert!(python.is_file(), "there is no {}: run `make test`, which sets up .venv", python.display());
    python
}

/// What a script of `tests/python` prints.
pub(crate) fn script<I: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = I>) -> Vec<u8> {
    let script = root().join("tests/python").join(name);
    let done = Command::new(python()).arg("-B").arg(script).args(arguments).output().unwrap();
    assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

/// The settings that price everything that is read.
pub(crate) fn everything(export: &Path) -> Settings {
    Settings { exports: vec![export.display().to_string()], window: Some("all".into()), ..Settings::default() }
}

/// The facts of an export, everything priced.
pub(crate) fn facts(export: &Path) -> Facts {
    curtail::read(&Config::of(everything(export)).unwrap()).unwrap().facts
}

/// The facts of an export through the general reader, everything priced.
pub(crate) fn facts_read_generally(export: &Path) -> Facts {
    let settings = Settings { general_reader: true, ..everything(export) };
    curtail::read(&Config::of(settings).unwrap()).unwrap().facts
}

/// Unblended, effective, net effective, on-demand, usage.
type Sums = [f64; 5];
type Side = BTreeMap<String, Sums>;

#[derive(Deserialize)]
struct Sql {
    rows: u64,
    split_rows: u64,
    /// What the identity of effective and unblended cost adds and takes off.
    amortised: f64,
    total: Side,
    by_type: Side,
    by_service: Side,
    by_day: Side,
    by_resource: Side,
}

fn sql(glob: &str) -> Sql {
    serde_json::from_slice(&script("totals.py", [glob])).unwrap()
}

fn sums(costs: Costs) -> Sums {
    let money = [costs.unblended, costs.effective, costs.net, costs.on_demand].map(|money| money.to_f64());
    [money[0], money[1], money[2], money[3], costs.quantity.to_f64()]
}

fn side(cells: impl Iterator<Item = (String, Costs)>) -> Side {
    let mut side: BTreeMap<String, Costs> = BTreeMap::new();
    for (key, costs) in cells {
        *side.entry(key).or_default() += costs;
    }
    side.into_iter().map(|(key, costs)| (key, sums(costs))).collect()
}

/// Whether two sums are the same: to a billionth and, money, to the cent.
fn same(ours: f64, theirs: f64, money: bool) -> bool {
    let apart = (ours - theirs).abs();
    apart <= 1e-9 * theirs.abs().max(1.0) && (!money || apart < 0.005)
}

fn compare(what: &str, ours: &Side, theirs: &Side) {
    let keys = |side: &Side| side.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(ours), keys(theirs), "{what}: not the same keys");
    for (key, theirs) in theirs {
        for (at, (ours, theirs)) in ours[key].into_iter().zip(*theirs).enumerate() {
            assert!(same(ours, theirs, at < 4), "{what} {key}, sum {at}: {ours} here, {theirs} by SQL");
        }
    }
}

/// Compares every side of an export and returns its report.
fn agree(export: &Path, glob: &str) -> (Report, Sql) {
    let (facts, sql) = (facts(export), sql(glob));
    assert_eq!((facts.quality.lines, facts.quality.split_rows), (sql.rows, sql.split_rows));
    let cells = || facts.spend.iter().map(|spend| (spend, facts.class(spend.class)));
    assert!(cells().all(|(spend, _)| spend.priced), "the window is everything read");
    compare("in all", &side(cells().map(|(spend, _)| ("all".into(), spend.costs))), &sql.total);
    compare("type", &side(cells().map(|(spend, class)| (class.line_name.to_string(), spend.costs))), &sql.by_type);
    compare("service", &side(cells().map(|(spend, class)| (class.product.to_string(), spend.costs))), &sql.by_service);
    compare("day", &side(cells().map(|(spend, _)| (spend.day.to_string(), spend.costs))), &sql.by_day);
    compare("resource", &side(resources(&facts)), &sql.by_resource);

    let report = curtail::run(&Config::of(everything(export)).unwrap()).unwrap();
    let totals = &report.totals;
    let apart = |kind: &str| sql.by_type.get(kind).map_or(0.0, |sums| sums[2]);
    for (what, ours, theirs) in [
        ("unblended_cost", totals.unblended_cost, sql.total["all"][0]),
        ("effective_cost", totals.effective_cost, sql.total["all"][1]),
        ("net_effective_cost", totals.net_effective_cost, sql.total["all"][2]),
        ("on_demand_cost", totals.on_demand_cost, sql.total["all"][3]),
        ("tax", totals.tax, apart("Tax")),
        ("credit", totals.credit, apart("Credit")),
        ("refund", totals.refund, apart("Refund")),
    ] {
        assert!((ours.0 - theirs).abs() < 1e-6, "{what}: {} in the report, {theirs} by SQL", ours.0);
    }
    (report, sql)
}

fn resources(facts: &Facts) -> impl Iterator<Item = (String, Costs)> {
    facts.resources.iter().flat_map(|resource| {
        let key = format!("{} {}", resource.account, resource.id);
        facts.billed_of(resource).map(move |billed| (key.clone(), billed.costs))
    })
}

/// Effective cost is unblended cost with every upfront fee taken out and its part of the period put in.
fn identity(sql: &Sql) {
    let [unblended, effective, ..] = sql.total["all"];
    let apart = effective - (unblended + sql.amortised);
    assert!(apart.abs() < 0.005, "effective {effective}, unblended {unblended}, amortised {}", sql.amortised);
}

fn has_note(report: &Report, code: &str, words: &str) {
    let found = report.notes.iter().any(|note| note.code == code && note.message.contains(words));
    assert!(found, "no note {code} with `{words}` in {:#?}", report.notes);
}

/// CUR 2.0 with Savings Plans, reservations, private discounts and split cost allocation.
#[test]
fn the_company_fixture() {
    let export = root().join("fixtures/company/export");
    let (report, sql) = agree(&export, &format!("{}/data/**/*.parquet", export.display()));
    identity(&sql);
    assert!(sql.split_rows > 0 && sql.amortised > 100.0);
    for kind in ["SavingsPlanCoveredUsage", "SavingsPlanNegation", "DiscountedUsage", "RIFee", "EdpDiscount", "Tax"] {
        assert!(sql.by_type.contains_key(kind), "the fixture lacks {kind}");
    }
    has_note(&report, "split_cost_rows", &sql.split_rows.to_string());
    assert_eq!(report.inputs[0].dialect, "cur-2.0");
    assert_eq!(serde_json::to_value(report.discount_basis).unwrap(), "net");
}

/// A bill that AWS itself wrote, older than Savings Plans.
#[test]
fn a_real_bill_of_2018() {
    let export = root().join("../shared/data/cur-2018-10/part.snappy.parquet");
    if !export.is_file() {
        return skip("a_real_bill_of_2018", &export);
    }
    let (report, sql) = agree(&export, &export.display().to_string());
    identity(&sql);
    for (sum, said) in sql.total["all"].into_iter().zip([4064.4831, 4195.9571, 4195.9571, 4237.6817]) {
        assert!((sum - said).abs() < 0.0001, "{sum}, known as {said}");
    }
    has_note(&report, "column_missing", "savings_plan_total_commitment_to_date");
    assert_eq!(report.inputs[0].dialect, "cur-legacy");
    assert_eq!(serde_json::to_value(report.discount_basis).unwrap(), "gross");
    assert!(report.period.complete && report.period.hours == 744, "{:?}", report.period);
    let model = report.reconciliation.unwrap();
    assert!(model.error_percent.unwrap().abs() < 0.5, "{:?}", model.error_percent);
    let used: Vec<_> = model.by_group.iter().filter(|group| group.billed.0 > 0.0).collect();
    assert_eq!((model.by_group.len(), model.by_commitment.len(), used.len()), (6, 9, 5));
    for group in used {
        assert!(group.error_percent.unwrap().abs() < 2.0, "{group:?}");
    }
    let unused = model.by_group.iter().filter(|group| group.billed.0 == 0.0);
    assert!(unused.clone().all(|group| group.repriced.0 == 0.0), "c4 was never used");
}

#[expect(clippy::print_stderr, reason = "a test that did nothing has to say so")]
pub(crate) fn skip(test: &str, missing: &Path) {
    eprintln!("{test}: skipped, {} is not here", missing.display());
}

/// An export that another project's generator made up, its columns all text and typed.
#[test]
fn an_export_of_koku_nise() {
    let folder = tempfile::tempdir().unwrap();
    script("nise.py", [folder.path()]);
    let mut reports = Vec::new();
    for kind in ["text", "typed"] {
        let export = folder.path().join(kind);
        let (report, sql) = agree(&export, &format!("{}/*.parquet", export.display()));
        assert!(sql.by_type["SavingsPlanCoveredUsage"][1] < sql.by_type["SavingsPlanCoveredUsage"][0]);
        assert_eq!(report.inputs[0].dialect, "cur-legacy");
        has_note(&report, "period_not_final", "2026-09");
        reports.push(serde_json::to_value(&report.totals).unwrap());
    }
    assert_eq!(reports[0], reports[1], "typed columns change nothing");
}

/// Every type of line, the rare ones too, with amounts drawn at random and many nulls.
#[test]
fn lines_of_every_type_with_random_amounts() {
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("part.parquet");
    let glob = root().join("fixtures/company/export/data/**/*.parquet");
    script("scramble.py", [&glob, &part]);
    let (report, sql) = agree(&part, &part.display().to_string());
    assert_eq!(sql.by_type.len(), 19);
    has_note(&report, "unknown_line_type", "MadeUp");
    has_note(&report, "negative_usage", "");
}
