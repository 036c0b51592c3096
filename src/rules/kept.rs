//! What a schedule cannot run: what is not stopped or scaled by the clock, and why.

use super::{Context, Target, fleet::Fleet, idle_ec2_instance};
use crate::{
    facts::plain_key,
    inventory::{Tag, ec2, rds::DbInstance, short_id},
    sku::Service,
};

/// Whether instances are left alone without a word: Spot, what is stopped or gone, what stopping frees nothing of, and what something else
/// starts and stops.
pub(super) fn is_kept(see: &Context<'_>, fleet: &Fleet<'_>, service: Service) -> bool {
    if service == Service::Rds {
        return is_kept_database(see, fleet);
    }
    let listed = idle_ec2_instance::listed(see, &fleet.target);
    fleet.has_spot()
        || idle_ec2_instance::is_kept(see, &fleet.target, &listed)
        || is_managed(see, &fleet.target, &listed)
}

/// Why instances cannot be stopped and started, if so: that is worth telling. An Auto Scaling group ends and launches them.
pub(super) fn cannot_stop(see: &Context<'_>, target: &Target) -> Option<&'static str> {
    let group = matches!(target, Target::Group { .. });
    let bound = !group && idle_ec2_instance::listed(see, target).iter().any(|one| is_in_store(one));
    bound.then_some("its root is an instance store: it cannot be stopped, only terminated")
}

/// Whether the type of instances is bound: what cannot be stopped cannot change it, and what runs in a reserved slot would leave that empty.
pub(super) fn keeps_type(listed: &[&ec2::Instance]) -> bool {
    listed.iter().any(|one| is_in_store(one) || one.capacity_reservation_id.is_some())
}

fn is_in_store(one: &ec2::Instance) -> bool {
    one.root_device_type.as_deref() == Some("instance-store")
}

/// Whether members or their group have a tag of something that would fight a schedule.
fn is_managed(see: &Context<'_>, target: &Target, listed: &[&ec2::Instance]) -> bool {
    let managed: Vec<String> = see.schedule.managed_tags.iter().map(|key| letters(key)).collect();
    let tells = |key: &str| {
        let key = letters(key);
        managed.iter().any(|known| known.strip_suffix('*').map_or(*known == key, |start| key.starts_with(start)))
    };
    let (account, region, name) = target.identity(see.facts);
    let group = matches!(target, Target::Group { .. })
        .then(|| see.inventory.auto_scaling_groups.get(account, region, name))
        .flatten();
    let of_group = group.iter().flat_map(|group| &group.tags);
    let told = |tag: &Tag| tells(&tag.key);
    target.members().iter().any(|id| see.facts.resource(*id).tags.iter().any(|(key, _)| tells(key)))
        || listed.iter().flat_map(|one| &one.tags).chain(of_group).any(told)
}

/// A tag's key by its letters and digits, since exports write other signs as they like, and a `*` at its end.
fn letters(key: &str) -> String {
    let plain = plain_key(key);
    let beginning = plain.ends_with('*').then_some('*');
    plain.chars().filter(char::is_ascii_alphanumeric).chain(beginning).collect()
}

/// Whether a database cannot be stopped: a part of a cluster, a replica or one with replicas, or one that is stopped already.
fn is_kept_database(see: &Context<'_>, fleet: &Fleet<'_>) -> bool {
    let of_a_cluster = |software: &str, copies: u8| {
        software.starts_with("Aurora") || copies > 2 || software.starts_with("SQL Server") && copies > 1
    };
    let bound = fleet.instances().any(|instance| of_a_cluster(&instance.software, instance.copies));
    let listed = |id| {
        let db = see.facts.resource(id);
        see.inventory.db_instances.get(&db.account, &db.region, short_id(&db.id))
    };
    let kept = |db: &DbInstance| {
        db.read_replica_source_db_instance_identifier.is_some()
            || !db.read_replica_db_instance_identifiers.is_empty()
            || db.db_cluster_identifier.is_some()
            || matches!(db.db_instance_status.as_deref(), Some("stopped" | "stopping" | "deleting"))
    };
    bound || fleet.members().into_iter().filter_map(listed).any(kept)
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn keys_compare_as_every_export_writes_them() {
        for key in [
            "karpenter.sh/nodepool",
            "user_karpenter.sh/nodepool",
            "user:karpenter.sh/nodepool",
            "user_karpenter_sh_nodepool",
        ] {
            assert_eq!(letters(key), "karpentershnodepool");
        }
        assert_eq!(letters("kubernetes.io/cluster/*"), "kubernetesiocluster*");
    }
}
