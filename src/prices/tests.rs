//! Sources in their order, each with a hand-worked figure.

use super::*;
use crate::{
    note::Notes,
    sku::{Texts, What},
};

const COMPUTE: Offer = Offer { instrument: Instrument::Compute, term: Term::OneYear, payment: Payment::NoUpfront };
const RESERVED: Offer = Offer { instrument: Instrument::Reserved, ..COMPUTE };

fn prices(files: &[(&str, &str)], seen: Seen) -> Prices {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut notes = Notes::default();
    let inventory = Inventory::load(&[dir.path().to_owned()], &mut notes).unwrap();
    let bad: Vec<_> = notes.sorted().into_iter().filter(|note| note.code == "bad_inventory_file").collect();
    assert!(bad.is_empty(), "{bad:?}");
    Prices::gather(seen, &inventory).unwrap()
}

/// Usage of `product`, as the bill names it.
struct Used(&'static str, &'static str, &'static str, What, Option<f64>);

fn used(product: &'static str, usage_type: &'static str, operation: &'static str, on_demand: Option<f64>) -> Used {
    let what = What::of(Texts { product, usage_type, operation, instance_type: "", engine: "" });
    Used(product, usage_type, operation, what, on_demand)
}

impl Used {
    fn subject(&self) -> Subject<'_> {
        let Self(product, usage_type, operation, what, on_demand) = self;
        Subject { region: "us-east-1", product, usage_type, operation, what, on_demand: *on_demand }
    }
}

fn m5() -> Used {
    used("AmazonEC2", "BoxUsage:m5.large", "RunInstances", Some(0.096))
}

fn close(rate: Option<Rate>, discount: f64, confidence: f64) {
    let rate = rate.unwrap();
    assert!((rate.discount - discount).abs() < 1e-9, "{rate:?}");
    assert!((rate.confidence - confidence).abs() < 1e-9, "{rate:?}");
}

#[test]
fn the_export_comes_before_files_and_files_before_estimates() {
    let rates = r#"{"searchResults": [{"savingsPlanOffering": {"offeringId": "o", "paymentOption": "No Upfront",
        "planType": "Compute", "durationSeconds": 31536000, "currency": "USD"}, "rate": "0.0720000000", "unit": "Hrs",
        "productType": "EC2", "serviceCode": "AmazonEC2", "usageType": "BoxUsage:m5.large", "operation": "RunInstances",
        "properties": [{"name": "region", "value": "us-east-1"}]}]}"#;
    let file = ("savingsplans-describe-savings-plans-offering-rates-us-east-1.json", rates);
    close(prices(&[], Seen::default()).rate(COMPUTE, m5().subject()), 0.27, 0.5);
    let from_file = prices(&[file], Seen::default()).rate(COMPUTE, m5().subject());
    assert_eq!(
        from_file.as_ref().map(|rate| rate.source.to_string()).as_deref(),
        Some("savingsplans-describe-savings-plans-offering-rates")
    );
    close(from_file, 0.25, 1.0);
    let mut seen = Seen::default();
    seen.add(COMPUTE, m5().subject(), 0.28, 0);
    let from_export = prices(&[file], seen).rate(COMPUTE, m5().subject());
    assert_eq!(from_export.as_ref().map(|rate| rate.source.clone()), Some(Source::Export));
    close(from_export, 0.28, 1.0);
}

#[test]
fn the_newest_commitment_tells_and_its_family_follows() {
    let mut seen = Seen::default();
    seen.add(COMPUTE, m5().subject(), 0.28, 10);
    seen.add(COMPUTE, m5().subject(), 0.27, 20);
    seen.add(COMPUTE, m5().subject(), 0.26, 20);
    seen.add(COMPUTE, m5().subject(), 0.3, 15);
    seen.add(COMPUTE, m5().subject(), f64::NAN, 30);
    let prices = prices(&[], seen);
    close(prices.rate(COMPUTE, m5().subject()), 0.26, 1.0);
    let larger = used("AmazonEC2", "BoxUsage:m5.4xlarge", "RunInstances", None);
    let kin = prices.rate(COMPUTE, larger.subject());
    assert_eq!(kin.as_ref().map(|rate| rate.source.clone()), Some(Source::ExportKin));
    close(kin, 0.26, 0.95);
    let windows = used("AmazonEC2", "BoxUsage:m5.large", "RunInstances:0002", Some(0.188));
    assert!(matches!(prices.rate(COMPUTE, windows.subject()).unwrap().source, Source::Estimate(_)));
}

