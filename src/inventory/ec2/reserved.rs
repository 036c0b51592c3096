//! Reserved Instances: owned, and on offer.

use crate::{
    inventory::{
        Listed, Moment, Scope, Tag,
        arn::zone_scope,
        reservation::{Reserves, Sale, instance},
    },
    sku::{Payment, Purchase, Service, Term, offered::system},
};
use serde::{Deserialize, Serialize};

/// Reserved Instances bought together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedInstances {
    /// The UUID that ends the ARN in the bill.
    pub reserved_instances_id: String,
    /// Such as `m5.large`.
    pub instance_type: Option<String>,
    /// How many.
    pub instance_count: Option<i64>,
    /// Such as `Linux/UNIX`; `(Amazon VPC)` may follow.
    pub product_description: Option<String>,
    /// `Region` or `Availability Zone`.
    pub scope: Option<String>,
    /// The zone, of zonal ones.
    pub availability_zone: Option<String>,
    /// `default`, `dedicated` or `host`.
    pub instance_tenancy: Option<String>,
    /// `standard` or `convertible`.
    pub offering_class: Option<String>,
    /// `No Upfront`, `Partial Upfront`, `All Upfront`, or an old utilisation class.
    pub offering_type: Option<String>,
    /// `payment-pending`, `active`, `payment-failed`, `retired`, `queued`, `queued-deleted`.
    pub state: Option<String>,
    /// The first moment of the term.
    pub start: Option<Moment>,
    /// The end of the term.
    pub end: Option<Moment>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each instance, in `currency_code`.
    pub fixed_price: Option<f64>,
    /// Hourly price of each instance in use, in `currency_code`.
    pub usage_price: Option<f64>,
    /// Hourly price of each instance, in use or not.
    pub recurring_charges: Vec<RecurringCharge>,
    /// Such as `USD`.
    pub currency_code: Option<String>,
    /// The tags.
    pub tags: Vec<Tag>,
}

/// A charge that recurs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RecurringCharge {
    /// The price of each instance.
    pub amount: Option<f64>,
    /// `Hourly`.
    pub frequency: Option<String>,
}

impl Listed for ReservedInstances {
    const TOKEN: &'static str = "inventory.ec2-describe-reserved-instances";
    const KEY: &'static str = "ReservedInstances";
    const ID: &'static str = "ReservedInstancesId";

    fn id(&self) -> &str {
        &self.reserved_instances_id
    }

    fn scope(&self) -> Scope {
        zone_scope(self.availability_zone.as_deref())
    }
}

impl Reserves for ReservedInstances {
    fn sale(&self) -> Option<Sale> {
        let what =
            (self.instance_type.as_deref(), self.product_description.as_deref(), self.instance_tenancy.as_deref());
        let how = (self.offering_class.as_deref(), self.offering_type.as_deref(), self.duration);
        sale(what, how, (self.fixed_price, self.usage_price, &self.recurring_charges))
    }
}

/// Reserved Instances that AWS, or another customer, offers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReservedInstancesOffering {
    /// A UUID.
    pub reserved_instances_offering_id: String,
    /// Such as `m5.large`.
    pub instance_type: Option<String>,
    /// Such as `Linux/UNIX`; `(Amazon VPC)` may follow.
    pub product_description: Option<String>,
    /// `Region` or `Availability Zone`.
    pub scope: Option<String>,
    /// The zone, of zonal ones.
    pub availability_zone: Option<String>,
    /// `default` or `dedicated`.
    pub instance_tenancy: Option<String>,
    /// `standard` or `convertible`.
    pub offering_class: Option<String>,
    /// `No Upfront`, `Partial Upfront` or `All Upfront`.
    pub offering_type: Option<String>,
    /// Seconds of the term.
    pub duration: Option<i64>,
    /// Upfront price of each instance, in `currency_code`.
    pub fixed_price: Option<f64>,
    /// Hourly price of each instance in use, in `currency_code`.
    pub usage_price: Option<f64>,
    /// Hourly price of each instance, in use or not.
    pub recurring_charges: Vec<RecurringCharge>,
    /// Such as `USD`.
    pub currency_code: Option<String>,
    /// Whether another customer sells it.
    pub marketplace: Option<bool>,
}

impl Listed for ReservedInstancesOffering {
    const TOKEN: &'static str = "inventory.ec2-describe-reserved-instances-offerings";
    const KEY: &'static str = "ReservedInstancesOfferings";
    const ID: &'static str = "ReservedInstancesOfferingId";

    fn id(&self) -> &str {
        &self.reserved_instances_offering_id
    }

    fn scope(&self) -> Scope {
        zone_scope(self.availability_zone.as_deref())
    }

    /// What other customers sell runs for odd terms and is gone tomorrow.
    fn counts(&self) -> bool {
        self.marketplace != Some(true)
    }
}

impl Reserves for ReservedInstancesOffering {
    fn sale(&self) -> Option<Sale> {
        let what =
            (self.instance_type.as_deref(), self.product_description.as_deref(), self.instance_tenancy.as_deref());
        let how = (self.offering_class.as_deref(), self.offering_type.as_deref(), self.duration);
        sale(what, how, (self.fixed_price, self.usage_price, &self.recurring_charges))
    }
}

/// Type, description and tenancy; class, payment and seconds; fixed, usage and recurring price.
fn sale(
    (kind, description, tenancy): (Option<&str>, Option<&str>, Option<&str>),
    (class, payment, seconds): (Option<&str>, Option<&str>, Option<i64>),
    (fixed, usage, recurring): (Option<f64>, Option<f64>, &[RecurringCharge]),
) -> Option<Sale> {
    let mut instance = instance(Service::Ec2, kind, system(description?)?, 1)?;
    match tenancy {
        Some("dedicated") => instance.purchase = Purchase::Dedicated,
        Some("host") => return None,
        _ => {}
    }
    Some(Sale {
        instance,
        convertible: class == Some("convertible"),
        term: seconds.and_then(Term::of_seconds),
        payment: payment.and_then(Payment::parse),
        upfront: fixed.unwrap_or_default(),
        hourly: usage.unwrap_or_default() + recurring.iter().filter_map(|charge| charge.amount).sum::<f64>(),
    })
}
