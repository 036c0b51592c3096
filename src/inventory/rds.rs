//! RDS and Aurora: instances, reservations and offers of these.

use super::{
    Listed, Moment, Scope, Tag,
    arn::{scope, zone_scope},
    reservation::{Price, Recurring, Reserves, Sale, instance},
};
use crate::sku::{Instance, Service, offered::engine};
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

/// Reserved database instances bought together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedDbInstance {
    /// The id that ends the ARN in the bill.
    #[serde(rename = "ReservedDBInstanceId")]
    pub reserved_db_instance_id: String,
    /// Its ARN.
    #[serde(rename = "ReservedDBInstanceArn")]
    pub reserved_db_instance_arn: Option<String>,
    /// Such as `db.r5.large`.
    #[serde(rename = "DBInstanceClass")]
    pub db_instance_class: Option<String>,
    /// The engine and licence, such as `postgresql` or `oracle-se2(byol)`.
    pub product_description: Option<String>,
    /// Whether for Multi-AZ.
    #[serde(rename = "MultiAZ")]
    pub multi_az: Option<bool>,
    /// How many.
    #[serde(rename = "DBInstanceCount")]
    pub db_instance_count: Option<i64>,
    /// `payment-pending`, `active`, `payment-failed`, `retired`.
    pub state: Option<String>,
    /// `No Upfront`, `Partial Upfront`, `All Upfront`, or an old utilisation class.
    pub offering_type: Option<String>,
    /// The first moment of the term.
    pub start_time: Option<Moment>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each, in `currency_code`.
    pub fixed_price: Option<f64>,
    /// Hourly price of each.
    pub usage_price: Option<f64>,
    /// Hourly price of each, in use or not.
    pub recurring_charges: Vec<Recurring>,
    /// Such as `USD`.
    pub currency_code: Option<String>,
}

impl Listed for ReservedDbInstance {
    const TOKEN: &'static str = "inventory.rds-describe-reserved-db-instances";
    const KEY: &'static str = "ReservedDBInstances";
    const ID: &'static str = "ReservedDBInstanceId";

    fn id(&self) -> &str {
        &self.reserved_db_instance_id
    }

    fn scope(&self) -> Scope {
        scope(self.reserved_db_instance_arn.as_deref().unwrap_or_default())
    }
}

impl Reserves for ReservedDbInstance {
    fn sale(&self) -> Option<Sale> {
        let price = Price {
            seconds: self.duration,
            payment: self.offering_type.as_deref(),
            upfront: self.fixed_price,
            usage: self.usage_price,
            recurring: &self.recurring_charges,
        };
        price.of(reserved(self.db_instance_class.as_deref(), self.product_description.as_deref()?, self.multi_az))
    }
}

/// Reserved database instances on offer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedDbInstancesOffering {
    /// A UUID.
    #[serde(rename = "ReservedDBInstancesOfferingId")]
    pub reserved_db_instances_offering_id: String,
    /// Such as `db.r5.large`.
    #[serde(rename = "DBInstanceClass")]
    pub db_instance_class: Option<String>,
    /// The engine and licence.
    pub product_description: Option<String>,
    /// Whether for Multi-AZ.
    #[serde(rename = "MultiAZ")]
    pub multi_az: Option<bool>,
    /// `No Upfront`, `Partial Upfront` or `All Upfront`.
    pub offering_type: Option<String>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each, in `currency_code`.
    pub fixed_price: Option<f64>,
    /// Hourly price of each.
    pub usage_price: Option<f64>,
    /// Hourly price of each, in use or not.
    pub recurring_charges: Vec<Recurring>,
    /// Such as `USD`.
    pub currency_code: Option<String>,
}

impl Listed for ReservedDbInstancesOffering {
    const TOKEN: &'static str = "inventory.rds-describe-reserved-db-instances-offerings";
    const KEY: &'static str = "ReservedDBInstancesOfferings";
    const ID: &'static str = "ReservedDBInstancesOfferingId";

    fn id(&self) -> &str {
        &self.reserved_db_instances_offering_id
    }
}

impl Reserves for ReservedDbInstancesOffering {
    fn sale(&self) -> Option<Sale> {
        let price = Price {
            seconds: self.duration,
            payment: self.offering_type.as_deref(),
            upfront: self.fixed_price,
            usage: self.usage_price,
            recurring: &self.recurring_charges,
        };
        price.of(reserved(self.db_instance_class.as_deref(), self.product_description.as_deref()?, self.multi_az))
    }
}

/// A reserved instance by its class, description and deployment.
fn reserved(class: Option<&str>, description: &str, multi_az: Option<bool>) -> Option<Instance> {
    instance(Service::Rds, class, engine(description)?, if multi_az == Some(true) { 2 } else { 1 })
}
