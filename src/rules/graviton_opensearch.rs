//! OpenSearch domains on x86 whose nodes all have a cheaper Graviton twin.

use super::{
    Context, Finding, Rule,
    graviton::{Case, Managed, Today},
};
use crate::{
    instance::Architecture,
    inventory::opensearch::Domain,
    sku::{Instance, Service},
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GravitonOpensearch {
    /// Families of nodes that stay beside Graviton nodes.
    apart: Vec<String>,
    managed: Managed,
}

impl Rule for GravitonOpensearch {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let cases = self.managed.cases(see, Service::OpenSearch, |inventory, one| {
            inventory.domains.get(&one.account, &one.region, &one.id).map(today)
        });
        let whole = cases.filter(|case| self.moves_whole(case));
        out.extend(self.managed.findings(see, whole));
    }
}

impl GravitonOpensearch {
    /// Whether every node can move: a domain with a node that cannot is left as it is.
    fn moves_whole(&self, case: &Case<'_>) -> bool {
        let stays = |instance: &Instance| {
            let kind = &instance.kind;
            case.runs(kind)
                && kind.architecture() == Architecture::X86
                && !self.apart.contains(&kind.family)
                && self.managed.families.choose(instance).is_none()
        };
        !case.lines.iter().filter_map(|(_, line)| line.class.what.instance()).any(stays)
    }
}

/// The engine (`Elasticsearch_7.10` names it with its version) and the types of data, master and warm nodes.
fn today(domain: &Domain) -> Today<'_> {
    let config = &domain.cluster_config;
    let (engine, version) = domain.engine_version.as_deref().and_then(|text| text.split_once('_')).unzip();
    let master = config.dedicated_master_type.as_deref().filter(|_| config.dedicated_master_enabled == Some(true));
    let warm = config.warm_type.as_deref().filter(|_| config.warm_enabled == Some(true));
    Today { engine, version, types: [config.instance_type.as_deref(), master, warm].into_iter().flatten().collect() }
}
