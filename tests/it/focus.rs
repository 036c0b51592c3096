//! FOCUS exports of every version and provider: sums against DuckDB's, what rules find, and bills of several providers.

use crate::totals::{everything, facts, facts_read_generally, root, script, skip};
use curtail::{
    config::{Config, Settings},
    facts::{Class, Costs, Facts},
    report::Report,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

/// Billed, effective, at list prices.
type Side = BTreeMap<String, [f64; 3]>;

#[derive(Deserialize)]
struct Sql {
    rows: u64,
    total: Side,
    provider: Side,
    service: Side,
    day: Side,
}

/// Compares one side of the facts with that of SQL.
fn compare(what: &str, facts: &Facts, key: impl Fn(&Class, &str) -> String, theirs: &Side) {
    let mut ours: BTreeMap<String, Costs> = BTreeMap::new();
    for spend in facts.spend.iter() {
        let day = spend.day.to_string();
        *ours.entry(key(facts.class(spend.class), &day)).or_default() += spend.costs;
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{what}");
    for (name, costs) in ours {
        let sums = [costs.unblended, costs.effective, costs.on_demand].map(|money| money.to_f64());
        for (ours, theirs) in sums.iter().zip(theirs[&name]) {
            assert!((ours - theirs).abs() < 1e-6, "{what} {name}: {ours} here, {theirs} by SQL");
        }
    }
}

/// Compares an export with SQL over the same file, read in both ways.
fn agree(export: &Path) -> Facts {
    let sql: Sql = serde_json::from_slice(&script("focus.py", [OsStr::new("sums"), export.as_os_str()])).unwrap();
    let facts = facts(export);
    assert_eq!(facts.quality.lines, sql.rows);
    compare("in all", &facts, |_, _| "all".into(), &sql.total);
    compare("provider", &facts, |class, _| class.provider.to_string(), &sql.provider);
    compare("service", &facts, |class, _| class.product.to_string(), &sql.service);
    compare("day", &facts, |_, day| day.to_owned(), &sql.day);
    assert_eq!(format!("{facts:?}"), format!("{:?}", facts_read_generally(export)), "read generally");
    facts
}

fn report(settings: Settings) -> Report {
    curtail::run(&Config::of(settings).unwrap()).unwrap()
}

fn note<'a>(report: &'a Report, code: &str) -> Option<&'a str> {
    report.notes.iter().find(|note| note.code == code).map(|note| note.message.as_str())
}

fn sample() -> PathBuf {
    root().join("../shared/data/focus-1.0/focus_sample.csv")
}

/// The company's export as FOCUS in all versions, in one folder each.
fn company() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let glob = root().join("fixtures/company/export/data/**/*.parquet");
    script("focus.py", [OsStr::new("write"), glob.as_os_str(), folder.path().as_os_str()]);
    folder
}

/// The FinOps Foundation's own sample: text `NULL`, JSON tags, a misnamed column, rows of three providers.
#[test]
fn the_sample_of_the_foundation() {
    let sample = sample();
    if !sample.is_file() {
        return skip("the_sample_of_the_foundation", &sample);
    }
    let facts = agree(&sample);
    assert!(facts.resources.iter().any(|resource| resource.tag("business_unit") == Some("JakartaSRE")));
    assert!(facts.resources.iter().all(|resource| &*resource.id != "NULL" && !resource.account.is_empty()));
    let report = report(everything(&sample));
    assert_eq!((report.inputs[0].dialect.as_str(), report.inputs[0].rows), ("focus-1.0", 1000));
    let others = note(&report, "other_providers").unwrap();
    assert!(others.starts_with("58 line(s) of Microsoft, Oracle"), "{others}");
    assert!(note(&report, "no_effective_cost").unwrap().contains("Oracle"));
    assert!(note(&report, "focus_without_usage_type").is_some());
    assert!(note(&report, "foreign_columns").unwrap().starts_with("Id:"));
    assert!(report.recommendations.is_empty());
}

/// Every version as Parquet is the same bill, and so is CSV with `NULL` and JSON tags.
#[test]
fn versions_and_formats_are_one_bill() {
    let folder = company();
    let base = agree(&folder.path().join("focus-1.0.parquet"));
    assert!(base.commitments.iter().any(|commitment| commitment.plan && !commitment.used.net.is_zero()));
    assert!(base.commitments.iter().any(|commitment| !commitment.plan && !commitment.unused.net.is_zero()));
    let plain = |facts: &Facts| {
        let facts = Facts { quality: Default::default(), ..facts.clone() };
        format!("{facts:?}")
    };
    for name in ["focus-1.1.parquet", "focus-1.2.parquet", "focus-1.3.parquet", "focus-1.0.csv.gz"] {
        let facts = agree(&folder.path().join(name));
        assert!(plain(&facts) == plain(&base), "{name} differs from focus-1.0.parquet");
    }
}

