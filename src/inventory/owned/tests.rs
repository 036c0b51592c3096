//! Documents as each service's CLI prints them, short of what is not read.

use super::*;
use crate::inventory::tests::load;

const EC2: &str = r#"{"ReservedInstances": [
    {"ReservedInstancesId": "ri-regional", "InstanceType": "m5.large", "InstanceCount": 4, "Scope": "Region",
     "ProductDescription": "Linux/UNIX (Amazon VPC)", "InstanceTenancy": "default", "OfferingClass": "standard",
     "OfferingType": "No Upfront", "State": "active", "Duration": 31536000,
     "Start": "2026-02-10T00:00:00+00:00", "End": "2027-02-09T23:59:59+00:00",
     "RecurringCharges": [{"Amount": 0.061, "Frequency": "Hourly"}]},
    {"ReservedInstancesId": "ri-zonal", "InstanceType": "c5.xlarge", "InstanceCount": 2, "Scope": "Availability Zone",
     "AvailabilityZone": "eu-west-1b", "ProductDescription": "Windows", "InstanceTenancy": "dedicated",
     "OfferingClass": "convertible", "OfferingType": "All Upfront", "State": "queued", "Duration": 94608000},
    {"ReservedInstancesId": "ri-strange", "InstanceType": "mac2.metal", "InstanceCount": 1, "ProductDescription": "macOS"}]}"#;

const PLANS: &str = r#"{"savingsPlans": [
    {"savingsPlanId": "sp-1", "savingsPlanArn": "arn:aws:savingsplans::111122223333:savingsplan/sp-1", "state": "active",
     "savingsPlanType": "EC2Instance", "region": "us-east-1", "ec2InstanceFamily": "r5", "commitment": "0.17000000",
     "paymentOption": "No Upfront", "termDurationInSeconds": 31536000, "start": "2026-03-10T00:00:00.000Z"},
    {"savingsPlanId": "sp-2", "savingsPlanArn": "arn:aws:savingsplans::111122223333:savingsplan/sp-2", "state": "queued",
     "savingsPlanType": "Database", "commitment": "2.5", "termDurationInSeconds": 31536000},
    {"savingsPlanId": "sp-3", "savingsPlanArn": "arn:aws:savingsplans::111122223333:savingsplan/sp-3",
     "savingsPlanType": "Novel", "commitment": "2.5"}]}"#;

const RDS: &str = r#"{"ReservedDBInstances": [{"ReservedDBInstanceId": "orders", "DBInstanceClass": "db.r6g.xlarge",
    "ReservedDBInstanceArn": "arn:aws:rds:us-east-1:111122223333:ri:orders", "StartTime": "2026-01-01T00:00:00Z",
    "Duration": 94608000, "FixedPrice": 5000.0, "UsagePrice": 0.0, "CurrencyCode": "USD", "DBInstanceCount": 3,
    "ProductDescription": "oracle-se2(byol)", "OfferingType": "Partial Upfront", "MultiAZ": true, "State": "payment-pending",
    "RecurringCharges": [{"RecurringChargeAmount": 0.2, "RecurringChargeFrequency": "Hourly"}]}]}"#;

const CACHE: &str = r#"{"ReservedCacheNodes": [{"ReservedCacheNodeId": "ri-cache", "CacheNodeType": "cache.r7g.4xlarge",
    "ReservationARN": "arn:aws:elasticache:us-east-1:111122223333:reserved-instance:ri-cache", "CacheNodeCount": 2,
    "StartTime": "2026-01-01T00:00:00Z", "Duration": 31536000, "ProductDescription": "valkey",
    "OfferingType": "No Upfront", "State": "active"}]}"#;

const SEARCH: &str = r#"{"ReservedInstances": [{"ReservedInstanceId": "es-1", "InstanceType": "r6g.large.search",
    "InstanceCount": 6, "PaymentOption": "NO_UPFRONT", "Duration": 31536000, "State": "retired"}]}"#;

const WAREHOUSE: &str = r#"{"ReservedNodes": [{"ReservedNodeId": "rs-1", "NodeType": "ra3.xlplus", "NodeCount": 4,
    "OfferingType": "All Upfront", "Duration": 31536000, "State": "active"}]}"#;

const MEMORY: &str = r#"{"ReservedNodes": [{"ReservationId": "mem-1", "NodeType": "db.r6g.large", "NodeCount": 5,
    "ARN": "arn:aws:memorydb:us-east-1:111122223333:reservednode/mem-1", "OfferingType": "No Upfront",
    "Duration": 31536000, "State": "active"}]}"#;

