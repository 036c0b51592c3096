//! Cases from AWS's own pages: the source stands beside each.

use super::*;
use crate::sku::{Texts, reserved};

fn texts<'a>(product: &'a str, usage_type: &'a str, operation: &'a str) -> Texts<'a> {
    Texts { product, usage_type, operation, instance_type: "", engine: "" }
}

fn cover(product: &str, usage_type: &str, operation: &str) -> Cover {
    let what = What::of(texts(product, usage_type, operation));
    Coverage::embedded().unwrap().of(&what, product, usage_type)
}

/// The reservations that may cover it, as `FAMILY or TYPE xCOPIES/SOFTWARE[/dedicated]` with units in thousandths.
fn regional(product: &str, usage_type: &str, operation: &str) -> Vec<(String, i64)> {
    cover(product, usage_type, operation)
        .regional
        .iter()
        .map(|one| (name(&one.key), one.units / (UNIT / 1000)))
        .collect()
}

fn name(key: &ReservationKey) -> String {
    match key {
        ReservationKey::Table { write } => if *write { "writes" } else { "reads" }.to_owned(),
        ReservationKey::Instance { sizes, software, dedicated, .. } => {
            let sizes = match sizes {
                Sizes::Family(family) => family.clone(),
                Sizes::Exact { kind, copies } => format!("{kind} x{copies}"),
            };
            format!("{sizes}/{software}{}", if *dedicated { "/dedicated" } else { "" })
        }
    }
}

fn one(name: &str, units: i64) -> Vec<(String, i64)> {
    vec![(name.to_owned(), units)]
}

/// EC2 User Guide, "How Reserved Instance discounts are applied": factors, metal, and where sizes are not flexible.
#[test]
fn ec2_is_flexible_for_linux_on_shared_hardware() {
    let ec2 = |usage_type: &str, operation: &str| regional("AmazonEC2", usage_type, operation);
    assert_eq!(ec2("BoxUsage:t2.nano", "RunInstances"), one("t2/Linux", 250));
    assert_eq!(ec2("USE2-BoxUsage:m5.24xlarge", "RunInstances"), one("m5/Linux", 192_000));
    assert_eq!(ec2("BoxUsage:m7i.metal-24xl", "RunInstances"), one("m7i/Linux", 192_000));
    assert_eq!(ec2("BoxUsage:i3.metal", "RunInstances"), one("i3/Linux", 128_000));
    assert_eq!(ec2("BoxUsage:c5.metal", "RunInstances"), one("c5/Linux", 192_000));
    assert_eq!(ec2("BoxUsage:q9.metal", "RunInstances"), one("q9.metal x1/Linux", 1000), "no factor is known");
    assert_eq!(ec2("BoxUsage:m5.large", "RunInstances:00g0"), one("m5/Linux", 4000), "one's own RHEL subscription");
    assert_eq!(ec2("BoxUsage:m5.large", "RunInstances:0002"), one("m5.large x1/Windows", 1000));
    assert_eq!(ec2("BoxUsage:m5.large", "RunInstances:0010"), one("m5.large x1/RHEL", 1000));
    assert_eq!(ec2("BoxUsage:g4dn.xlarge", "RunInstances"), one("g4dn.xlarge x1/Linux", 1000));
    assert_eq!(ec2("BoxUsage:g6e.xlarge", "RunInstances"), one("g6e.xlarge x1/Linux", 1000));
    assert_eq!(ec2("DedicatedUsage:m5.large", "RunInstances"), one("m5.large x1/Linux/dedicated", 1000));
    assert_eq!(ec2("UnusedBox:m5.large", "RunInstances"), one("m5/Linux", 4000));
    assert_eq!(ec2("UnusedDed:m5.large", "RunInstances"), one("m5.large x1/Linux/dedicated", 1000));
    for none in ["SpotUsage:m5.large", "HostBoxUsage:m5.large", "Reservation:m5.large", "EBS:VolumeUsage.gp3"] {
        assert_eq!(ec2(none, "RunInstances"), [], "{none}");
    }
}

/// The same page: a zonal reservation is for the type, system and tenancy alone.
#[test]
fn zonal_reservations_match_exactly() {
    let zonal = |usage_type: &str| cover("AmazonEC2", usage_type, "RunInstances").zonal.map(|zonal| name(&zonal.key));
    assert_eq!(zonal("BoxUsage:m5.large").as_deref(), Some("m5.large x1/Linux"));
    assert_eq!(zonal("UnusedBox:m5.large").as_deref(), Some("m5.large x1/Linux"));
    assert_eq!(zonal("SpotUsage:m5.large"), None);
    assert_eq!(cover("AmazonRDS", "InstanceUsage:db.r6g.large", "CreateDBInstance:0014").zonal, None);
}

