//! EC2 instances on x86 that have a cheaper Graviton twin.

use super::{
    Context, Finding, Rule, Target,
    graviton::{Case, Families, Trust, instance_of},
    successors::{Movable, Successors},
};
use crate::{inventory::ec2::Instance, sku::Service};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GravitonEc2 {
    /// `PlatformDetails` of the inventory whose licence costs nothing.
    free_platforms: Vec<String>,
    /// `Architecture` of the inventory that can move.
    movable_architectures: Vec<String>,
    trust: Trust,
    families: Families,
}

impl Rule for GravitonEc2 {
    fn successors(&self) -> Option<Successors> {
        Some(Successors::of_servers(self.movable()))
    }

    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let movable = self.movable();
        let mut moves = self.families.moves(&self.trust);
        for (target, lines) in see.targets_with(|what| instance_of(what, Service::Ec2)) {
            let members = target.members().iter().map(|id| see.facts.resource(*id));
            let listed: Vec<&Instance> =
                members.filter_map(|one| see.inventory.instances.get(&one.account, &one.region, &one.id)).collect();
            // The instances of a group come from one template: what keeps one keeps all.
            if listed.iter().any(|instance| movable.blocks(instance)) {
                continue;
            }
            let today = match (&target, listed.as_slice()) {
                (Target::Resource(_), [one]) => one.instance_type.as_deref().into_iter().collect(),
                _ => Vec::new(),
            };
            let case = Case { target, lines, today, listed: !listed.is_empty() };
            out.extend(moves.finding(see, case));
        }
    }
}

impl GravitonEc2 {
    fn movable(&self) -> Movable {
        Movable { platforms: self.free_platforms.clone(), architectures: self.movable_architectures.clone() }
    }
}