/// What the CUR of a month says, FOCUS of the month says too: cost, what rules find, and a model that adds up.
#[test]
fn rules_run_on_focus_of_aws() {
    let folder = company();
    let dress = |export: PathBuf| Settings {
        inventory: vec![root().join("fixtures/company/inventory")],
        transactions: Some(root().join("fixtures/company/transactions.csv")),
        ..everything(&export)
    };
    let cur = report(dress(root().join("fixtures/company/export")));
    let focus = report(dress(folder.path().join("focus-1.0.parquet")));
    let near = |a: f64, b: f64| (a - b).abs() < 1e-4 * b.abs().max(1.0);
    assert!(
        near(focus.totals.net_effective_cost.0, cur.totals.net_effective_cost.0),
        "{:?} {:?}",
        focus.totals,
        cur.totals
    );
    let error = focus.reconciliation.as_ref().and_then(|model| model.error_percent).unwrap();
    assert!(error.abs() < 0.5, "the model is {error} % off");
    let found = |report: &Report| {
        let mut of: BTreeMap<String, usize> = BTreeMap::new();
        report.recommendations.iter().for_each(|row| *of.entry(row.rule.to_string()).or_default() += 1);
        of
    };
    let (ours, theirs) = (found(&focus), found(&cur));
    for rule in ["idle_nat_gateway", "idle_load_balancer", "ebs_gp3", "graviton_ec2"] {
        assert_eq!(ours.get(rule), theirs.get(rule), "{rule}: {ours:?} in FOCUS, {theirs:?} in the CUR");
    }
    assert_eq!(focus.unit_costs.len(), cur.unit_costs.len());
}

/// A CUR and FOCUS of another provider are one report; the same month of AWS in both is refused.
#[test]
fn several_providers_are_one_bill_and_no_month_counts_twice() {
    let folder = company();
    let cur = root().join("fixtures/company/export");
    let azure = folder.path().join("azure");
    fs::create_dir(&azure).unwrap();
    let rows = "BilledCost,EffectiveCost,ListCost,BillingAccountId,SubAccountId,BillingCurrency,ChargeCategory,ChargeClass,\
        ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,ProviderName,ServiceName,SkuId,ConsumedQuantity,ConsumedUnit,ResourceId,Tags\n\
        10.5,9.25,12,/billing/1,/subscriptions/1,USD,Usage,,2026-09-03T00:00:00Z,2026-09-04T00:00:00Z,2026-09-01T00:00:00Z,\
        Microsoft,Virtual Machines,B-1,24,Hours,/vm/1,\"{\"\"team\"\": \"\"shop\"\"}\"\n\
        -1,-1,0,/billing/1,,USD,Credit,,2026-09-03T00:00:00Z,2026-09-04T00:00:00Z,2026-09-01T00:00:00Z,Microsoft,,,,,,\n";
    fs::write(azure.join("part.csv"), rows).unwrap();
    let both = |second: &Path| Settings {
        exports: vec![cur.display().to_string(), second.display().to_string()],
        ..everything(&cur)
    };
    let (alone, mixed) = (report(everything(&cur)), report(both(&azure)));
    assert!((mixed.totals.unblended_cost.0 - alone.totals.unblended_cost.0 - 9.5).abs() < 1e-6);
    assert!((mixed.totals.net_effective_cost.0 - alone.totals.net_effective_cost.0 - 8.25).abs() < 1e-6);
    assert!((mixed.totals.credit.0 - alone.totals.credit.0 + 1.0).abs() < 1e-6);
    assert!(note(&mixed, "other_providers").unwrap().starts_with("2 line(s) of Microsoft"));
    let dialects: Vec<&str> = mixed.inputs.iter().map(|input| input.dialect.as_str()).collect();
    assert!(dialects.contains(&"cur-2.0") && dialects.contains(&"focus-1.0"), "{dialects:?}");
    let services: Vec<&str> = mixed.summary.by_service.iter().map(|row| row.name.as_deref().unwrap_or("")).collect();
    assert!(services.contains(&"Virtual Machines"), "{services:?}");
    let providers: Vec<&str> = mixed.summary.by_provider.iter().map(|row| row.name.as_deref().unwrap_or("")).collect();
    assert_eq!(providers, ["AWS", "Microsoft"]);
    let ran = |export: &Path| report(everything(export)).skipped_rules;
    let all = ran(&azure);
    assert!(all.len() >= 30 && all.iter().all(|rule| rule.reason.contains("usage of AWS")), "{all:?}");
    let ids = |report: &Report| report.recommendations.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&mixed), ids(&alone));

    let twice = both(&folder.path().join("focus-1.0.parquet"));
    let error = curtail::run(&Config::of(twice).unwrap()).err().unwrap().to_string();
    assert!(error.contains("billing period 2026-09") && error.contains("cur-2.0 in "), "{error}");
    assert!(error.contains("focus-1.0 in ") && error.contains("counted twice"), "{error}");
}

