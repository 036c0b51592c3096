//! EC2: instances, volumes, addresses, NAT gateways, snapshots, images, endpoints, reservations.

mod reserved;

pub use reserved::{RecurringCharge, ReservedInstances, ReservedInstancesOffering};

use super::{
    Found, Listed, Moment, Operation, Scope, Tag,
    arn::{scope, zone_scope},
    shape::moment_or_empty,
};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// A reservation: the instances that were launched together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Reservation {
    /// The account that owns the instances.
    pub owner_id: Option<String>,
    /// The instances.
    pub instances: Vec<Instance>,
}

/// An instance; terminated ones stay listed for about an hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Instance {
    /// `i-...`.
    pub instance_id: String,
    /// Such as `m5.large`.
    pub instance_type: Option<String>,
    /// `ami-...`.
    pub image_id: Option<String>,
    /// Running, stopped, ...
    pub state: InstanceState,
    /// Why and when the state changed last: `User initiated (2026-08-01 12:00:00 GMT)`.
    pub state_transition_reason: Option<String>,
    /// The last start, not the creation.
    pub launch_time: Option<Moment>,
    /// Where it runs.
    pub placement: Option<Placement>,
    /// `x86_64`, `arm64`, ...
    pub architecture: Option<String>,
    /// `Windows`, or nothing.
    pub platform: Option<String>,
    /// Such as `Linux/UNIX` or `Windows with SQL Server Standard`.
    pub platform_details: Option<String>,
    /// The bill's `line_item_operation`, such as `RunInstances:0002`.
    pub usage_operation: Option<String>,
    /// `spot`, `scheduled`, `capacity-block`; nothing for on-demand.
    pub instance_lifecycle: Option<String>,
    /// `xen` or `ovm`; AWS says `xen` for Nitro too.
    pub hypervisor: Option<String>,
    /// Whether enhanced networking is on, which current types need.
    pub ena_support: Option<bool>,
    /// Whether the instance pays for, or includes, EBS optimisation.
    pub ebs_optimized: Option<bool>,
    /// `ebs` or `instance-store`: the latter cannot be stopped.
    pub root_device_type: Option<String>,
    /// The capacity reservation it runs in: `cr-...`.
    pub capacity_reservation_id: Option<String>,
    /// Cores and threads.
    pub cpu_options: Option<CpuOptions>,
    /// Marketplace products, which forbid some moves.
    pub product_codes: Vec<ProductCode>,
    /// Attached EBS volumes.
    pub block_device_mappings: Vec<BlockDevice>,
    /// The tags.
    pub tags: Vec<Tag>,
}

impl Instance {
    /// When it was stopped or otherwise changed its state last, if AWS says so.
    #[must_use]
    pub fn changed_at(&self) -> Option<Moment> {
        let (_, rest) = self.state_transition_reason.as_deref()?.split_once('(')?;
        let text = rest.split_once(')')?.0.trim().strip_suffix("GMT")?;
        crate::time::parse_moment(text).ok().map(Moment)
    }
}

/// The state of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstanceState {
    /// `pending`, `running`, `shutting-down`, `terminated`, `stopping`, `stopped`.
    pub name: String,
}

/// Where an instance runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Placement {
    /// Such as `us-east-1a`.
    pub availability_zone: Option<String>,
    /// `default`, `dedicated` or `host`.
    pub tenancy: Option<String>,
    /// The dedicated host: `h-...`.
    pub host_id: Option<String>,
    /// The placement group.
    pub group_name: Option<String>,
}

/// Cores and threads of an instance; fewer than the type's are set for licences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CpuOptions {
    /// Cores.
    pub core_count: Option<i64>,
    /// Threads of each core.
    pub threads_per_core: Option<i64>,
}

/// A product code of an image or an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ProductCode {
    /// The code.
    pub product_code_id: Option<String>,
    /// `marketplace` or `devpay`.
    pub product_code_type: Option<String>,
}

/// A block device of an instance or an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BlockDevice {
    /// Such as `/dev/xvda`.
    pub device_name: Option<String>,
    /// The volume; nothing for an instance store.
    pub ebs: Option<EbsDevice>,
}

/// The volume behind a block device; an image names a snapshot, an instance a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EbsDevice {
    /// `vol-...`.
    pub volume_id: Option<String>,
    /// `snap-...`: a snapshot that an image holds cannot be deleted.
    pub snapshot_id: Option<String>,
    /// Whether the volume goes with the instance.
    pub delete_on_termination: Option<bool>,
    /// Since when it is attached.
    pub attach_time: Option<Moment>,
}