/// RDS and Aurora User Guides, "Reserved DB instances": engines, copies, 30 % more for I/O-Optimized.
#[test]
fn rds_is_flexible_by_engine() {
    let rds = |usage_type: &str, code: &str| regional("AmazonRDS", usage_type, &format!("CreateDBInstance:{code}"));
    assert_eq!(rds("InstanceUsage:db.r5.large", "0014"), one("db.r5/PostgreSQL", 4000));
    assert_eq!(rds("Multi-AZUsage:db.r5d.2xl", "0002"), one("db.r5d/MySQL", 32_000));
    assert_eq!(rds("Multi-AZClusterUsage:db.r6gd.large", "0014"), one("db.r6gd/PostgreSQL", 12_000));
    assert_eq!(rds("InstanceUsage:db.m5.large", "0019"), one("db.m5/Oracle SE2 BYOL", 4000));
    assert_eq!(rds("InstanceUsage:db.m5.large", "0020"), one("db.m5.large x1/Oracle SE2", 1000));
    assert_eq!(rds("Multi-AZUsage:db.m5.large", "0012"), one("db.m5.large x2/SQL Server SE", 1000));
    assert_eq!(rds("InstanceUsageIOOptimized:db.r6g.large", "0016"), one("db.r6g/Aurora MySQL", 5200));
    assert_eq!(rds("InstanceUsage:db.serverless", "0016"), []);
    let what = What::of(Texts {
        engine: "Oracle",
        ..texts("AmazonRDS", "InstanceUsage:db.m5.large", "CreateDBInstance:0005")
    });
    assert_eq!(
        what.instance().map(|instance| instance.software.as_str()),
        Some("Oracle EE BYOL"),
        "not the column's word"
    );
}

/// ElastiCache User Guide, "Reserved nodes" (a 4xlarge of Valkey takes 25.6 units); MemoryDB Developer Guide, "Size flexible
/// reserved nodes" (xlarge 8 and 5.6).
#[test]
fn valkey_takes_fewer_units_and_redis_reservations_cover_it() {
    let cache = |operation: &str| regional("AmazonElastiCache", "NodeUsage:cache.r7g.4xlarge", operation);
    assert_eq!(cache("CreateCacheCluster:0002"), one("cache.r7g/Redis", 32_000));
    assert_eq!(cache("CreateCacheCluster:0001"), one("cache.r7g/Memcached", 32_000));
    let both = [("cache.r7g/Valkey".to_owned(), 25_600), ("cache.r7g/Redis".to_owned(), 25_600)];
    assert_eq!(cache("CreateCacheCluster:Valkey"), both);
    let memory = |operation: &str| regional("AmazonMemoryDB", "NodeUsage:db.r6g.xlarge", operation);
    assert_eq!(memory("CreateCluster"), one("db.r6g/Redis", 8000));
    assert_eq!(memory("CreateCluster:Valkey"), one("db.r6g/Redis", 5600));
}

#[test]
fn search_and_warehouse_nodes_are_reserved_by_exact_type() {
    let search = one("r6g.large x1/", 1000);
    assert_eq!(regional("AmazonES", "ESInstance:r6g.large.search", "ESDomain"), search);
    assert_eq!(regional("AmazonES", "EU-ESInstance:r6g.large", "ESDomain"), search);
    assert_eq!(regional("AmazonRedshift", "Node:ra3.xlplus", "RunComputeNode:0001"), one("ra3.xlplus x1/", 1000));
    assert_eq!(regional("AmazonDocDB", "InstanceUsage:db.r6g.large", "CreateDBInstance"), []);
}

#[test]
fn dynamodb_reserves_plain_capacity_alone() {
    let table = |usage_type: &str| regional("AmazonDynamoDB", usage_type, "CommittedThroughput");
    assert_eq!(table("USE2-WriteCapacityUnit-Hrs"), one("writes", 1000));
    assert_eq!(table("ReadCapacityUnit-Hrs"), one("reads", 1000));
    for none in ["ReplWriteCapacityUnit-Hrs", "IA-ReadCapacityUnit-Hrs", "ReadRequestUnits"] {
        assert_eq!(table(none), [], "{none}");
    }
}