/// A month of an idle NAT gateway by the hour, of a provider or of nobody, and rows of other providers on the first of the month.
fn gateway(folder: &Path, provider: &str, others: &[&str]) {
    let mut text = String::from(
        "BilledCost,EffectiveCost,ListCost,BillingAccountId,SubAccountId,BillingCurrency,ChargeCategory,ChargePeriodStart,\
        ChargePeriodEnd,BillingPeriodStart,ProviderName,ServiceName,x_ServiceCode,x_UsageType,x_Operation,ConsumedQuantity,\
        ConsumedUnit,RegionId,ResourceId,CommitmentDiscountId,CommitmentDiscountStatus,CommitmentDiscountCategory\n",
    );
    let mut row = |provider: &str, hour: i32, rest: &str, id: &str| {
        let [start, end] = [hour, hour + 1].map(|hour| curtail::time::Hour(hour).rfc3339());
        let start_of_all = "2026-09-01T00:00:00Z";
        text += &format!("{rest},1,1,USD,Usage,{start},{end},{start_of_all},{provider}");
        text += ",Amazon Elastic Compute Cloud,AmazonEC2,NatGateway-Hours,NatGateway,1,Hrs,us-east-1,";
        text += &format!("{id},,,\n");
    };
    let first = i32::try_from(crate::cur::SEPTEMBER).unwrap();
    (first..first + 720).for_each(|hour| row(provider, hour, "0.045,0.045,0.045", "nat-1"));
    others.iter().for_each(|other| row(other, first, "0,0,0", ""));
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("part.csv"), text).unwrap();
}

/// A row without a provider is of the one that the others of its export name; else no rule touches it.
#[test]
fn a_row_without_a_provider_is_of_the_only_one_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let of = |provider: &str, others: &[&str]| {
        let export = folder.path().join("export");
        gateway(&export, provider, others);
        let other = folder.path().join("other");
        gateway(&other, "Microsoft", &[]);
        let both = vec![export.display().to_string(), other.display().to_string()];
        let report = report(Settings { exports: both, ..everything(&export) });
        // 720 x 0.045, in both exports.
        assert!((report.totals.unblended_cost.0 - 64.8).abs() < 1e-9);
        let names = report.summary.by_provider.iter().map(|row| row.name.clone().unwrap_or_default());
        let found: Vec<String> = report.recommendations.iter().map(|row| row.rule.to_string()).collect();
        (names.collect::<Vec<_>>(), found, note(&report, "other_providers").unwrap_or_default().to_owned())
    };
    let (named, found, _) = of("AWS", &[]);
    assert_eq!((named, found), (vec!["AWS".into(), "Microsoft".into()], vec!["idle_nat_gateway".to_owned()]));
    let (named, found, said) = of("", &["AWS"]);
    assert_eq!((named, found), (vec!["AWS".into(), "Microsoft".into()], vec!["idle_nat_gateway".to_owned()]));
    assert!(said.starts_with("720 line(s) of Microsoft are"), "{said}");
    for (provider, others) in [("", &[] as &[&str]), ("NULL", &["AWS", "Oracle"])] {
        let (named, found, said) = of(provider, others);
        assert!(named.contains(&"unknown provider".to_owned()), "{named:?}");
        assert!(found.is_empty() && said.contains("unknown provider"), "{found:?} {said}");
    }
    // One that all name is nobody else's, whatever it is.
    let (named, found, _) = of("", &["Oracle"]);
    assert_eq!((named, found), (vec!["Microsoft".into(), "Oracle".to_owned()], Vec::new()));
}