impl Operation for Instance {
    type Entry = Reservation;
    const TOKEN: &'static str = "inventory.ec2-describe-instances";
    const KEY: &'static str = "Reservations";
    const ID: &'static str = "InstanceId";

    fn is_named(entry: &Reservation) -> bool {
        entry.instances.iter().all(|instance| !instance.instance_id.is_empty())
    }

    fn unpack(entries: Vec<Reservation>, _: Option<&str>) -> Result<Vec<Found<Self>>> {
        let mut found = Vec::new();
        for Reservation { owner_id, instances } in entries {
            for instance in instances {
                let zone = instance.placement.as_ref().and_then(|placement| placement.availability_zone.as_deref());
                let scope = Scope { account: owner_id.clone(), ..zone_scope(zone) };
                found.push((scope, instance.instance_id.clone(), instance));
            }
        }
        Ok(found)
    }
}

/// An EBS volume.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Volume {
    /// `vol-...`.
    pub volume_id: String,
    /// `gp2`, `gp3`, `io1`, `io2`, `st1`, `sc1`, `standard`.
    pub volume_type: Option<String>,
    /// GiB.
    pub size: Option<i64>,
    /// Provisioned or baseline operations a second.
    pub iops: Option<i64>,
    /// Provisioned MiB a second, of gp3 alone.
    pub throughput: Option<i64>,
    /// `creating`, `available` (attached to nothing), `in-use`, `deleting`, `deleted`, `error`.
    pub state: Option<String>,
    /// When it was made.
    pub create_time: Option<Moment>,
    /// Such as `us-east-1a`.
    pub availability_zone: Option<String>,
    /// The snapshot it was made from.
    pub snapshot_id: Option<String>,
    /// Whether several instances may attach it, which ties it to io1 and io2.
    pub multi_attach_enabled: Option<bool>,
    /// The outpost it lies on, if it does.
    pub outpost_arn: Option<String>,
    /// What it is attached to now; AWS does not say since when it is not.
    pub attachments: Vec<Attachment>,
    /// The tags.
    pub tags: Vec<Tag>,
}

/// An attachment of a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Attachment {
    /// `i-...`; nothing when AWS's own service attached it.
    pub instance_id: Option<String>,
    /// `attaching`, `attached`, `detaching`, `detached`, `busy`.
    pub state: Option<String>,
    /// Since when.
    pub attach_time: Option<Moment>,
    /// Whether it goes with the instance.
    pub delete_on_termination: Option<bool>,
}

impl Listed for Volume {
    const TOKEN: &'static str = "inventory.ec2-describe-volumes";
    const KEY: &'static str = "Volumes";
    const ID: &'static str = "VolumeId";

    fn id(&self) -> &str {
        &self.volume_id
    }

    fn scope(&self) -> Scope {
        zone_scope(self.availability_zone.as_deref())
    }
}

/// An Elastic IP address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Address {
    /// `eipalloc-...`.
    pub allocation_id: Option<String>,
    /// The address itself.
    pub public_ip: Option<String>,
    /// `eipassoc-...`; nothing when it is associated with nothing.
    pub association_id: Option<String>,
    /// The instance it is associated with.
    pub instance_id: Option<String>,
    /// The network interface it is associated with: `eni-...`.
    pub network_interface_id: Option<String>,
    /// The private address behind it.
    pub private_ip_address: Option<String>,
    /// The region or local zone that announces it.
    pub network_border_group: Option<String>,
    /// The service that manages it (`alb`, `nlb`, `rnat`, `rds`): not yours to release.
    pub service_managed: Option<String>,
    /// The tags.
    pub tags: Vec<Tag>,
}

impl Listed for Address {
    const TOKEN: &'static str = "inventory.ec2-describe-addresses";
    const KEY: &'static str = "Addresses";
    const ID: &'static str = "AllocationId";

    /// The allocation; addresses of EC2-Classic have none and go by the address itself.
    fn id(&self) -> &str {
        self.allocation_id.as_deref().or(self.public_ip.as_deref()).unwrap_or_default()
    }

    fn scope(&self) -> Scope {
        zone_scope(self.network_border_group.as_deref())
    }
}

