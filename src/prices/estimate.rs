//! Embedded discounts: `prices/discounts.toml`.

use super::{Instrument, Offer, Source, Subject, instance};
use crate::{
    error::{Error, Result},
    sku::{Instance, Payment, Service, Term, What},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The embedded discounts, and how sure each source is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Estimates {
    confidence: Confidence,
    upfront: Payments,
    /// USD a vCPU hour, by software.
    licence: BTreeMap<String, f64>,
    ec2: Ec2,
    usage: Vec<Row>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Confidence {
    export: f64,
    export_kin: f64,
    file: f64,
    known: f64,
    alike: f64,
    others: f64,
    elsewhere: f64,
    home: String,
}

/// A figure for each payment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payments {
    no_upfront: Option<f64>,
    partial_upfront: Option<f64>,
    all_upfront: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ec2 {
    reserved: Families,
    compute: Families,
    convertible: Families,
}

/// Discounts by family: of one year without upfront, and what other terms and payments cost over that rate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Families {
    source: String,
    date: String,
    ladder: Ladder,
    known: BTreeMap<String, f64>,
    alike: BTreeMap<String, f64>,
    others: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ladder {
    one_year: Payments,
    three_years: Payments,
}

/// Discounts of one kind of usage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    instrument: Instrument,
    #[serde(default)]
    software: Vec<String>,
    #[serde(default)]
    alike: bool,
    one_year: Option<Payments>,
    three_years: Option<Payments>,
    source: String,
    date: String,
}

impl Payments {
    /// The figure of a payment, else of the next smaller one that has one.
    fn of(&self, payment: Payment) -> Option<f64> {
        let Self { no_upfront: no, partial_upfront: partial, all_upfront: all } = self;
        match payment {
            Payment::NoUpfront => *no,
            Payment::PartialUpfront => partial.or(*no),
            Payment::AllUpfront => all.or(*partial).or(*no),
        }
    }
}

impl Families {
    fn discount(&self, family: &str, offer: Offer, confidence: &Confidence) -> Option<(f64, f64)> {
        let known = self.known.get(family).map(|discount| (*discount, confidence.known));
        let alike = || self.alike.get(family).map(|discount| (*discount, confidence.alike));
        let (one_year, sure) = known.or_else(alike).unwrap_or((self.others, confidence.others));
        let ladder = match offer.term {
            Term::OneYear => &self.ladder.one_year,
            Term::ThreeYears => &self.ladder.three_years,
        };
        Some((1.0 - (1.0 - one_year) * ladder.of(offer.payment)?, sure))
    }
}

impl Estimates {
    /// The embedded tables.
    pub(super) fn embedded() -> Result<Self> {
        let toml = include_str!("../../prices/discounts.toml");
        toml::from_str(toml).map_err(|error| Error::of_toml(toml, &error).in_file("prices/discounts.toml"))
    }

    /// The share of a commitment that a payment asks for at its start.
    pub(super) fn upfront(&self, payment: Payment) -> f64 {
        self.upfront.of(payment).unwrap_or_default()
    }

    /// How sure a rate of a source is that is no estimate.
    pub(super) fn confidence_of(&self, source: &Source) -> f64 {
        match source {
            Source::Export => self.confidence.export,
            Source::ExportKin => self.confidence.export_kin,
            Source::File(_) | Source::Estimate(_) => self.confidence.file,
        }
    }

    /// The discount of an offer on a usage, its source and how sure it is; `row` is the Database plans' name of the usage.
    pub(super) fn discount(&self, offer: Offer, of: Subject<'_>, row: Option<&str>) -> Option<(f64, Source, f64)> {
        let server = instance(of.what).filter(|instance| instance.service == Service::Ec2);
        let (discount, sure, source, date) = match server {
            Some(server) => self.server(offer, server, of.on_demand)?,
            None => self.metered(offer, of.what, row)?,
        };
        let away = if of.region == self.confidence.home { 0.0 } else { self.confidence.elsewhere };
        Some((discount, Source::Estimate(format!("{source} ({date})")), sure - away))
    }

    fn server(&self, offer: Offer, server: &Instance, on_demand: Option<f64>) -> Option<(f64, f64, &str, &str)> {
        let families = match offer.instrument {
            Instrument::Reserved | Instrument::Ec2Instance => &self.ec2.reserved,
            Instrument::Compute => &self.ec2.compute,
            Instrument::Convertible => &self.ec2.convertible,
            Instrument::SageMaker | Instrument::Database => return None,
        };
        let (discount, sure) = families.discount(&server.kind.family, offer, &self.confidence)?;
        let share = self.infrastructure(server, on_demand)?;
        Some((discount * share, sure, &families.source, &families.date))
    }

    /// The share of a server's rate that is not licence; `None` where the licence or the vCPUs are not known: without burst credits
    /// a vCPU is two normalised units.
    fn infrastructure(&self, server: &Instance, on_demand: Option<f64>) -> Option<f64> {
        let licence = *self.licence.get(&server.software)?;
        if licence == 0.0 {
            return Some(1.0);
        }
        let on_demand = on_demand?;
        let factor = server.kind.factor().filter(|factor| *factor >= 4.0 && !server.kind.bursts())?;
        let share = 1.0 - licence * (factor / 2.0) / on_demand;
        (0.0..=1.0).contains(&share).then_some(share)
    }

    fn metered(&self, offer: Offer, what: &What, row: Option<&str>) -> Option<(f64, f64, &str, &str)> {
        let software = instance(what).map(|instance| instance.software.as_str());
        let name = if offer.instrument == Instrument::Database { row? } else { name(what)? };
        let holds = |row: &&Row| {
            row.name == name
                && row.instrument == offer.instrument
                && (row.software.is_empty()
                    || software.is_some_and(|its| row.software.iter().any(|known| known == its)))
        };
        let row = self.usage.iter().find(holds)?;
        let payments = match offer.term {
            Term::OneYear => row.one_year.as_ref(),
            Term::ThreeYears => row.three_years.as_ref(),
        };
        let sure = if row.alike { self.confidence.alike } else { self.confidence.known };
        Some((payments?.of(offer.payment)?, sure, &row.source, &row.date))
    }

    /// The names of the rows for Database plans.
    #[cfg(test)]
    pub(super) fn database_rows(&self) -> Vec<&str> {
        let rows = self.usage.iter().filter(|row| row.instrument == Instrument::Database);
        rows.map(|row| row.name.as_str()).collect()
    }
}

/// The row that usage other than EC2's and the Database plans' stands in.
fn name(what: &What) -> Option<&'static str> {
    match what {
        What::LambdaCompute(_) | What::LambdaProvisioned(_) => Some("lambda"),
        What::Fargate(_) => Some("fargate"),
        What::Instance(instance) => match instance.service {
            Service::Rds => Some("rds"),
            Service::ElastiCache => Some("elasticache"),
            Service::OpenSearch => Some("opensearch"),
            Service::MemoryDb => Some("memorydb"),
            Service::Redshift => Some("redshift"),
            Service::SageMakerEndpoint | Service::SageMakerOther => Some("sagemaker"),
            Service::Ec2 | Service::DocumentDb | Service::Neptune => None,
        },
        _ => None,
    }
}
