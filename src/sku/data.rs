//! Databases, caches, search, DynamoDB.

use super::{Instance, Purchase, Service, TableUse, Texts, What, instance_type};

/// Instances of the managed data services.
pub(super) fn database(texts: &Texts<'_>, usage: &str) -> Option<What> {
    if usage.contains("ExtendedSupport:") || usage.contains("extendedSupport") {
        return Some(What::ExtendedSupport);
    }
    let service = match texts.product {
        "AmazonRDS" => Service::Rds,
        "AmazonElastiCache" => Service::ElastiCache,
        "AmazonES" => Service::OpenSearch,
        "AmazonMemoryDB" => Service::MemoryDb,
        "AmazonRedshift" => Service::Redshift,
        "AmazonDocDB" => Service::DocumentDb,
        "AmazonNeptune" => Service::Neptune,
        _ => return None,
    };
    let (head, behind) = usage.split_once(':')?;
    let copies = match head {
        "InstanceUsage" | "InstanceUsageIOOptimized" | "NodeUsage" | "ESInstance" | "Node" => 1,
        "Multi-AZUsage" | "Multi-AZUsageIOOptimized" => 2,
        "Multi-AZClusterUsage" => 3,
        _ => return None,
    };
    let kind = instance_type(texts, behind)?;
    let software = if texts.engine.is_empty() { engine(service, texts.operation) } else { texts.engine };
    let (purchase, software) = (Purchase::Shared, software.to_owned());
    Some(What::Instance(Instance { service, kind, purchase, software, copies }))
}

/// The engine that the code behind the operation stands for; an unknown code stands for itself.
/// Source: Amazon RDS User Guide, "Viewing reserved DB instance usage" and the price list's `operation`, November 2026.
fn engine(service: Service, operation: &str) -> &str {
    let code = operation.split_once(':').map_or("", |(_, code)| code);
    match (service, code) {
        (Service::Rds, "0002") => "MySQL",
        (Service::Rds, "0014") => "PostgreSQL",
        (Service::Rds, "0016") => "Aurora MySQL",
        (Service::Rds, "0018") => "MariaDB",
        (Service::Rds, "0021") => "Aurora PostgreSQL",
        (Service::Rds, "0003" | "0004" | "0005" | "0006" | "0019" | "0020") => "Oracle",
        (Service::Rds, "0008" | "0009" | "0010" | "0011" | "0012" | "0013" | "0015") => "SQL Server",
        (Service::ElastiCache, "0001") => "Memcached",
        (Service::ElastiCache, "0002") => "Redis",
        (Service::ElastiCache, "0003" | "Valkey") => "Valkey",
        _ => operation,
    }
}

/// Capacity, requests and storage of `AmazonDynamoDB`.
pub(super) fn dynamodb(usage: &str) -> Option<What> {
    let (usage, infrequent) = usage.strip_prefix("IA-").map_or((usage, false), |usage| (usage, true));
    let (bare, replicated) = usage.strip_prefix("Repl").map_or((usage, false), |usage| (usage, true));
    let of = |write| TableUse { write, replicated, infrequent };
    match bare {
        "ReadCapacityUnit-Hrs" => Some(What::TableCapacity(of(false))),
        "WriteCapacityUnit-Hrs" => Some(What::TableCapacity(of(true))),
        "ReadRequestUnits" => Some(What::TableRequests(of(false))),
        "WriteRequestUnits" => Some(What::TableRequests(of(true))),
        "TimedStorage-ByteHrs" => Some(What::TableStorage),
        _ => None,
    }
}