#[test]
fn offers_of_reservations_are_scaled_by_units() {
    let offers = r#"{"ReservedInstancesOfferings": [
        {"ReservedInstancesOfferingId": "a", "InstanceType": "m5.large", "ProductDescription": "Linux/UNIX",
         "InstanceTenancy": "default", "OfferingClass": "standard", "OfferingType": "Partial Upfront", "Duration": 31536000,
         "FixedPrice": 263.0, "UsagePrice": 0.0, "CurrencyCode": "USD", "Marketplace": false,
         "RecurringCharges": [{"Amount": 0.03, "Frequency": "Hourly"}]},
        {"ReservedInstancesOfferingId": "b", "InstanceType": "m5.large", "ProductDescription": "Linux/UNIX",
         "OfferingClass": "standard", "OfferingType": "Partial Upfront", "Duration": 8640000, "FixedPrice": 1.0,
         "Marketplace": true}]}"#;
    let prices =
        prices(&[("111122223333/us-east-1/ec2-describe-reserved-instances-offerings.json", offers)], Seen::default());
    let partial = Offer { payment: Payment::PartialUpfront, ..RESERVED };
    let effective = 263.0 / 8760.0 + 0.03;
    close(prices.rate(partial, m5().subject()), 1.0 - effective / 0.096, 1.0);
    let upfront = prices.rate(partial, m5().subject()).unwrap().upfront;
    assert!((upfront - 263.0 / 8760.0 / effective).abs() < 1e-9);
    let larger = used("AmazonEC2", "BoxUsage:m5.2xlarge", "RunInstances", Some(0.384));
    close(prices.rate(partial, larger.subject()), 1.0 - effective * 4.0 / 0.384, 1.0);
    let ireland = used("AmazonEC2", "EU-BoxUsage:m5.large", "RunInstances", Some(0.107));
    let elsewhere = Subject { region: "eu-west-1", ..ireland.subject() };
    assert!(matches!(prices.rate(partial, elsewhere).unwrap().source, Source::Estimate(_)), "another region's offer");
}

