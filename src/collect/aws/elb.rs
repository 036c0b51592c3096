//! Load balancers, as the inventory reads them.

use super::{
    failure::Failure,
    site::{Fetch, Site, Written, at, client, listed, listing, named, stem, whole, word},
};
use crate::inventory::{Inventory, elb};
use aws_sdk_elasticloadbalancing as aws_sdk_elb;
use aws_sdk_elasticloadbalancingv2 as aws_sdk_elbv2;
use aws_sdk_elbv2::types as sdk;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::sync::Arc;

pub(super) fn load_balancers(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(elb::LoadBalancer, client!(site, aws_sdk_elbv2).describe_load_balancers(), load_balancer)
    })
}

fn load_balancer(of: sdk::LoadBalancer) -> elb::LoadBalancer {
    let zone = |of: sdk::AvailabilityZone| elb::LoadBalancerZone { zone_name: of.zone_name, subnet_id: of.subnet_id };
    elb::LoadBalancer {
        load_balancer_arn: of.load_balancer_arn.unwrap_or_default(),
        load_balancer_name: of.load_balancer_name,
        r#type: word(of.r#type),
        scheme: word(of.scheme),
        state: of.state.map(|state| elb::LoadBalancerState { code: word(state.code) }),
        created_time: at(of.created_time),
        vpc_id: of.vpc_id,
        availability_zones: of.availability_zones.unwrap_or_default().into_iter().map(zone).collect(),
    }
}

pub(super) fn target_groups(site: Site) -> Fetch {
    Box::pin(
        async move { listed!(elb::TargetGroup, client!(site, aws_sdk_elbv2).describe_target_groups(), target_group) },
    )
}

fn target_group(of: sdk::TargetGroup) -> elb::TargetGroup {
    elb::TargetGroup {
        target_group_arn: of.target_group_arn.unwrap_or_default(),
        target_group_name: of.target_group_name,
        target_type: word(of.target_type),
        protocol: word(of.protocol),
        load_balancer_arns: of.load_balancer_arns.unwrap_or_default(),
    }
}

/// A file a target group: AWS does not repeat which group it was asked about, so the file name does.
pub(super) fn target_health(site: Site, known: Arc<Inventory>) -> Fetch {
    Box::pin(async move {
        let client = client!(site, aws_sdk_elbv2);
        let groups: Vec<String> =
            known.target_groups.iter().map(|(_, _, group)| group.target_group_arn.clone()).collect();
        let ask = |arn: String| {
            let client = client.clone();
            async move {
                let health = match client.describe_target_health().target_group_arn(&arn).send().await {
                    Ok(health) => health,
                    // It was deleted since it was listed.
                    Err(error)
                        if error.as_service_error().is_some_and(|of| of.is_target_group_not_found_exception()) =>
                    {
                        return Ok(None);
                    }
                    Err(error) => return Err(Failure::from(error)),
                };
                let targets = health.target_health_descriptions.unwrap_or_default().into_iter().map(target).collect();
                let name = format!("{}@{}", stem::<elb::TargetHealth>(), arn.replace(['/', ':'], "_"));
                named::<elb::TargetHealth>(name, targets).map(Some)
            }
        };
        let files: Vec<Option<Written>> = stream::iter(groups).map(ask).buffered(8).try_collect().await?;
        Ok(files.into_iter().flatten().collect())
    })
}

fn target(of: sdk::TargetHealthDescription) -> elb::TargetHealthDescription {
    let target = |of: sdk::TargetDescription| elb::Target { id: of.id.unwrap_or_default(), port: whole(of.port) };
    let health =
        |of: sdk::TargetHealth| elb::TargetState { state: word(of.state).unwrap_or_default(), reason: word(of.reason) };
    elb::TargetHealthDescription {
        target: of.target.map(target).unwrap_or_default(),
        target_health: of.target_health.map(health).unwrap_or_default(),
    }
}

pub(super) fn classic_load_balancers(site: Site) -> Fetch {
    Box::pin(
        async move { listed!(elb::ClassicLoadBalancer, client!(site, aws_sdk_elb).describe_load_balancers(), classic) },
    )
}

fn classic(of: aws_sdk_elb::types::LoadBalancerDescription) -> elb::ClassicLoadBalancer {
    let instance =
        |of: aws_sdk_elb::types::Instance| elb::ClassicInstance { instance_id: of.instance_id.unwrap_or_default() };
    elb::ClassicLoadBalancer {
        load_balancer_name: of.load_balancer_name.unwrap_or_default(),
        scheme: of.scheme,
        created_time: at(of.created_time),
        vpc_id: of.vpc_id,
        availability_zones: of.availability_zones.unwrap_or_default(),
        instances: of.instances.unwrap_or_default().into_iter().map(instance).collect(),
    }
}
