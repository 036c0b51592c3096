//! Auto Scaling groups, as the inventory reads them.

use super::site::{Fetch, Site, at, client, listed, listing, whole};
use crate::inventory::{Tag, autoscaling};
use aws_sdk_autoscaling::types as sdk;

pub(super) fn groups(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(autoscaling::AutoScalingGroup, client!(site, aws_sdk_autoscaling).describe_auto_scaling_groups(), group)
    })
}

fn group(of: sdk::AutoScalingGroup) -> autoscaling::AutoScalingGroup {
    let member = |of: sdk::Instance| autoscaling::Member {
        instance_id: of.instance_id.unwrap_or_default(),
        instance_type: of.instance_type,
        availability_zone: of.availability_zone,
        lifecycle_state: of.lifecycle_state.map(|state| state.as_str().to_owned()),
        protected_from_scale_in: of.protected_from_scale_in,
    };
    let process = |of: sdk::SuspendedProcess| autoscaling::SuspendedProcess { process_name: of.process_name };
    let spread = |of: sdk::InstancesDistribution| autoscaling::InstancesDistribution {
        on_demand_base_capacity: whole(of.on_demand_base_capacity),
        on_demand_percentage_above_base_capacity: whole(of.on_demand_percentage_above_base_capacity),
    };
    let mixed = |of: sdk::MixedInstancesPolicy| autoscaling::MixedInstancesPolicy {
        instances_distribution: of.instances_distribution.map(spread),
    };
    let tag = |of: sdk::TagDescription| Tag { key: of.key.unwrap_or_default(), value: of.value.unwrap_or_default() };
    autoscaling::AutoScalingGroup {
        auto_scaling_group_name: of.auto_scaling_group_name.unwrap_or_default(),
        auto_scaling_group_arn: of.auto_scaling_group_arn,
        min_size: whole(of.min_size),
        max_size: whole(of.max_size),
        desired_capacity: whole(of.desired_capacity),
        availability_zones: of.availability_zones.unwrap_or_default(),
        instances: of.instances.unwrap_or_default().into_iter().map(member).collect(),
        load_balancer_names: of.load_balancer_names.unwrap_or_default(),
        target_group_arns: of.target_group_arns.unwrap_or_default(),
        suspended_processes: of.suspended_processes.unwrap_or_default().into_iter().map(process).collect(),
        mixed_instances_policy: of.mixed_instances_policy.map(mixed),
        created_time: at(of.created_time),
        status: of.status,
        tags: of.tags.unwrap_or_default().into_iter().map(tag).collect(),
    }
}