#[test]
fn every_services_offers_are_read() {
    let home = |name: &str| format!("111122223333/us-east-1/{name}.json");
    let recurring = r#""Duration": 31536000, "FixedPrice": 0.0, "UsagePrice": 0.0,
        "RecurringCharges": [{"RecurringChargeAmount": 0.06, "RecurringChargeFrequency": "Hourly"}]"#;
    let files = [
        (
            home("rds-describe-reserved-db-instances-offerings"),
            format!(
                r#"{{"ReservedDBInstancesOfferings": [{{
            "ReservedDBInstancesOfferingId": "r", "DBInstanceClass": "db.r6g.large", "ProductDescription": "postgresql",
            "OfferingType": "No Upfront", "MultiAZ": false, "CurrencyCode": "USD", {recurring}}}]}}"#
            ),
        ),
        (
            home("elasticache-describe-reserved-cache-nodes-offerings"),
            format!(
                r#"{{"ReservedCacheNodesOfferings": [{{
            "ReservedCacheNodesOfferingId": "c", "CacheNodeType": "cache.r7g.large", "ProductDescription": "redis",
            "OfferingType": "No Upfront", {recurring}}}]}}"#
            ),
        ),
        (
            home("opensearch-describe-reserved-instance-offerings"),
            format!(
                r#"{{"ReservedInstanceOfferings": [{{
            "ReservedInstanceOfferingId": "o", "InstanceType": "r6g.large.search", "PaymentOption": "NO_UPFRONT", {recurring}}}]}}"#
            ),
        ),
        (
            home("redshift-describe-reserved-node-offerings"),
            format!(
                r#"{{"ReservedNodeOfferings": [{{
            "ReservedNodeOfferingId": "w", "NodeType": "ra3.xlplus", "OfferingType": "No Upfront", {recurring}}}]}}"#
            ),
        ),
        (
            home("memorydb-describe-reserved-nodes-offerings"),
            format!(
                r#"{{"ReservedNodesOfferings": [{{
            "ReservedNodesOfferingId": "m", "NodeType": "db.r6g.large", "OfferingType": "No Upfront", {recurring}}}]}}"#
            ),
        ),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let prices = prices(&files, Seen::default());
    for (product, usage_type, operation, rate) in [
        ("AmazonRDS", "InstanceUsage:db.r6g.large", "CreateDBInstance:0014", 0.06),
        ("AmazonRDS", "Multi-AZUsage:db.r6g.large", "CreateDBInstance:0014", 0.12),
        ("AmazonElastiCache", "NodeUsage:cache.r7g.large", "CreateCacheCluster:0002", 0.06),
        ("AmazonES", "ESInstance:r6g.large.search", "ESDomain", 0.06),
        ("AmazonRedshift", "Node:ra3.xlplus", "RunComputeNode:0001", 0.06),
        ("AmazonMemoryDB", "NodeUsage:db.r6g.large", "CreateCluster", 0.06),
        ("AmazonMemoryDB", "NodeUsage:db.r6g.large", "CreateCluster:Valkey", 0.042),
    ] {
        let used = used(product, usage_type, operation, Some(0.2));
        close(prices.rate(RESERVED, used.subject()), 1.0 - rate / 0.2, 1.0);
    }
}

#[test]
fn a_price_list_states_on_demand_and_reserved() {
    let list = r#"{"PriceList": [{"serviceCode": "AmazonEC2", "product": {"sku": "M5", "attributes": {
        "usagetype": "BoxUsage:m5.large", "operation": "RunInstances", "regionCode": "us-east-1"}}, "terms": {
        "OnDemand": {"a": {"priceDimensions": {"b": {"beginRange": "0", "pricePerUnit": {"USD": "0.10"}}}}},
        "Reserved": {"c": {"priceDimensions": {"d": {"unit": "Hrs", "pricePerUnit": {"USD": "0.06"}}},
            "termAttributes": {"LeaseContractLength": "1yr", "OfferingClass": "standard", "PurchaseOption": "No Upfront"}}}}}]}"#;
    let prices = prices(&[("a/pricing-get-products.json", list)], Seen::default());
    assert_eq!(prices.on_demand(m5().subject()).map(f64::to_bits), Some(0.1f64.to_bits()));
    close(prices.rate(RESERVED, m5().subject()), 0.4, 1.0);
    let plan = Offer { instrument: Instrument::Ec2Instance, ..RESERVED };
    assert!(matches!(prices.rate(plan, m5().subject()).unwrap().source, Source::Estimate(_)));
}

#[test]
fn rates_of_an_owned_plan_are_found_by_its_arn() {
    let rates = r#"{"savingsPlanId": "4f2a", "searchResults": [{"rate": "0.07", "currency": "USD", "usageType": "BoxUsage:m5.large",
        "operation": "RunInstances", "serviceCode": "AmazonEC2"}, {"rate": "0.5", "currency": "CNY", "usageType": "X"}]}"#;
    let arn = "arn_aws_savingsplans__111122223333_savingsplan_4f2a";
    let name = format!("savingsplans-describe-savings-plan-rates@{arn}.json");
    let prices = prices(&[(&name, rates)], Seen::default());
    let plan = "arn:aws:savingsplans::111122223333:savingsplan/4f2a";
    assert_eq!(prices.rate_of_plan(plan, m5().subject()).map(f64::to_bits), Some(0.07f64.to_bits()));
    assert_eq!(prices.rate_of_plan("other", m5().subject()), None);
}