/// A NAT gateway; deleted ones stay listed for about an hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NatGateway {
    /// `nat-...`.
    pub nat_gateway_id: String,
    /// `pending`, `failed`, `available`, `deleting`, `deleted`.
    pub state: Option<String>,
    /// `public` or `private`.
    pub connectivity_type: Option<String>,
    /// `zonal` or `regional`.
    pub availability_mode: Option<String>,
    /// When it was made.
    pub create_time: Option<Moment>,
    /// `vpc-...`.
    pub vpc_id: Option<String>,
    /// `subnet-...`.
    pub subnet_id: Option<String>,
    /// Its addresses.
    pub nat_gateway_addresses: Vec<NatGatewayAddress>,
    /// The tags.
    pub tags: Vec<Tag>,
}

/// An address of a NAT gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NatGatewayAddress {
    /// The Elastic IP: `eipalloc-...`.
    pub allocation_id: Option<String>,
    /// The public address.
    pub public_ip: Option<String>,
    /// The zone, of a regional gateway.
    pub availability_zone: Option<String>,
}

impl Listed for NatGateway {
    const TOKEN: &'static str = "inventory.ec2-describe-nat-gateways";
    const KEY: &'static str = "NatGateways";
    const ID: &'static str = "NatGatewayId";

    fn id(&self) -> &str {
        &self.nat_gateway_id
    }

    fn scope(&self) -> Scope {
        zone_scope(self.nat_gateway_addresses.iter().find_map(|address| address.availability_zone.as_deref()))
    }
}

/// An EBS snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Snapshot {
    /// `snap-...`.
    pub snapshot_id: String,
    /// The volume it was taken of; AWS writes `vol-ffffffff` for a copy.
    pub volume_id: Option<String>,
    /// GiB of the volume: not what is stored, which is incremental.
    pub volume_size: Option<i64>,
    /// Bytes that a full copy would take.
    pub full_snapshot_size_in_bytes: Option<i64>,
    /// `pending`, `completed`, `error`, `recoverable`, `recovering`.
    pub state: Option<String>,
    /// `standard` or `archive`.
    pub storage_tier: Option<String>,
    /// When it was begun.
    pub start_time: Option<Moment>,
    /// The account that owns, and pays for, it.
    pub owner_id: Option<String>,
    /// What its maker wrote; AMIs and AWS Backup leave their mark here.
    pub description: Option<String>,
    /// The tags.
    pub tags: Vec<Tag>,
}

impl Listed for Snapshot {
    const TOKEN: &'static str = "inventory.ec2-describe-snapshots";
    const KEY: &'static str = "Snapshots";
    const ID: &'static str = "SnapshotId";

    fn id(&self) -> &str {
        &self.snapshot_id
    }

    fn scope(&self) -> Scope {
        Scope { account: self.owner_id.clone(), region: None }
    }
}

/// A machine image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Image {
    /// `ami-...`.
    pub image_id: String,
    /// The name.
    pub name: Option<String>,
    /// The account that owns it.
    pub owner_id: Option<String>,
    /// `amazon`, `aws-marketplace`, or nothing.
    pub image_owner_alias: Option<String>,
    /// `x86_64`, `arm64`, ...
    pub architecture: Option<String>,
    /// `Windows`, or nothing.
    pub platform: Option<String>,
    /// Such as `Linux/UNIX`.
    pub platform_details: Option<String>,
    /// The bill's `line_item_operation`.
    pub usage_operation: Option<String>,
    /// Whether it can run on types with enhanced networking.
    pub ena_support: Option<bool>,
    /// `available`, `deregistered`, `disabled`, ...
    pub state: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "moment_or_empty")]
    pub creation_date: Option<Moment>,
    /// When it was last launched, with a day's delay; nothing when never or not known.
    #[serde(deserialize_with = "moment_or_empty")]
    pub last_launched_time: Option<Moment>,
    /// Marketplace products.
    pub product_codes: Vec<ProductCode>,
    /// The snapshots it is made of.
    pub block_device_mappings: Vec<BlockDevice>,
    /// The tags.
    pub tags: Vec<Tag>,
}

impl Listed for Image {
    const TOKEN: &'static str = "inventory.ec2-describe-images";
    const KEY: &'static str = "Images";
    const ID: &'static str = "ImageId";

    fn id(&self) -> &str {
        &self.image_id
    }
}

