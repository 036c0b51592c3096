//! MemoryDB: reserved nodes and offers of these. All are sold for Redis OSS.

use super::{
    Listed, Moment, Scope,
    arn::scope,
    reservation::{Price, Recurring, Reserves, Sale, instance},
};
use crate::sku::Service;
use serde::{Deserialize, Serialize};

/// Reserved nodes bought together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedNode {
    /// The id that ends the ARN in the bill.
    pub reservation_id: String,
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: Option<String>,
    /// Such as `db.r6g.large`.
    pub node_type: Option<String>,
    /// How many.
    pub node_count: Option<i64>,
    /// `payment-pending`, `active`, `payment-failed`, `retired`, ...
    pub state: Option<String>,
    /// The first moment of the term.
    pub start_time: Option<Moment>,
    /// `No Upfront`, `Partial Upfront`, `All Upfront`, or an old utilisation class.
    pub offering_type: Option<String>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each.
    pub fixed_price: Option<f64>,
    /// Hourly price of each, in use or not.
    pub recurring_charges: Vec<Recurring>,
}

impl Listed for ReservedNode {
    const TOKEN: &'static str = "inventory.memorydb-describe-reserved-nodes";
    const KEY: &'static str = "ReservedNodes";
    const ID: &'static str = "ReservationId";

    fn id(&self) -> &str {
        &self.reservation_id
    }

    fn scope(&self) -> Scope {
        scope(self.arn.as_deref().unwrap_or_default())
    }
}

impl Reserves for ReservedNode {
    fn sale(&self) -> Option<Sale> {
        let price = Price {
            seconds: self.duration,
            payment: self.offering_type.as_deref(),
            upfront: self.fixed_price,
            usage: None,
            recurring: &self.recurring_charges,
        };
        price.of(instance(Service::MemoryDb, self.node_type.as_deref(), "Redis", 1))
    }
}

/// Reserved nodes on offer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedNodesOffering {
    /// A UUID.
    pub reserved_nodes_offering_id: String,
    /// Such as `db.r6g.large`.
    pub node_type: Option<String>,
    /// `No Upfront`, `Partial Upfront`, `All Upfront`, or an old utilisation class.
    pub offering_type: Option<String>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each.
    pub fixed_price: Option<f64>,
    /// Hourly price of each, in use or not.
    pub recurring_charges: Vec<Recurring>,
}

impl Listed for ReservedNodesOffering {
    const TOKEN: &'static str = "inventory.memorydb-describe-reserved-nodes-offerings";
    const KEY: &'static str = "ReservedNodesOfferings";
    const ID: &'static str = "ReservedNodesOfferingId";

    fn id(&self) -> &str {
        &self.reserved_nodes_offering_id
    }
}

impl Reserves for ReservedNodesOffering {
    fn sale(&self) -> Option<Sale> {
        let price = Price {
            seconds: self.duration,
            payment: self.offering_type.as_deref(),
            upfront: self.fixed_price,
            usage: None,
            recurring: &self.recurring_charges,
        };
        price.of(instance(Service::MemoryDb, self.node_type.as_deref(), "Redis", 1))
    }
}