/// c5 in the price list of ap-northeast-1: three years without upfront 0.092 of 0.214, less the licence of Windows.
#[test]
fn estimates_follow_family_term_and_licence() {
    let prices = prices(&[], Seen::default());
    let three = Offer { instrument: Instrument::Ec2Instance, term: Term::ThreeYears, payment: Payment::NoUpfront };
    let c5 = used("AmazonEC2", "BoxUsage:c5.xlarge", "RunInstances", Some(0.17));
    close(prices.rate(three, c5.subject()), 1.0 - 0.63 * 0.681, 0.8);
    let windows = used("AmazonEC2", "BoxUsage:c5.xlarge", "RunInstances:0002", Some(0.17 + 0.184));
    close(prices.rate(three, windows.subject()), (1.0 - 0.63 * 0.681) * 0.17 / 0.354, 0.8);
    let unknown_licence = used("AmazonEC2", "BoxUsage:c5.xlarge", "RunInstances:0010", Some(0.2));
    assert_eq!(prices.rate(three, unknown_licence.subject()), None);
    let unknown_rate = used("AmazonEC2", "BoxUsage:c5.xlarge", "RunInstances:0002", None);
    assert_eq!(prices.rate(three, unknown_rate.subject()), None);
    let free = used("AmazonEC2", "UnusedBox:c5.xlarge", "RunInstances", Some(0.17));
    close(prices.rate(three, free.subject()), 1.0 - 0.63 * 0.681, 0.8);
    let elsewhere = Subject { region: "ap-northeast-1", ..c5.subject() };
    close(prices.rate(three, elsewhere), 1.0 - 0.63 * 0.681, 0.7);
    let m6a = used("AmazonEC2", "BoxUsage:m6a.xlarge", "RunInstances", None);
    close(prices.rate(COMPUTE, m6a.subject()), 0.192, 0.8);
}

#[test]
fn estimates_know_what_is_sold() {
    let prices = prices(&[], Seen::default());
    let fargate = used("AmazonECS", "Fargate-vCPU-Hours:perCPU", "FargateTask", None);
    close(prices.rate(COMPUTE, fargate.subject()), 0.2, 0.8);
    let three = Offer { term: Term::ThreeYears, ..COMPUTE };
    close(prices.rate(Offer { payment: Payment::PartialUpfront, ..three }, fargate.subject()), 0.45, 0.8);
    close(prices.rate(Offer { payment: Payment::AllUpfront, ..three }, fargate.subject()), 0.52, 0.8);
    let postgres = used("AmazonRDS", "InstanceUsage:db.r7g.large", "CreateDBInstance:0014", None);
    close(prices.rate(RESERVED, postgres.subject()), 0.36, 0.8);
    assert_eq!(prices.rate(Offer { term: Term::ThreeYears, ..RESERVED }, postgres.subject()), None, "not sold");
    let database = Offer { instrument: Instrument::Database, ..COMPUTE };
    close(prices.rate(database, postgres.subject()), 0.2, 0.8);
    assert_eq!(prices.rate(Offer { term: Term::ThreeYears, ..database }, postgres.subject()), None);
    let sql_server = used("AmazonRDS", "InstanceUsage:db.r6i.large", "CreateDBInstance:0012", None);
    assert_eq!(prices.rate(RESERVED, sql_server.subject()), None, "no figure was found");
    assert_eq!(prices.rate(database, sql_server.subject()), None, "too old a generation");
    let spot = used("AmazonEC2", "SpotUsage:m5.large", "RunInstances:SV001", None);
    assert_eq!(prices.rate(COMPUTE, spot.subject()), None);
    assert_eq!(prices.rate(database, m5().subject()), None);
}

#[test]
fn the_tables_name_the_same_database_rows() {
    let coverage = Coverage::embedded().unwrap();
    let mut covered: Vec<_> = coverage.database_rows().collect();
    let estimates = Estimates::embedded().unwrap();
    let mut estimated = estimates.database_rows();
    covered.sort_unstable();
    estimated.sort_unstable();
    assert_eq!(covered, estimated);
}
