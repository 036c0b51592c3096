//! Which commitments may cover a class of usage, and how many normalised units one unit of it takes.
//!
//! The lists come from `prices/coverage.toml`: families, engines and generations change, the shape of the rules does not.

use super::{Instance, Purchase, Service, What, strip_region};
use crate::{
    error::{Error, Result},
    instance::InstanceType,
    money::Quantity,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One unit, in the 1e-12 that [`Reserved::units`] counts in.
pub const UNIT: i64 = 1_000_000_000_000;

/// What commitments of each kind may cover: AWS's rules and lists.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    ec2: Ec2,
    /// The factor of `metal` by family.
    metal: BTreeMap<String, f64>,
    rds: Rds,
    valkey: Valkey,
    database: Vec<DatabaseRow>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ec2 {
    flexible_software: String,
    exact_families: Vec<String>,
    sold_as: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rds {
    flexible_engines: Vec<String>,
    io_optimized: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Valkey {
    elasticache: f64,
    memorydb: f64,
}

/// Usage that Database Savings Plans cover: instances of a service, or usage types of a product.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatabaseRow {
    name: String,
    service: Option<Service>,
    software: Option<String>,
    least_generation: Option<u32>,
    product: Option<String>,
    #[serde(default)]
    usage: Vec<String>,
}

/// What may cover one class of usage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cover {
    /// Reservations of its region, in the order in which they are taken to apply: those of its own engine before those of
    /// another (Redis OSS for Valkey).
    pub regional: Vec<Reserved>,
    /// The reservation of EC2 that is bound to its zone: exact type, an instance a unit.
    pub zonal: Option<Reserved>,
    /// Savings Plans, in the order in which they apply.
    pub plans: Vec<PlanKind>,
}

/// A kind of reservation, and the units of it that one unit of usage takes (or that one reserved instance gives).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reserved {
    /// Which reservations.
    pub key: ReservationKey,
    /// In 1e-12 of a unit: normalised units where sizes are flexible, instances where they are not, capacity units of DynamoDB.
    pub units: i64,
}

/// What tells reservations of one region (or zone) apart: those of one key cover the same usage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReservationKey {
    /// Of instances.
    Instance {
        /// Of this service.
        service: Service,
        /// Of one family, or of one type.
        sizes: Sizes,
        /// The system or engine, as far as it matters; empty where it does not.
        software: String,
        /// Whether for dedicated hardware.
        dedicated: bool,
    },
    /// Of DynamoDB capacity, in the Standard class, in one region.
    Table {
        /// Writes, else reads.
        write: bool,
    },
}

/// The sizes that a reservation may cover.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sizes {
    /// All of a family, by normalisation factor: `m5`, `db.r6g`.
    Family(String),
    /// One type.
    Exact {
        /// The type.
        kind: InstanceType,
        /// The copies: a Multi-AZ reservation is for Multi-AZ alone.
        copies: u8,
    },
}

/// The kinds of Savings Plans.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlanKind {
    /// EC2 Instance, of a family in a region.
    Ec2Instance(String),
    /// Compute.
    Compute,
    /// SageMaker.
    SageMaker,
    /// Database.
    Database,
}

impl Coverage {
    /// The embedded rules.
    ///
    /// # Errors
    /// Never in a released binary: a test reads them.
    pub fn embedded() -> Result<Self> {
        let toml = include_str!("../../prices/coverage.toml");
        toml::from_str(toml).map_err(|error| Error::of_toml(toml, &error).in_file("prices/coverage.toml"))
    }

    /// What may cover a class, given as what it measures, its product code and its usage type.
    #[must_use]
    pub fn of(&self, what: &What, product: &str, usage_type: &str) -> Cover {
        let mut cover = match what {
            What::Instance(instance) => self.of_instance(instance),
            What::UnusedCapacity(free) => self.of_instance(free),
            What::LambdaCompute(_) | What::LambdaProvisioned(_) => Cover::of_plans(vec![PlanKind::Compute]),
            What::Fargate(task) if !task.spot => Cover::of_plans(vec![PlanKind::Compute]),
            What::TableCapacity(table) if !table.replicated && !table.infrequent => {
                let key = ReservationKey::Table { write: table.write };
                Cover { regional: vec![Reserved { key, units: UNIT }], ..Cover::default() }
            }
            _ => Cover::default(),
        };
        if self.database_row(what, product, usage_type).is_some() {
            cover.plans.push(PlanKind::Database);
        }
        cover
    }

    /// The reservation that is sold as this instance, and the units that each gives in its region.
    #[must_use]
    pub fn sold(&self, instance: &Instance) -> Option<Reserved> {
        self.regional(instance).into_iter().next()
    }

    /// The reservation of EC2 that is sold as this instance in one zone.
    #[must_use]
    pub fn zonal(&self, instance: &Instance) -> Option<Reserved> {
        (instance.service == Service::Ec2 && on_demand(instance)).then(|| self.exact(instance))
    }

    /// The row of the Database Savings Plans' table that a class falls under.
    #[must_use]
    pub fn database_row(&self, what: &What, product: &str, usage_type: &str) -> Option<&str> {
        let usage = strip_region(usage_type);
        let row = self.database.iter().find(|row| match what.instance() {
            Some(instance) => row.covers(instance),
            None => row.product.as_deref() == Some(product) && row.usage.iter().any(|start| usage.starts_with(start)),
        });
        row.map(|row| row.name.as_str())
    }

