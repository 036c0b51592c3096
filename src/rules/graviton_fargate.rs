//! Fargate tasks on x86, by ECS cluster and service.

use super::{
    Context, Finding, Line, Owned, Rule, Target,
    graviton::{Meter, Trust, metered},
};
use crate::{
    facts::{Class, Resource},
    instance::Architecture,
    inventory::short_id,
    sku::{Fargate, What},
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GravitonFargate {
    /// The products whose tasks may run on Graviton.
    products: Vec<String>,
    /// The tag that names a task's service.
    service_tag: String,
    /// The name for tasks that neither their id nor a tag puts anywhere.
    rest: String,
    trust: Trust,
    meters: Vec<Meter>,
}

impl Rule for GravitonFargate {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let mut pools: BTreeMap<(&str, String, String), Owned<'_>> = BTreeMap::new();
        for (id, resource, lines) in see.resources_of(|class| self.is_movable(class)) {
            if let Some(region) = region(resource, &lines) {
                let pool = pools.entry((&resource.account, region.to_owned(), self.name(resource))).or_default();
                pool.extend(lines.into_iter().map(|line| (id, line)));
            }
        }
        for ((account, region, name), lines) in pools {
            // Tasks come and go: the pool is what stays.
            let target = Target::Pool { account: account.to_owned(), region, name, members: Vec::new() };
            out.extend(metered(see, &self.meters, &self.trust, target, &lines, false));
        }
    }
}

impl GravitonFargate {
    /// Whether usage is Linux on x86 at the on-demand rate or under a commitment, of a product that offers Graviton.
    fn is_movable(&self, class: &Class) -> bool {
        let x86 = |of: &Fargate| of.architecture == Architecture::X86 && !of.windows && !of.spot;
        matches!(&class.what, What::Fargate(of) if x86(of))
            && self.products.iter().any(|product| **product == *class.product)
    }

    /// `cluster/service`, `cluster`, or the rest: ids are `.../task/CLUSTER/ID`, old ones lack the cluster.
    fn name(&self, resource: &Resource) -> String {
        let cluster = short_id(&resource.id).split_once('/').map(|(cluster, _)| cluster);
        match (cluster, resource.tag(&self.service_tag)) {
            (Some(cluster), Some(service)) => format!("{cluster}/{service}"),
            (Some(name), None) | (None, Some(name)) => name.to_owned(),
            (None, None) => self.rest.clone(),
        }
    }
}

/// The region of a task. Lines without an id are one resource an account: that of all its lines, else `global`.
fn region<'a>(resource: &'a Resource, lines: &[Line<'a>]) -> Option<&'a str> {
    let first = &lines.first()?.class.region;
    if !resource.id.is_empty() {
        return Some(&resource.region);
    }
    Some(if lines.iter().all(|line| line.class.region == *first) { first } else { "global" })
}
