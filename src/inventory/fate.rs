//! Whether a billed resource is known to be gone: nobody needs advice on what was deleted already.

use super::{Collected, Inventory, Lookup, arn::parts, short_id};

impl Inventory {
    /// Whether the inventory says that a resource, by its billed id, is gone: its account and region were listed whole without it, or
    /// it is listed as deleted. `false` also where nothing can be said.
    #[must_use]
    pub fn is_gone(&self, account: &str, region: &str, billed: &str) -> bool {
        let at = Place { account, region, id: short_id(billed) };
        let (service, kind) = parts(billed)
            .map_or(("ec2", ""), |parts| (parts[2], parts[5].split(['/', ':']).next().unwrap_or_default()));
        let prefix = at.id.split('-').next().unwrap_or_default();
        match (service, kind, prefix) {
            ("ec2", _, "i") => at.gone(&self.instances, |i| Some(&i.state.name), &["shutting-down", "terminated"]),
            ("ec2", _, "vol") => at.gone(&self.volumes, |v| v.state.as_deref(), &["deleting", "deleted"]),
            ("ec2", _, "nat") => at.gone(&self.nat_gateways, |n| n.state.as_deref(), &["deleting", "deleted"]),
            ("ec2", _, "snap") => at.gone(&self.snapshots, |_| None, &[]),
            ("ec2", _, "eipalloc") => at.gone(&self.addresses, |_| None, &[]),
            ("ec2", _, "vpce") => at.gone(&self.vpc_endpoints, |e| e.state.as_deref(), &["deleting", "deleted"]),
            ("ec2", _, "cr") => at.gone(&self.capacity_reservations, |c| c.state.as_deref(), &["cancelled", "expired"]),
            ("elasticloadbalancing", "loadbalancer", _) if at.id.contains('/') => {
                at.gone(&self.load_balancers, |_| None, &[])
            }
            ("elasticloadbalancing", "loadbalancer", _) => at.gone(&self.classic_load_balancers, |_| None, &[]),
            ("rds", "db", _) => at.gone(&self.db_instances, |d| d.db_instance_status.as_deref(), &["deleting"]),
            ("elasticache", "cluster", _) => {
                at.gone(&self.cache_clusters, |c| c.cache_cluster_status.as_deref(), &["deleting", "deleted"])
            }
            ("lambda", "function", _) => at.gone(&self.functions, |_| None, &[]),
            ("logs", "log-group", _) => at.gone(&self.log_groups, |_| None, &[]),
            ("sagemaker", "endpoint", _) => at.gone(&self.endpoints, |e| e.endpoint_status.as_deref(), &["Deleting"]),
            _ => false,
        }
    }
}

struct Place<'a> {
    account: &'a str,
    region: &'a str,
    id: &'a str,
}

impl Place<'_> {
    fn gone<T>(&self, all: &Collected<T>, state: impl Fn(&T) -> Option<&str>, over: &[&str]) -> bool {
        match all.find(self.account, self.region, self.id) {
            Lookup::Present(item) => state(item).is_some_and(|state| over.contains(&state)),
            Lookup::Absent => true,
            Lookup::NotCollected => false,
        }
    }
}
