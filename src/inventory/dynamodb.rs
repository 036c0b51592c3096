//! DynamoDB tables.

use super::{Listed, Moment, Scope, arn::scope};
use serde::{Deserialize, Serialize};

/// A table, as `describe-table` prints it: one document each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Table {
    /// The name.
    pub table_name: String,
    /// Its ARN.
    pub table_arn: Option<String>,
    /// `ACTIVE`, `ARCHIVED`, ...
    pub table_status: Option<String>,
    /// When it was made.
    pub creation_date_time: Option<Moment>,
    /// Bytes, refreshed every six hours.
    pub table_size_bytes: Option<i64>,
    /// Items, refreshed every six hours.
    pub item_count: Option<i64>,
    /// Provisioned capacity; zeros for on-demand.
    pub provisioned_throughput: Option<Throughput>,
    /// The mode; AWS omits it for tables that were always provisioned.
    pub billing_mode_summary: Option<BillingMode>,
    /// The class; AWS omits it for tables that were always `STANDARD`.
    pub table_class_summary: Option<TableClass>,
    /// Global indexes, each with capacity of its own.
    pub global_secondary_indexes: Vec<Index>,
    /// The other regions of a global table.
    pub replicas: Vec<Replica>,
    /// Whether it must be unprotected before it can be deleted.
    pub deletion_protection_enabled: Option<bool>,
}

impl Table {
    /// Whether capacity is paid by the request.
    #[must_use]
    pub fn is_on_demand(&self) -> bool {
        self.billing_mode_summary.as_ref().and_then(|mode| mode.billing_mode.as_deref()) == Some("PAY_PER_REQUEST")
    }
}

/// Provisioned capacity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Throughput {
    /// Units of 4 KB read a second.
    pub read_capacity_units: Option<i64>,
    /// Units of 1 KB written a second.
    pub write_capacity_units: Option<i64>,
    /// The last time it was raised, by hand or by auto scaling.
    pub last_increase_date_time: Option<Moment>,
    /// The last time it was lowered.
    pub last_decrease_date_time: Option<Moment>,
}

/// The capacity mode of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BillingMode {
    /// `PROVISIONED` or `PAY_PER_REQUEST`.
    pub billing_mode: Option<String>,
    /// The last change to on-demand, which is allowed only so often.
    pub last_update_to_pay_per_request_date_time: Option<Moment>,
}

/// The storage class of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TableClass {
    /// `STANDARD` or `STANDARD_INFREQUENT_ACCESS`.
    pub table_class: Option<String>,
    /// The last change, of which two are allowed in 30 days.
    pub last_update_date_time: Option<Moment>,
}

/// A global secondary index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Index {
    /// The name.
    pub index_name: String,
    /// Its provisioned capacity.
    pub provisioned_throughput: Option<Throughput>,
    /// Bytes.
    pub index_size_bytes: Option<i64>,
}

/// A replica of a global table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Replica {
    /// Such as `eu-west-1`.
    pub region_name: Option<String>,
    /// `ACTIVE`, ...
    pub replica_status: Option<String>,
}

impl Listed for Table {
    const TOKEN: &'static str = "inventory.dynamodb-describe-table";
    const KEY: &'static str = "Table";
    const ID: &'static str = "TableName";
    const WHOLE: bool = false;
    const SINGLE: bool = true;

    fn id(&self) -> &str {
        &self.table_name
    }

    fn scope(&self) -> Scope {
        scope(self.table_arn.as_deref().unwrap_or_default())
    }
}
