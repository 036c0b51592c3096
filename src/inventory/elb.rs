//! Load balancers: application, network and gateway (`elbv2`), and classic ones (`elb`).

use super::{
    Found, Listed, Moment, Operation, Scope,
    arn::{scope, short_id, zone_scope},
};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// An application, network or gateway load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadBalancer {
    /// Its ARN.
    pub load_balancer_arn: String,
    /// The name.
    pub load_balancer_name: Option<String>,
    /// `application`, `network` or `gateway`.
    pub r#type: Option<String>,
    /// `internet-facing` or `internal`.
    pub scheme: Option<String>,
    /// Its state.
    pub state: Option<LoadBalancerState>,
    /// When it was made.
    pub created_time: Option<Moment>,
    /// `vpc-...`.
    pub vpc_id: Option<String>,
    /// Its zones: a public address each when it faces the internet.
    pub availability_zones: Vec<LoadBalancerZone>,
}

/// The state of a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadBalancerState {
    /// `active`, `provisioning`, `active_impaired`, `failed`.
    pub code: Option<String>,
}

/// A zone of a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadBalancerZone {
    /// Such as `us-east-1a`.
    pub zone_name: Option<String>,
    /// `subnet-...`.
    pub subnet_id: Option<String>,
}

impl Listed for LoadBalancer {
    const TOKEN: &'static str = "inventory.elbv2-describe-load-balancers";
    const KEY: &'static str = "LoadBalancers";
    const ID: &'static str = "LoadBalancerArn";

    fn id(&self) -> &str {
        short_id(&self.load_balancer_arn)
    }

    fn scope(&self) -> Scope {
        scope(&self.load_balancer_arn)
    }
}

/// A target group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TargetGroup {
    /// Its ARN.
    pub target_group_arn: String,
    /// The name.
    pub target_group_name: Option<String>,
    /// `instance`, `ip`, `lambda` or `alb`.
    pub target_type: Option<String>,
    /// `HTTP`, `TCP`, ...
    pub protocol: Option<String>,
    /// The load balancers that send to it.
    pub load_balancer_arns: Vec<String>,
}

impl Listed for TargetGroup {
    const TOKEN: &'static str = "inventory.elbv2-describe-target-groups";
    const KEY: &'static str = "TargetGroups";
    const ID: &'static str = "TargetGroupArn";

    fn id(&self) -> &str {
        short_id(&self.target_group_arn)
    }

    fn scope(&self) -> Scope {
        scope(&self.target_group_arn)
    }
}

/// The targets of one target group. An empty list is known to be empty; a group without an item was not asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetHealth {
    /// The registered targets.
    pub targets: Vec<TargetHealthDescription>,
}

/// A target and its health.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TargetHealthDescription {
    /// The target.
    pub target: Target,
    /// Its health.
    pub target_health: TargetState,
}

/// A target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Target {
    /// `i-...`, an address, or an ARN.
    pub id: String,
    /// The port.
    pub port: Option<i64>,
}

/// The health of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TargetState {
    /// `initial`, `healthy`, `unhealthy`, `unused`, `draining`, `unavailable`, ...
    pub state: String,
    /// Such as `Target.NotInUse`.
    pub reason: Option<String>,
}

impl Operation for TargetHealth {
    type Entry = TargetHealthDescription;
    const TOKEN: &'static str = "inventory.elbv2-describe-target-health";
    const KEY: &'static str = "TargetHealthDescriptions";
    const ID: &'static str = "Target.Id";
    const WHOLE: bool = false;

    fn is_named(entry: &TargetHealthDescription) -> bool {
        !entry.target.id.is_empty()
    }

    /// AWS does not repeat the target group, so the file name must: by name, or by ARN with `_` for `/` and `:`.
    fn unpack(targets: Vec<TargetHealthDescription>, argument: Option<&str>) -> Result<Vec<Found<Self>>> {
        let Some(group) = argument.filter(|group| !group.is_empty()) else {
            let help = "name the file elbv2-describe-target-health@TARGET-GROUP.json, by name or by ARN with `_` for `/` and `:`";
            return Err(Error::new("the file name does not say which target group this is").help(help));
        };
        let (scope, id) = target_group(group);
        Ok(vec![(scope, id, Self { targets })])
    }
}

/// Scope and id of a target group in a file name. Names of target groups hold no `_`.
fn target_group(argument: &str) -> (Scope, String) {
    let parts: Vec<&str> = argument.split('_').collect();
    match parts.as_slice() {
        ["arn", _, "elasticloadbalancing", region, account, "targetgroup", name, hash] => {
            let hash = hash.split('-').next().unwrap_or(hash);
            (Scope::of(account, region), format!("targetgroup/{name}/{hash}"))
        }
        _ => (Scope::default(), argument.to_owned()),
    }
}

/// A classic load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ClassicLoadBalancer {
    /// The name.
    pub load_balancer_name: String,
    /// `internet-facing` or `internal`.
    pub scheme: Option<String>,
    /// When it was made.
    pub created_time: Option<Moment>,
    /// `vpc-...`.
    #[serde(rename = "VPCId")]
    pub vpc_id: Option<String>,
    /// Such as `us-east-1a`.
    pub availability_zones: Vec<String>,
    /// The registered instances.
    pub instances: Vec<ClassicInstance>,
}

/// An instance of a classic load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ClassicInstance {
    /// `i-...`.
    pub instance_id: String,
}

impl Listed for ClassicLoadBalancer {
    const TOKEN: &'static str = "inventory.elb-describe-load-balancers";
    const KEY: &'static str = "LoadBalancerDescriptions";
    const ID: &'static str = "LoadBalancerName";

    fn id(&self) -> &str {
        &self.load_balancer_name
    }

    fn scope(&self) -> Scope {
        zone_scope(self.availability_zones.first().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_carry_the_target_group() {
        let arn = "arn_aws_elasticloadbalancing_us-east-1_111122223333_targetgroup_my-tg_73e2d6bc24d8a067";
        let known = (Scope::of("111122223333", "us-east-1"), "targetgroup/my-tg/73e2d6bc24d8a067".to_owned());
        assert_eq!(target_group(arn), known);
        assert_eq!(target_group(&format!("{arn}-2")), known);
        assert_eq!(target_group("my-tg-2"), (Scope::default(), "my-tg-2".to_owned()));
        assert!(TargetHealth::unpack(vec![], Some("")).is_err());
        let empty = TargetHealth::unpack(vec![], Some("tg")).unwrap();
        assert!(empty[0].2.targets.is_empty());
    }
}
