//! Auto Scaling groups of EC2.

use super::{
    Listed, Moment, Scope, Tag,
    arn::{scope, zone_scope},
};
use serde::{Deserialize, Serialize};

/// An Auto Scaling group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AutoScalingGroup {
    /// The name.
    pub auto_scaling_group_name: String,
    /// Its ARN.
    #[serde(rename = "AutoScalingGroupARN")]
    pub auto_scaling_group_arn: Option<String>,
    /// Instances at least.
    pub min_size: Option<i64>,
    /// Instances at most.
    pub max_size: Option<i64>,
    /// Instances wanted now.
    pub desired_capacity: Option<i64>,
    /// Its zones.
    pub availability_zones: Vec<String>,
    /// Its instances now.
    pub instances: Vec<Member>,
    /// The classic load balancers it serves.
    pub load_balancer_names: Vec<String>,
    /// The target groups it serves.
    #[serde(rename = "TargetGroupARNs")]
    pub target_group_arns: Vec<String>,
    /// Processes that are held: with `Launch` or `Terminate` among them the group does not scale.
    pub suspended_processes: Vec<SuspendedProcess>,
    /// Mixed types and Spot; nothing when there is one type.
    pub mixed_instances_policy: Option<MixedInstancesPolicy>,
    /// When it was made.
    pub created_time: Option<Moment>,
    /// `Delete in progress`, or nothing.
    pub status: Option<String>,
    /// The tags.
    pub tags: Vec<Tag>,
}

/// An instance of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Member {
    /// `i-...`.
    pub instance_id: String,
    /// Such as `m5.large`.
    pub instance_type: Option<String>,
    /// Such as `us-east-1a`.
    pub availability_zone: Option<String>,
    /// `InService`, `Pending`, `Warmed:Stopped`, ...
    pub lifecycle_state: Option<String>,
    /// Whether scaling in leaves it alone.
    pub protected_from_scale_in: Option<bool>,
}

/// A process that is held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SuspendedProcess {
    /// `Launch`, `Terminate`, `ScheduledActions`, ...
    pub process_name: Option<String>,
}

/// How types and markets are mixed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MixedInstancesPolicy {
    /// On-demand and Spot.
    pub instances_distribution: Option<InstancesDistribution>,
}

/// On-demand and Spot in a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstancesDistribution {
    /// Instances that are always on-demand.
    pub on_demand_base_capacity: Option<i64>,
    /// Percent of on-demand above the base.
    pub on_demand_percentage_above_base_capacity: Option<i64>,
}

impl Listed for AutoScalingGroup {
    const TOKEN: &'static str = "inventory.autoscaling-describe-auto-scaling-groups";
    const KEY: &'static str = "AutoScalingGroups";
    const ID: &'static str = "AutoScalingGroupName";

    fn id(&self) -> &str {
        &self.auto_scaling_group_name
    }

    fn scope(&self) -> Scope {
        let zone = zone_scope(self.availability_zones.first().map(String::as_str));
        scope(self.auto_scaling_group_arn.as_deref().unwrap_or_default()).or(&zone)
    }
}
