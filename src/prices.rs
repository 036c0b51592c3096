//! What commitments cost: rates that the export shows, else those of price files in the inventory, else embedded estimates.
//!
//! A rate is a share off the public on-demand rate of the same usage. Each says where it comes from and how sure it is.

mod estimate;
mod listed;
mod seen;
mod types;

pub use seen::Seen;
pub use types::{TypeFacts, TypeTable};

use crate::{
    error::Result,
    facts::Commitment,
    inventory::Inventory,
    sku::{Cover, Coverage, Instance, Payment, PlanKind, Term, What},
};
use estimate::Estimates;
use listed::Listed;
use std::fmt;

/// A kind of commitment that can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Instrument {
    /// A Compute Savings Plan.
    Compute,
    /// An EC2 Instance Savings Plan.
    Ec2Instance,
    /// A SageMaker Savings Plan.
    SageMaker,
    /// A Database Savings Plan.
    Database,
    /// A reservation; of EC2, a standard one.
    Reserved,
    /// A convertible reservation of EC2.
    Convertible,
}

/// A commitment as it is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offer {
    /// What kind.
    pub instrument: Instrument,
    /// For how long.
    pub term: Term,
    /// When it is paid.
    pub payment: Payment,
}

/// Usage whose rate is asked for, in the words of the bill.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The region's code.
    pub region: &'a str,
    /// The product code.
    pub product: &'a str,
    /// The usage type.
    pub usage_type: &'a str,
    /// The operation.
    pub operation: &'a str,
    /// What it measures.
    pub what: &'a What,
    /// The public on-demand rate in US dollars a unit, if the bill tells.
    pub on_demand: Option<f64>,
}

/// A rate under a commitment.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// The share off the public on-demand rate, the upfront part spread over the term: 0.27 for 27 %. Below 0 where the commitment
    /// costs more.
    pub discount: f64,
    /// The share of the commitment that is paid at its start.
    pub upfront: f64,
    /// Where it comes from.
    pub source: Source,
    /// How sure it is: 1 for a rate that is known, less for an estimate. Advice that rests on it is at most as sure.
    pub confidence: f64,
}

/// Where a rate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The export shows it for this usage.
    Export,
    /// The export shows it for another size of the family.
    ExportKin,
    /// A file of the inventory states it, named by its operation.
    File(&'static str),
    /// An embedded estimate, with its own source.
    Estimate(String),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Export => out.write_str("a commitment in the export"),
            Self::ExportKin => out.write_str("a commitment in the export, for another size of the family"),
            Self::File(operation) => write!(out, "{operation}"),
            Self::Estimate(source) => write!(out, "estimate: {source}"),
        }
    }
}

/// All rates that are known or estimated.
#[derive(Debug)]
pub struct Prices {
    coverage: Coverage,
    seen: Seen,
    listed: Listed,
    estimates: Estimates,
    types: TypeTable,
}

impl Prices {
    /// Gathers what the export shows and what the inventory's price files state.
    ///
    /// # Errors
    /// Never in a released binary: a test reads the embedded tables.
    pub fn gather(seen: Seen, inventory: &Inventory) -> Result<Self> {
        let coverage = Coverage::embedded()?;
        let (listed, estimates) = (Listed::of(inventory, &coverage), Estimates::embedded()?);
        Ok(Self { coverage, seen, listed, estimates, types: TypeTable::embedded()? })
    }

    /// What EC2's instance types are and cost.
    #[must_use]
    pub fn types(&self) -> &TypeTable {
        &self.types
    }

    /// What an offer takes off a usage; `None` where the offer does not cover it, is not sold, or nothing is known.
    #[must_use]
    pub fn rate(&self, offer: Offer, of: Subject<'_>) -> Option<Rate> {
        let cover = self.coverage.of(of.what, of.product, of.usage_type);
        if !offer.instrument.covers(&cover) {
            return None;
        }
        let upfront = self.estimates.upfront(offer.payment);
        if let Some((discount, source)) = self.seen.discount(offer, of) {
            let confidence = self.estimates.confidence_of(&source);
            return Some(Rate { discount, upfront, source, confidence });
        }
        let on_demand = self.listed.on_demand(of).or(of.on_demand).filter(|rate| *rate > 0.0);
        if let Some((listed, on_demand)) = self.listed.rate(offer, of, cover.regional.first()).zip(on_demand) {
            let (discount, source) = (1.0 - listed.rate / on_demand, Source::File(listed.operation));
            let (upfront, confidence) = (listed.upfront.unwrap_or(upfront), self.estimates.confidence_of(&source));
            return Some(Rate { discount, upfront, source, confidence });
        }
        let row = self.coverage.database_row(of.what, of.product, of.usage_type);
        let (discount, source, confidence) = self.estimates.discount(offer, of, row)?;
        Some(Rate { discount, upfront, source, confidence })
    }

    /// The public on-demand rate in US dollars a unit that the inventory's price list states.
    #[must_use]
    pub fn on_demand(&self, of: Subject<'_>) -> Option<f64> {
        self.listed.on_demand(of)
    }

    /// The rate in US dollars a unit that a Savings Plan that is owned has for a usage, by the plan's id or ARN.
    #[must_use]
    pub fn rate_of_plan(&self, plan: &str, of: Subject<'_>) -> Option<f64> {
        self.listed.rate_of_plan(plan, of)
    }
}

impl Instrument {
    /// The kind of a commitment in the bill.
    #[must_use]
    pub fn of(commitment: &Commitment) -> Self {
        if !commitment.plan {
            let convertible = commitment.details.offering.eq_ignore_ascii_case("convertible");
            return if convertible { Self::Convertible } else { Self::Reserved };
        }
        let letters = commitment.details.offering.chars().filter(char::is_ascii_alphanumeric);
        let name = letters.collect::<String>().to_lowercase();
        match name.as_str() {
            name if name.contains("ec2instance") => Self::Ec2Instance,
            name if name.contains("sagemaker") || name.contains("machinelearning") => Self::SageMaker,
            name if name.contains("database") => Self::Database,
            _ => Self::Compute,
        }
    }

    /// Whether commitments of this kind may cover usage that has this cover.
    #[must_use]
    pub fn covers(self, cover: &Cover) -> bool {
        let has = |wanted: fn(&PlanKind) -> bool| cover.plans.iter().any(wanted);
        match self {
            Self::Compute => has(|plan| *plan == PlanKind::Compute),
            Self::Ec2Instance => has(|plan| matches!(plan, PlanKind::Ec2Instance(_))),
            Self::SageMaker => has(|plan| *plan == PlanKind::SageMaker),
            Self::Database => has(|plan| *plan == PlanKind::Database),
            Self::Reserved => !cover.regional.is_empty(),
            Self::Convertible => cover.zonal.is_some(),
        }
    }
}

/// The instance behind a usage, running or held free.
fn instance(what: &What) -> Option<&Instance> {
    match what {
        What::Instance(instance) | What::UnusedCapacity(instance) => Some(instance),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
