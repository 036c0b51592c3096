//! Redshift: reserved nodes and offers of these.

use super::{
    Listed, Moment,
    reservation::{Price, Recurring, Reserves, Sale, instance},
};
use crate::sku::Service;
use serde::{Deserialize, Serialize};

/// Reserved nodes bought together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedNode {
    /// A UUID.
    pub reserved_node_id: String,
    /// Such as `ra3.xlplus`.
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
    /// Hourly price of each.
    pub usage_price: Option<f64>,
    /// Hourly price of each, in use or not.
    pub recurring_charges: Vec<Recurring>,
}

impl Listed for ReservedNode {
    const TOKEN: &'static str = "inventory.redshift-describe-reserved-nodes";
    const KEY: &'static str = "ReservedNodes";
    const ID: &'static str = "ReservedNodeId";

    fn id(&self) -> &str {
        &self.reserved_node_id
    }
}

impl Reserves for ReservedNode {
    fn sale(&self) -> Option<Sale> {
        let price = Price {
            seconds: self.duration,
            payment: self.offering_type.as_deref(),
            upfront: self.fixed_price,
            usage: self.usage_price,
            recurring: &self.recurring_charges,
        };
        price.of(instance(Service::Redshift, self.node_type.as_deref(), "", 1))
    }
}

/// Reserved nodes on offer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedNodeOffering {
    /// A UUID.
    pub reserved_node_offering_id: String,
    /// Such as `ra3.xlplus`.
    pub node_type: Option<String>,
    /// `No Upfront`, `Partial Upfront`, `All Upfront`, or an old utilisation class.
    pub offering_type: Option<String>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each.
    pub fixed_price: Option<f64>,
    /// Hourly price of each.
    pub usage_price: Option<f64>,
    /// Hourly price of each, in use or not.
    pub recurring_charges: Vec<Recurring>,
}

impl Listed for ReservedNodeOffering {
    const TOKEN: &'static str = "inventory.redshift-describe-reserved-node-offerings";
    const KEY: &'static str = "ReservedNodeOfferings";
    const ID: &'static str = "ReservedNodeOfferingId";

    fn id(&self) -> &str {
        &self.reserved_node_offering_id
    }
}

impl Reserves for ReservedNodeOffering {
    fn sale(&self) -> Option<Sale> {
        let price = Price {
            seconds: self.duration,
            payment: self.offering_type.as_deref(),
            upfront: self.fixed_price,
            usage: self.usage_price,
            recurring: &self.recurring_charges,
        };
        price.of(instance(Service::Redshift, self.node_type.as_deref(), "", 1))
    }
}
