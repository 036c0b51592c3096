//! What reservations and their offers say alike in every service.

use crate::{
    instance::InstanceType,
    sku::{Instance, Payment, Purchase, Service, Term},
};
use serde::{Deserialize, Serialize};

/// A charge that recurs, as all services but EC2 write it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Recurring {
    /// How much, in the currency of the document.
    pub recurring_charge_amount: f64,
    /// `Hourly`.
    pub recurring_charge_frequency: Option<String>,
}

/// What is reserved, and what each costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Sale {
    /// One reserved instance.
    pub instance: Instance,
    /// Whether it can be exchanged: EC2 alone.
    pub convertible: bool,
    /// For how long, where it is one or three years.
    pub term: Option<Term>,
    /// When it is paid.
    pub payment: Option<Payment>,
    /// Paid at the start for each, in the currency of the document.
    pub upfront: f64,
    /// Paid each hour for each.
    pub hourly: f64,
}

impl Sale {
    /// What an hour of one costs over the whole term, the upfront part spread evenly.
    #[must_use]
    pub fn effective(&self) -> Option<f64> {
        Some(self.upfront / self.term?.hours() + self.hourly)
    }
}

/// A reservation, or an offer of one.
pub trait Reserves {
    /// What it reserves at which price; `None` where the document does not tell a type and software that are known.
    fn sale(&self) -> Option<Sale>;
}

/// An instance of a managed service.
pub(super) fn instance(service: Service, kind: Option<&str>, software: &str, copies: u8) -> Option<Instance> {
    let (kind, software) = (InstanceType::parse(kind?)?, software.to_owned());
    Some(Instance { service, kind, purchase: Purchase::Shared, software, copies, io_optimized: false })
}

/// The price of one: upfront, each hour of use, and what recurs.
pub(super) struct Price<'a> {
    pub(super) seconds: Option<i64>,
    pub(super) payment: Option<&'a str>,
    pub(super) upfront: Option<f64>,
    pub(super) usage: Option<f64>,
    pub(super) recurring: &'a [Recurring],
}

impl Price<'_> {
    pub(super) fn of(&self, instance: Option<Instance>) -> Option<Sale> {
        let recurring: f64 = self.recurring.iter().map(|charge| charge.recurring_charge_amount).sum();
        Some(Sale {
            instance: instance?,
            convertible: false,
            term: self.seconds.and_then(Term::of_seconds),
            payment: self.payment.and_then(Payment::parse),
            upfront: self.upfront.unwrap_or_default(),
            hourly: self.usage.unwrap_or_default() + recurring,
        })
    }
}