fn inventory() -> Inventory {
    let home = |stem: &str| format!("111122223333/us-east-1/{stem}.json");
    let files = [
        (home("ec2-describe-reserved-instances"), EC2),
        (home("savingsplans-describe-savings-plans"), PLANS),
        (home("rds-describe-reserved-db-instances"), RDS),
        (home("elasticache-describe-reserved-cache-nodes"), CACHE),
        (home("opensearch-describe-reserved-instances"), SEARCH),
        (home("redshift-describe-reserved-nodes"), WAREHOUSE),
        (home("memorydb-describe-reserved-nodes"), MEMORY),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let (inventory, notes) = load(&files);
    assert!(notes.is_empty(), "{notes:?}");
    inventory
}

fn with_arn(inventory: &Inventory, arn: &str) -> Option<OwnedCommitment> {
    inventory.commitments().into_iter().find(|commitment| commitment.is(arn))
}

fn reserved(commitment: &OwnedCommitment) -> &Instance {
    let Covers::Reservation(instance) = &commitment.covers else { panic!("{commitment:?}") };
    instance
}

#[test]
fn ids_are_found_by_the_last_part_of_the_bills_arn() {
    let inventory = inventory();
    let of = |arn: &str| with_arn(&inventory, arn);
    let regional = of("arn:aws:ec2:us-east-1:111122223333:reserved-instances/ri-regional").unwrap();
    assert_eq!((regional.amount, regional.state), (Amount::Count(4), State::Active));
    assert_eq!(regional.bound, Bound::Region(Some("us-east-1".into())));
    assert_eq!((regional.term, regional.payment), (Some(Term::OneYear), Some(Payment::NoUpfront)));
    assert_eq!(reserved(&regional).software, "Linux");
    let zonal = of("arn:aws:ec2:eu-west-1:111122223333:reserved-instances/ri-zonal").unwrap();
    assert_eq!((zonal.bound, zonal.state, zonal.convertible), (Bound::Zone("eu-west-1b".into()), State::Queued, true));
    assert!(of("arn:aws:ec2:us-east-1:999999999999:reserved-instances/ri-regional").is_none(), "another account's");
    assert!(of("arn:aws:ec2:us-east-1:111122223333:reserved-instances/ri-strange").is_none());
    assert!(of("ri-regional").is_none(), "no ARN, no service");
}

#[test]
fn plans_are_told_with_their_kind_and_money() {
    let inventory = inventory();
    let plan = |id: &str| with_arn(&inventory, &format!("arn:aws:savingsplans::111122223333:savingsplan/{id}"));
    let r5 = plan("sp-1").unwrap();
    assert_eq!(r5.covers, Covers::Plan(PlanKind::Ec2Instance("r5".into())));
    assert_eq!((r5.bound, r5.owner.as_deref()), (Bound::Region(Some("us-east-1".into())), Some("111122223333")));
    assert_eq!(r5.amount, Amount::PerHour(Money::parse("0.17").unwrap()));
    let database = plan("sp-2").unwrap();
    assert_eq!((database.covers, database.bound), (Covers::Plan(PlanKind::Database), Bound::Nowhere));
    assert_eq!(database.state, State::Queued);
    assert!(plan("sp-3").is_none(), "a kind that is not known");
}

#[test]
fn every_service_lists_reservations() {
    let inventory = inventory();
    let rds = with_arn(&inventory, "arn:aws:rds:us-east-1:111122223333:ri:orders").unwrap();
    assert_eq!((reserved(&rds).software.as_str(), reserved(&rds).copies), ("Oracle SE2 BYOL", 2));
    // Three of them: 5000 / 26,280 h + 0.2 = 0.390258752 each.
    assert_eq!(rds.hourly.map(|hourly| hourly.micros()), Some(1_170_776));
    assert_eq!((rds.amount, rds.state, rds.term), (Amount::Count(3), State::Pending, Some(Term::ThreeYears)));
    assert_eq!(rds.end.map(|end| end.0 - rds.start.unwrap().0), Some(94_608_000));
    let cache = with_arn(&inventory, "arn:aws:elasticache:us-east-1:111122223333:reserved-instance:ri-cache").unwrap();
    assert_eq!(reserved(&cache).software, "Valkey");
    let search = with_arn(&inventory, "arn:aws:es:us-east-1:111122223333:reserved-instances/es-1").unwrap();
    assert_eq!((search.state, search.payment), (State::Over, Some(Payment::NoUpfront)));
    let warehouse = with_arn(&inventory, "arn:aws:redshift:us-east-1:111122223333:reservednode:rs-1").unwrap();
    assert_eq!(reserved(&warehouse).kind.to_string(), "ra3.xlplus");
    let memory = with_arn(&inventory, "arn:aws:memorydb:us-east-1:111122223333:reservednode/mem-1").unwrap();
    assert_eq!((reserved(&memory).software.as_str(), memory.amount), ("Redis", Amount::Count(5)));
    assert_eq!(inventory.commitments().len(), 9, "all but the two that are not understood");
}

#[test]
fn an_upfront_price_is_spread_over_the_term() {
    let inventory = inventory();
    let (_, _, orders) = inventory.reserved_db_instances.iter().next().unwrap();
    let effective = orders.sale().unwrap().effective().unwrap();
    assert!((effective - (5000.0 / 26_280.0 + 0.2)).abs() < 1e-12, "{effective}");
}

#[test]
fn a_bad_document_is_a_note() {
    let (inventory, notes) = load(&[
        ("rds-describe-reserved-db-instances.json", r#"{"ReservedDBInstances": [{"DBInstanceCount": "three"}]}"#),
        ("redshift-describe-reserved-nodes.json", r#"{"ReservedNodes": [{"NodeType": "ra3.xlplus"}]}"#),
        ("opensearch-describe-reserved-instances.json", r#"{"DomainStatusList": []}"#),
        ("memorydb-describe-reserved-nodes.json", "{"),
    ]);
    assert!(inventory.commitments().is_empty());
    let bad: Vec<_> = notes.iter().filter(|note| note.code == "bad_inventory_file").collect();
    assert_eq!(bad.len(), 4, "{notes:?}");
    assert!(bad.iter().any(|note| note.message.contains("`ReservedNodeId`")));
}
