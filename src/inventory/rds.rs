//! RDS and Aurora instances.

use super::{
    Listed, Moment, Scope, Tag,
    arn::{scope, zone_scope},
};
use serde::{Deserialize, Serialize};

/// A database instance, of RDS or Aurora (DocumentDB and Neptune are listed among them).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DbInstance {
    /// The name.
    #[serde(rename = "DBInstanceIdentifier")]
    pub db_instance_identifier: String,
    /// Its ARN.
    #[serde(rename = "DBInstanceArn")]
    pub db_instance_arn: Option<String>,
    /// Such as `db.r5.large`.
    #[serde(rename = "DBInstanceClass")]
    pub db_instance_class: Option<String>,
    /// `available`, `stopped`, ...
    #[serde(rename = "DBInstanceStatus")]
    pub db_instance_status: Option<String>,
    /// The Aurora or Multi-AZ cluster it belongs to.
    #[serde(rename = "DBClusterIdentifier")]
    pub db_cluster_identifier: Option<String>,
    /// Such as `postgres` or `aurora-mysql`.
    pub engine: Option<String>,
    /// Such as `15.4`.
    pub engine_version: Option<String>,
    /// `license-included`, `bring-your-own-license`, `general-public-license`, ...
    pub license_model: Option<String>,
    /// Whether a standby runs in another zone.
    #[serde(rename = "MultiAZ")]
    pub multi_az: Option<bool>,
    /// Such as `us-east-1a`.
    pub availability_zone: Option<String>,
    /// `gp2`, `gp3`, `io1`, `aurora`, ...
    pub storage_type: Option<String>,
    /// GiB.
    pub allocated_storage: Option<i64>,
    /// GiB that storage may grow to by itself.
    pub max_allocated_storage: Option<i64>,
    /// Provisioned operations a second.
    pub iops: Option<i64>,
    /// Provisioned MiB a second.
    pub storage_throughput: Option<i64>,
    /// When it was made.
    pub instance_create_time: Option<Moment>,
    /// Days that backups are kept.
    pub backup_retention_period: Option<i64>,
    /// Whether it must be unprotected before it can be deleted.
    pub deletion_protection: Option<bool>,
    /// The instance that this one is a replica of.
    #[serde(rename = "ReadReplicaSourceDBInstanceIdentifier")]
    pub read_replica_source_db_instance_identifier: Option<String>,
    /// Its replicas.
    #[serde(rename = "ReadReplicaDBInstanceIdentifiers")]
    pub read_replica_db_instance_identifiers: Vec<String>,
    /// `open-source-rds-extended-support` or `open-source-rds-extended-support-disabled`.
    pub engine_lifecycle_support: Option<String>,
    /// The tags.
    pub tag_list: Vec<Tag>,
}

impl Listed for DbInstance {
    const TOKEN: &'static str = "inventory.rds-describe-db-instances";
    const KEY: &'static str = "DBInstances";
    const ID: &'static str = "DBInstanceIdentifier";

    fn id(&self) -> &str {
        &self.db_instance_identifier
    }

    fn scope(&self) -> Scope {
        scope(self.db_instance_arn.as_deref().unwrap_or_default()).or(&zone_scope(self.availability_zone.as_deref()))
    }
}