/// A VPC endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VpcEndpoint {
    /// `vpce-...`.
    pub vpc_endpoint_id: String,
    /// `Interface`, `Gateway` (free), `GatewayLoadBalancer`, `Resource`, `ServiceNetwork`.
    pub vpc_endpoint_type: Option<String>,
    /// Such as `com.amazonaws.us-east-1.ecr.api`.
    pub service_name: Option<String>,
    /// `available`, `pending`, `deleted`, ...: the CLI prints small or capital first letters.
    pub state: Option<String>,
    /// `vpc-...`.
    pub vpc_id: Option<String>,
    /// A zone each, which is what is paid for.
    pub subnet_ids: Vec<String>,
    /// Whether a service of AWS asked for it: not yours to delete.
    pub requester_managed: Option<bool>,
    /// When it was made.
    pub creation_timestamp: Option<Moment>,
    /// The account that owns it.
    pub owner_id: Option<String>,
    /// The tags.
    pub tags: Vec<Tag>,
}

impl Listed for VpcEndpoint {
    const TOKEN: &'static str = "inventory.ec2-describe-vpc-endpoints";
    const KEY: &'static str = "VpcEndpoints";
    const ID: &'static str = "VpcEndpointId";

    fn id(&self) -> &str {
        &self.vpc_endpoint_id
    }

    fn scope(&self) -> Scope {
        Scope { account: self.owner_id.clone(), region: None }
    }
}

/// An on-demand capacity reservation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CapacityReservation {
    /// `cr-...`.
    pub capacity_reservation_id: String,
    /// Its ARN.
    pub capacity_reservation_arn: Option<String>,
    /// The account that made it.
    pub owner_id: Option<String>,
    /// The account that its unused hours are billed to, when that is another one.
    pub unused_reservation_billing_owner_id: Option<String>,
    /// Such as `m5.large`.
    pub instance_type: Option<String>,
    /// Such as `Linux/UNIX`.
    pub instance_platform: Option<String>,
    /// Such as `us-east-1a`.
    pub availability_zone: Option<String>,
    /// `default` or `dedicated`.
    pub tenancy: Option<String>,
    /// `active`, `expired`, `cancelled`, `pending`, `failed`, ...
    pub state: Option<String>,
    /// Instances reserved.
    pub total_instance_count: Option<i64>,
    /// Instances reserved and not in use.
    pub available_instance_count: Option<i64>,
    /// `open` or `targeted`.
    pub instance_match_criteria: Option<String>,
    /// `default` or `capacity-block`, which is paid ahead.
    pub reservation_type: Option<String>,
    /// Since when it is active.
    pub start_date: Option<Moment>,
    /// When it ends by itself.
    pub end_date: Option<Moment>,
    /// `unlimited` or `limited`.
    pub end_date_type: Option<String>,
    /// When it was made.
    pub create_date: Option<Moment>,
    /// The tags.
    pub tags: Vec<Tag>,
}

impl Listed for CapacityReservation {
    const TOKEN: &'static str = "inventory.ec2-describe-capacity-reservations";
    const KEY: &'static str = "CapacityReservations";
    const ID: &'static str = "CapacityReservationId";

    fn id(&self) -> &str {
        &self.capacity_reservation_id
    }

    fn scope(&self) -> Scope {
        let owner = Scope { account: self.owner_id.clone(), ..zone_scope(self.availability_zone.as_deref()) };
        owner.or(&scope(self.capacity_reservation_arn.as_deref().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_tells_when_it_stopped() {
        let reason = |text: &str| Instance { state_transition_reason: Some(text.into()), ..Instance::default() };
        let at = reason("User initiated (2026-08-01 12:00:00 GMT)").changed_at();
        assert_eq!(at, Some(Moment(crate::time::parse_moment("2026-08-01T12:00:00Z").unwrap())));
        assert_eq!(reason("User initiated").changed_at(), None);
        assert_eq!(reason("").changed_at(), None);
        assert_eq!(Instance::default().changed_at(), None);
    }

    #[test]
    fn instances_carry_the_owner_of_their_reservation() {
        let text = r#"{"OwnerId": "111122223333", "Instances": [{"InstanceId": "i-1", "State": {"Code": 16, "Name": "running"},
            "Placement": {"AvailabilityZone": "eu-west-1b"}, "LaunchTime": "2026-01-01T00:00:00+00:00"}]}"#;
        let found = Instance::unpack(vec![serde_json::from_str(text).unwrap()], None).unwrap();
        let (scope, id, instance) = &found[0];
        assert_eq!((scope, id.as_str()), (&Scope::of("111122223333", "eu-west-1"), "i-1"));
        assert_eq!(instance.state.name, "running");
    }
}