    /// The names of all rows of the Database Savings Plans' table.
    pub fn database_rows(&self) -> impl Iterator<Item = &str> {
        self.database.iter().map(|row| row.name.as_str())
    }

    fn of_instance(&self, instance: &Instance) -> Cover {
        let plans = match (instance.service, instance.purchase) {
            (_, Purchase::Spot | Purchase::Host) => Vec::new(),
            (Service::Ec2, _) => vec![PlanKind::Ec2Instance(instance.kind.family.clone()), PlanKind::Compute],
            (Service::SageMakerEndpoint | Service::SageMakerOther, _) => vec![PlanKind::SageMaker],
            _ => Vec::new(),
        };
        Cover { regional: self.regional(instance), zonal: self.zonal(instance), plans }
    }

    /// The reservations of a region that may cover an instance, with the units that an hour of it takes.
    fn regional(&self, instance: &Instance) -> Vec<Reserved> {
        if !on_demand(instance) {
            return Vec::new();
        }
        let flexible = |software: &str, weight: f64| {
            let factor = self.factor(&instance.kind);
            factor
                .and_then(|factor| family(instance, software, factor * weight))
                .unwrap_or_else(|| self.exact(instance))
        };
        match instance.service {
            Service::Ec2 if self.is_flexible_server(instance) => vec![flexible(self.software(instance), 1.0)],
            Service::Rds if self.rds.flexible_engines.contains(&instance.software) => {
                let io = if instance.io_optimized { self.rds.io_optimized } else { 1.0 };
                vec![flexible(&instance.software, f64::from(instance.copies) * io)]
            }
            Service::ElastiCache if instance.software == "Valkey" => {
                let weight = self.valkey.elasticache;
                vec![flexible("Valkey", weight), flexible("Redis", weight)]
            }
            Service::ElastiCache => vec![flexible(&instance.software, 1.0)],
            Service::MemoryDb => {
                vec![flexible("Redis", if instance.software == "Valkey" { self.valkey.memorydb } else { 1.0 })]
            }
            Service::Ec2 | Service::Rds | Service::OpenSearch | Service::Redshift => vec![self.exact(instance)],
            Service::DocumentDb | Service::Neptune | Service::SageMakerEndpoint | Service::SageMakerOther => Vec::new(),
        }
    }

    /// Whether a reservation of its family covers it whatever its size.
    fn is_flexible_server(&self, instance: &Instance) -> bool {
        instance.purchase == Purchase::Shared
            && self.software(instance) == self.ec2.flexible_software
            && !self.ec2.exact_families.contains(&instance.kind.family)
    }

    /// The system or engine that its reservation is sold for.
    fn software<'a>(&'a self, instance: &'a Instance) -> &'a str {
        match instance.service {
            Service::Ec2 => self.ec2.sold_as.get(&instance.software).unwrap_or(&instance.software),
            Service::OpenSearch | Service::Redshift => "",
            _ => &instance.software,
        }
    }

    /// The normalisation factor of a type, `metal` included.
    fn factor(&self, kind: &InstanceType) -> Option<f64> {
        kind.factor().or_else(|| self.metal.get(&kind.family).copied().filter(|_| kind.size == "metal"))
    }

    /// The reservation of exactly this type. OpenSearch names a type with and without `.search`.
    fn exact(&self, instance: &Instance) -> Reserved {
        let kind = InstanceType { suffix: String::new(), ..instance.kind.clone() };
        let sizes = Sizes::Exact { kind, copies: instance.copies };
        Reserved { key: key(instance, sizes, self.software(instance)), units: UNIT }
    }
}

impl DatabaseRow {
    fn covers(&self, instance: &Instance) -> bool {
        self.service == Some(instance.service)
            && self.software.as_ref().is_none_or(|software| *software == instance.software)
            && instance.kind.generation().zip(self.least_generation).is_some_and(|(its, least)| its >= least)
            && !instance.kind.bursts()
    }
}

impl Cover {
    fn of_plans(plans: Vec<PlanKind>) -> Self {
        Self { plans, ..Self::default() }
    }
}

fn on_demand(instance: &Instance) -> bool {
    matches!(instance.purchase, Purchase::Shared | Purchase::Dedicated)
}

fn key(instance: &Instance, sizes: Sizes, software: &str) -> ReservationKey {
    let dedicated = instance.purchase == Purchase::Dedicated;
    ReservationKey::Instance { service: instance.service, sizes, software: software.to_owned(), dedicated }
}

/// The reservation of its family; `None` for a size beyond all that exist.
fn family(instance: &Instance, software: &str, units: f64) -> Option<Reserved> {
    let kind = &instance.kind;
    let name = if kind.prefix.is_empty() { kind.family.clone() } else { format!("{}.{}", kind.prefix, kind.family) };
    let units = i64::try_from(Quantity::from_f64(units).ok()?.0).ok()?;
    Some(Reserved { key: key(instance, Sizes::Family(name), software), units })
}

#[cfg(test)]
mod tests;
