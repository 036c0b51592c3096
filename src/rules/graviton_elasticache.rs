//! ElastiCache nodes on x86 that have a cheaper Graviton twin.

use super::{
    Context, Finding, Rule, Successors,
    graviton::{Managed, Today},
};
use crate::sku::Service;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct GravitonElasticache(Managed);

impl Rule for GravitonElasticache {
    fn successors(&self) -> Option<Successors> {
        Some(self.0.successors(Service::ElastiCache))
    }

    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let cases = self.0.cases(see, Service::ElastiCache, |inventory, one| {
            let listed = inventory.cache_clusters.get(&one.account, &one.region, &one.id)?;
            Some(Today {
                engine: None,
                version: listed.engine_version.as_deref(),
                types: listed.cache_node_type.as_deref().into_iter().collect(),
            })
        });
        out.extend(self.0.findings(see, cases));
    }
}