/// Savings Plans User Guide, "Savings Plans types", and the announcement of Database Savings Plans.
#[test]
fn plans_by_usage() {
    use PlanKind::{Compute, Database, Ec2Instance, SageMaker};
    let m5 = || vec![Ec2Instance("m5".into()), Compute];
    for (product, usage_type, operation, plans) in [
        ("AmazonEC2", "BoxUsage:m5.large", "RunInstances:0006", m5()),
        ("AmazonEC2", "EUW2-DedicatedUsage:m5.large", "RunInstances", m5()),
        ("AmazonEC2", "UnusedBox:m5.large", "RunInstances", m5()),
        ("AmazonEC2", "SpotUsage:m5.large", "RunInstances:SV001", vec![]),
        ("AmazonEC2", "HostBoxUsage:m5.large", "RunInstances", vec![]),
        ("AmazonECS", "Fargate-ARM-vCPU-Hours:perCPU", "FargateTask", vec![Compute]),
        ("AmazonECS", "SpotUsage-Fargate-vCPU-Hours:perCPU", "FargateTask", vec![]),
        ("AWSLambda", "Lambda-GB-Second-ARM", "Invoke", vec![Compute]),
        ("AWSLambda", "Lambda-Provisioned-Concurrency", "Invoke", vec![Compute]),
        ("AWSLambda", "Request", "Invoke", vec![]),
        ("AmazonSageMaker", "USE1-Host:ml.m5.large", "RunInstance", vec![SageMaker]),
        ("AmazonRDS", "InstanceUsage:db.r7g.large", "CreateDBInstance:0014", vec![Database]),
        ("AmazonRDS", "InstanceUsage:db.r6g.large", "CreateDBInstance:0014", vec![]),
        ("AmazonRDS", "InstanceUsage:db.t4g.large", "CreateDBInstance:0014", vec![]),
        ("AmazonRDS", "USW2-Aurora:ServerlessV2IOOptimizedUsage", "CreateDBInstance:0021", vec![Database]),
        ("AmazonRDS", "Aurora:StorageUsage", "CreateDBInstance", vec![]),
        ("AmazonElastiCache", "NodeUsage:cache.r7g.large", "CreateCacheCluster:Valkey", vec![Database]),
        ("AmazonElastiCache", "NodeUsage:cache.r7g.large", "CreateCacheCluster:0002", vec![]),
        ("AmazonDynamoDB", "EU-ReadRequestUnits", "PayPerRequestThroughput", vec![Database]),
        ("AmazonDynamoDB", "WriteCapacityUnit-Hrs", "CommittedThroughput", vec![Database]),
        ("AmazonDynamoDB", "TimedStorage-ByteHrs", "StandardStorage", vec![]),
        ("AmazonS3", "ReadRequestUnits", "", vec![]),
        ("AmazonRedshift", "Node:ra3.xlplus", "RunComputeNode:0001", vec![]),
    ] {
        assert_eq!(cover(product, usage_type, operation).plans, plans, "{product} {usage_type}");
    }
}

/// What the fee lines of a real bill say covers what its covered lines say.
#[test]
fn fee_lines_tell_what_is_reserved() {
    let coverage = Coverage::embedded().unwrap();
    let sold = |product: &str, usage_type: &str, operation: &str| {
        let sold = reserved(texts(product, usage_type, operation)).and_then(|instance| coverage.sold(&instance));
        sold.map(|sold| (name(&sold.key), sold.units / (UNIT / 1000)))
    };
    let ec2 = |usage_type: &str, operation: &str| sold("AmazonEC2", usage_type, operation);
    assert_eq!(ec2("HeavyUsage:t2.small", "RunInstances"), Some(("t2/Linux".into(), 1000)));
    assert_eq!(ec2("EUW2-HeavyUsage:m5.large", "RunInstances:0002"), Some(("m5.large x1/Windows".into(), 1000)));
    let rds = sold("AmazonRDS", "Multi-AZHeavyUsage:db.m4.large", "CreateDBInstance:0018");
    assert_eq!(rds, Some(("db.m4/MariaDB".into(), 8000)));
    let valkey = sold("AmazonElastiCache", "HeavyUsage:cache.r7g.4xlarge", "CreateCacheCluster:Valkey");
    assert_eq!(valkey, Some(("cache.r7g/Valkey".into(), 25_600)));
    assert_eq!(sold("AmazonDynamoDB", "HeavyUsage:dynamodb.read", "CommittedThroughput"), None);
    assert_eq!(sold("AmazonEC2", "HeavyUsage", "RunInstances"), None);
}

#[test]
fn a_size_beyond_all_that_exist_is_reserved_by_exact_type() {
    let beyond = regional("AmazonEC2", "BoxUsage:m5.99999999999xlarge", "RunInstances");
    assert_eq!(beyond, one("m5.99999999999xlarge x1/Linux", 1000));
}
