//! What EC2's instance types are and cost: an embedded table, with its sources in it.

use crate::{
    error::{Error, Result},
    instance::InstanceType,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What an instance type is and costs.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(from = "[f64; 9]")]
pub struct TypeFacts {
    /// vCPUs.
    pub vcpus: f64,
    /// MiB.
    pub memory: f64,
    /// Network bandwidth in Gbit/s: what it has all the time, and for a while.
    pub network: [f64; 2],
    /// Bandwidth to EBS in Mbit/s: what it has all the time, and for a while; 0 where that is not told.
    pub ebs: [f64; 2],
    /// Operations a second on EBS that it has all the time; 0 where that is not told.
    pub ebs_iops: f64,
    /// Local disk in GB.
    pub disk: f64,
    /// USD an hour on demand, Linux, us-east-1.
    pub price: f64,
}

impl From<[f64; 9]> for TypeFacts {
    fn from([vcpus, memory, baseline, peak, ebs, most, ebs_iops, disk, price]: [f64; 9]) -> Self {
        Self { vcpus, memory, network: [baseline, peak], ebs: [ebs, most], ebs_iops, disk, price }
    }
}

/// All types that are known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeTable {
    #[expect(dead_code, reason = "for the reader of the file")]
    facts: Origin,
    #[expect(dead_code, reason = "for the reader of the file")]
    prices: Origin,
    /// By family and size.
    types: BTreeMap<String, BTreeMap<String, TypeFacts>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "for the reader of the file")]
struct Origin {
    source: String,
    date: String,
}

impl TypeTable {
    /// The embedded table.
    ///
    /// # Errors
    /// Never in a released binary: a test reads it.
    pub(super) fn embedded() -> Result<Self> {
        let toml = include_str!("../../prices/ec2_types.toml");
        toml::from_str(toml).map_err(|error| Error::of_toml(toml, &error).in_file("prices/ec2_types.toml"))
    }

    /// The facts of a type, or of the EC2 type that stands behind one of another service.
    #[must_use]
    pub fn get(&self, kind: &InstanceType) -> Option<&TypeFacts> {
        self.types.get(&kind.family)?.get(&kind.size)
    }

    /// All types, by family and size.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, &TypeFacts)> {
        self.types
            .iter()
            .flat_map(|(family, sizes)| sizes.iter().map(move |(size, facts)| (family.as_str(), size.as_str(), facts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_whole_and_prices_rise_with_size() {
        let table = TypeTable::embedded().unwrap();
        let mut last: Option<(&str, f64)> = None;
        let mut all: Vec<_> = table.all().collect();
        assert!(all.len() > 700, "{}", all.len());
        all.sort_by(|a, b| a.0.cmp(b.0).then(a.2.memory.total_cmp(&b.2.memory)));
        for (family, size, facts) in all {
            let kind = InstanceType::parse(&format!("{family}.{size}")).unwrap();
            assert_eq!(table.get(&kind), Some(facts), "{kind}");
            assert!(facts.vcpus >= 1.0 && facts.memory >= 512.0 && facts.price > 0.0, "{kind}");
            assert!(facts.network[0] > 0.0 && facts.network[1] >= facts.network[0], "{kind}");
            assert!(facts.ebs[1] >= facts.ebs[0], "{kind}");
            if let Some((_, price)) = last.filter(|(of, _)| *of == family) {
                assert!(facts.price > price, "{kind} costs more than what is smaller");
            }
            last = Some((family, facts.price));
        }
        // The same prices as the Graviton rules state for the sizes they name.
        let price = |text: &str| table.get(&InstanceType::parse(text).unwrap()).unwrap().price;
        for (kind, stated) in
            [("m5.large", 0.096), ("m7g.large", 0.0816), ("c8g.large", 0.07976), ("x1.16xlarge", 6.669)]
        {
            assert!((price(kind) - stated).abs() < 1e-9, "{kind}");
        }
    }
}
