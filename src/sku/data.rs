//! Databases, caches, search, DynamoDB.

use super::{Instance, Purchase, Service, TableUse, Texts, What, instance_type};

/// The service whose instances a product bills.
pub(super) fn service(product: &str) -> Option<Service> {
    match product {
        "AmazonRDS" => Some(Service::Rds),
        "AmazonElastiCache" => Some(Service::ElastiCache),
        "AmazonES" => Some(Service::OpenSearch),
        "AmazonMemoryDB" => Some(Service::MemoryDb),
        "AmazonRedshift" => Some(Service::Redshift),
        "AmazonDocDB" => Some(Service::DocumentDb),
        "AmazonNeptune" => Some(Service::Neptune),
        _ => None,
    }
}

/// Instances of the managed data services.
pub(super) fn database(texts: &Texts<'_>, usage: &str) -> Option<What> {
    if usage.contains("ExtendedSupport:") || usage.contains("extendedSupport") {
        return Some(What::ExtendedSupport);
    }
    let service = service(texts.product)?;
    let (head, behind) = usage.split_once(':')?;
    let copies = match head {
        "InstanceUsage" | "InstanceUsageIOOptimized" | "NodeUsage" | "ESInstance" | "Node" => 1,
        "Multi-AZUsage" | "Multi-AZUsageIOOptimized" => 2,
        "Multi-AZClusterUsage" => 3,
        _ => return None,
    };
    let kind = instance_type(texts, behind)?;
    let io_optimized = head.ends_with("IOOptimized");
    let (purchase, software) = (Purchase::Shared, software(service, texts).to_owned());
    Some(What::Instance(Instance { service, kind, purchase, software, copies, io_optimized }))
}

/// The engine, with edition and licence where the operation tells them; an unknown one stands for itself.
pub(super) fn software<'a>(service: Service, texts: &Texts<'a>) -> &'a str {
    let code = texts.operation.split_once(':').map_or("", |(_, code)| code);
    match engine(service, code) {
        Some(engine) => engine,
        None if !texts.engine.is_empty() => texts.engine,
        None => texts.operation,
    }
}

/// The engine that the code behind the operation stands for. "BYOL" is said where the licence is one's own.
/// Source: Amazon RDS User Guide, "Viewing reserved DB instance usage" and the price list's `operation`, November 2026.
/// MemoryDB's codes could not be confirmed: it is Redis OSS unless the operation names Valkey.
fn engine(service: Service, code: &str) -> Option<&'static str> {
    let engine = match (service, code) {
        (Service::Rds, "0002") => "MySQL",
        (Service::Rds, "0003") => "Oracle SE1 BYOL",
        (Service::Rds, "0004") => "Oracle SE BYOL",
        (Service::Rds, "0005") => "Oracle EE BYOL",
        (Service::Rds, "0006") => "Oracle SE1",
        (Service::Rds, "0008") => "SQL Server SE BYOL",
        (Service::Rds, "0009") => "SQL Server EE BYOL",
        (Service::Rds, "0010") => "SQL Server Express",
        (Service::Rds, "0011") => "SQL Server Web",
        (Service::Rds, "0012") => "SQL Server SE",
        (Service::Rds, "0014") => "PostgreSQL",
        (Service::Rds, "0015") => "SQL Server EE",
        (Service::Rds, "0016") => "Aurora MySQL",
        (Service::Rds, "0018") => "MariaDB",
        (Service::Rds, "0019") => "Oracle SE2 BYOL",
        (Service::Rds, "0020") => "Oracle SE2",
        (Service::Rds, "0021") => "Aurora PostgreSQL",
        (Service::Rds, "0028") => "Db2 SE BYOL",
        (Service::Rds, "0029") => "Db2 AE BYOL",
        (Service::Rds, "0034") => "Db2 SE",
        (Service::Rds, "0035") => "Db2 AE",
        (Service::ElastiCache, "0001") => "Memcached",
        (Service::ElastiCache, "0002") => "Redis",
        (Service::ElastiCache | Service::MemoryDb, "0003" | "Valkey") => "Valkey",
        (Service::MemoryDb, _) => "Redis",
        _ => return None,
    };
    Some(engine)
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
