//! The words in which reservations are offered and listed, put into those of usage.

/// The system behind the product description of an EC2 reservation: `Linux/UNIX (Amazon VPC)` is `Linux`.
/// Source: EC2 API Reference, `DescribeReservedInstancesOfferings`, `ProductDescription`, November 2026.
#[must_use]
pub fn system(description: &str) -> Option<&'static str> {
    let system = match description.trim().trim_end_matches("(Amazon VPC)").trim_end() {
        "Linux/UNIX" => "Linux",
        "SUSE Linux" => "SUSE",
        "Red Hat Enterprise Linux" => "RHEL",
        "Red Hat Enterprise Linux with HA" => "RHEL HA",
        "Windows" => "Windows",
        "Windows with SQL Server Standard" => "Windows + SQL Standard",
        "Windows with SQL Server Enterprise" => "Windows + SQL Enterprise",
        "Windows with SQL Server Web" => "Windows + SQL Web",
        "Linux with SQL Server Standard" => "Linux + SQL Standard",
        "Linux with SQL Server Enterprise" => "Linux + SQL Enterprise",
        "Linux with SQL Server Web" => "Linux + SQL Web",
        "RHEL with SQL Server Standard" => "RHEL + SQL Standard",
        "RHEL with SQL Server Enterprise" => "RHEL + SQL Enterprise",
        "RHEL with SQL Server Web" => "RHEL + SQL Web",
        "RHEL with HA and SQL Server Standard" => "RHEL HA + SQL Standard",
        "RHEL with HA and SQL Server Enterprise" => "RHEL HA + SQL Enterprise",
        "Ubuntu Pro" => "Ubuntu Pro",
        _ => return None,
    };
    Some(system)
}

/// The engine behind the product description of a reserved database or cache: `oracle-se2(byol)` is `Oracle SE2 BYOL`.
/// Source: RDS and ElastiCache API References, `ProductDescription`, November 2026.
#[must_use]
pub fn engine(description: &str) -> Option<&'static str> {
    let text: String = description.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    let engine = match text.as_str() {
        "mysql" => "MySQL",
        "mariadb" => "MariaDB",
        "postgresql" => "PostgreSQL",
        "aurora" | "auroramysql" | "aurora-mysql" => "Aurora MySQL",
        "aurorapostgresql" | "aurora-postgresql" => "Aurora PostgreSQL",
        "oracle-se(byol)" => "Oracle SE BYOL",
        "oracle-se1(byol)" => "Oracle SE1 BYOL",
        "oracle-se2(byol)" => "Oracle SE2 BYOL",
        "oracle-ee(byol)" => "Oracle EE BYOL",
        "oracle-se1(li)" => "Oracle SE1",
        "oracle-se2(li)" => "Oracle SE2",
        "sqlserver-ex(li)" => "SQL Server Express",
        "sqlserver-web(li)" => "SQL Server Web",
        "sqlserver-se(li)" => "SQL Server SE",
        "sqlserver-ee(li)" => "SQL Server EE",
        "sqlserver-se(byol)" => "SQL Server SE BYOL",
        "sqlserver-ee(byol)" => "SQL Server EE BYOL",
        "db2-se(byol)" => "Db2 SE BYOL",
        "db2-ae(byol)" => "Db2 AE BYOL",
        "redis" => "Redis",
        "valkey" => "Valkey",
        "memcached" => "Memcached",
        _ => return None,
    };
    Some(engine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_of_offers() {
        assert_eq!(system("Linux/UNIX (Amazon VPC)"), Some("Linux"));
        assert_eq!(system("Windows with SQL Server Web (Amazon VPC)"), Some("Windows + SQL Web"));
        assert_eq!(system("macOS"), None);
        assert_eq!(engine("oracle-se2 (byol)"), Some("Oracle SE2 BYOL"));
        assert_eq!(engine("aurora-postgresql"), Some("Aurora PostgreSQL"));
        assert_eq!(engine("Redis"), Some("Redis"));
        assert_eq!(engine("docdb"), None);
    }
}
