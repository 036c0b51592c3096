//! EC2, as the inventory reads it.

use super::{
    failure::Failure,
    site::{Fetch, Site, at, client, listed, listing, whole, word},
};
use crate::inventory::{Inventory, Tag, ec2};
use aws_sdk_ec2::types as sdk;
use std::{collections::BTreeSet, sync::Arc};

/// Items of a page: without a number AWS answers with all there is at once, which in a large account takes too long.
const PAGE: i32 = 500;

pub(super) fn instances(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(ec2::Instance, client!(site, aws_sdk_ec2).describe_instances().max_results(PAGE), reservation)
    })
}

fn reservation(of: sdk::Reservation) -> ec2::Reservation {
    ec2::Reservation {
        owner_id: of.owner_id,
        instances: of.instances.unwrap_or_default().into_iter().map(instance).collect(),
    }
}

fn instance(of: sdk::Instance) -> ec2::Instance {
    let placement = |of: sdk::Placement| ec2::Placement {
        availability_zone: of.availability_zone,
        tenancy: word(of.tenancy),
        host_id: of.host_id,
        group_name: of.group_name,
    };
    ec2::Instance {
        instance_id: of.instance_id.unwrap_or_default(),
        instance_type: word(of.instance_type),
        image_id: of.image_id,
        state: ec2::InstanceState { name: word(of.state.and_then(|state| state.name)).unwrap_or_default() },
        state_transition_reason: of.state_transition_reason,
        launch_time: at(of.launch_time),
        placement: of.placement.map(placement),
        architecture: word(of.architecture),
        platform: word(of.platform),
        platform_details: of.platform_details,
        usage_operation: of.usage_operation,
        instance_lifecycle: word(of.instance_lifecycle),
        hypervisor: word(of.hypervisor),
        ena_support: of.ena_support,
        ebs_optimized: of.ebs_optimized,
        root_device_type: word(of.root_device_type),
        capacity_reservation_id: of.capacity_reservation_id,
        cpu_options: of.cpu_options.map(|of| ec2::CpuOptions {
            core_count: whole(of.core_count),
            threads_per_core: whole(of.threads_per_core),
        }),
        product_codes: product_codes(of.product_codes),
        block_device_mappings: of.block_device_mappings.unwrap_or_default().into_iter().map(device).collect(),
        tags: tags(of.tags),
    }
}

fn device(of: sdk::InstanceBlockDeviceMapping) -> ec2::BlockDevice {
    let ebs = |of: sdk::EbsInstanceBlockDevice| ec2::EbsDevice {
        volume_id: of.volume_id,
        snapshot_id: None,
        delete_on_termination: of.delete_on_termination,
        attach_time: at(of.attach_time),
    };
    ec2::BlockDevice { device_name: of.device_name, ebs: of.ebs.map(ebs) }
}

fn product_codes(of: Option<Vec<sdk::ProductCode>>) -> Vec<ec2::ProductCode> {
    let code = |of: sdk::ProductCode| ec2::ProductCode {
        product_code_id: of.product_code_id,
        product_code_type: word(of.product_code_type),
    };
    of.unwrap_or_default().into_iter().map(code).collect()
}

fn tags(of: Option<Vec<sdk::Tag>>) -> Vec<Tag> {
    let tag = |of: sdk::Tag| Tag { key: of.key.unwrap_or_default(), value: of.value.unwrap_or_default() };
    of.unwrap_or_default().into_iter().map(tag).collect()
}

pub(super) fn volumes(site: Site) -> Fetch {
    Box::pin(
        async move { listed!(ec2::Volume, client!(site, aws_sdk_ec2).describe_volumes().max_results(PAGE), volume) },
    )
}

fn volume(of: sdk::Volume) -> ec2::Volume {
    let attachment = |of: sdk::VolumeAttachment| ec2::Attachment {
        instance_id: of.instance_id,
        state: word(of.state),
        attach_time: at(of.attach_time),
        delete_on_termination: of.delete_on_termination,
    };
    ec2::Volume {
        volume_id: of.volume_id.unwrap_or_default(),
        volume_type: word(of.volume_type),
        size: whole(of.size),
        iops: whole(of.iops),
        throughput: whole(of.throughput),
        state: word(of.state),
        create_time: at(of.create_time),
        availability_zone: of.availability_zone,
        snapshot_id: of.snapshot_id,
        multi_attach_enabled: of.multi_attach_enabled,
        outpost_arn: of.outpost_arn,
        attachments: of.attachments.unwrap_or_default().into_iter().map(attachment).collect(),
        tags: tags(of.tags),
    }
}

pub(super) fn addresses(site: Site) -> Fetch {
    Box::pin(async move {
        let all = client!(site, aws_sdk_ec2).describe_addresses().send().await?;
        listing::<ec2::Address>(all.addresses.unwrap_or_default().into_iter().map(address).collect())
    })
}

fn address(of: sdk::Address) -> ec2::Address {
    ec2::Address {
        allocation_id: of.allocation_id,
        public_ip: of.public_ip,
        association_id: of.association_id,
        instance_id: of.instance_id,
        network_interface_id: of.network_interface_id,
        private_ip_address: of.private_ip_address,
        network_border_group: of.network_border_group,
        service_managed: word(of.service_managed),
        tags: tags(of.tags),
    }
}

pub(super) fn nat_gateways(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(ec2::NatGateway, client!(site, aws_sdk_ec2).describe_nat_gateways().max_results(PAGE), nat_gateway)
    })
}

fn nat_gateway(of: sdk::NatGateway) -> ec2::NatGateway {
    let address = |of: sdk::NatGatewayAddress| ec2::NatGatewayAddress {
        allocation_id: of.allocation_id,
        public_ip: of.public_ip,
        availability_zone: of.availability_zone,
    };
    ec2::NatGateway {
        nat_gateway_id: of.nat_gateway_id.unwrap_or_default(),
        state: word(of.state),
        connectivity_type: word(of.connectivity_type),
        availability_mode: word(of.availability_mode),
        create_time: at(of.create_time),
        vpc_id: of.vpc_id,
        subnet_id: of.subnet_id,
        nat_gateway_addresses: of.nat_gateway_addresses.unwrap_or_default().into_iter().map(address).collect(),
        tags: tags(of.tags),
    }
}

/// Snapshots of the account itself: those that others share cost it nothing.
pub(super) fn snapshots(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(
            ec2::Snapshot,
            client!(site, aws_sdk_ec2).describe_snapshots().owner_ids("self").max_results(PAGE),
            snapshot
        )
    })
}

fn snapshot(of: sdk::Snapshot) -> ec2::Snapshot {
    ec2::Snapshot {
        snapshot_id: of.snapshot_id.unwrap_or_default(),
        volume_id: of.volume_id,
        volume_size: whole(of.volume_size),
        full_snapshot_size_in_bytes: of.full_snapshot_size_in_bytes,
        state: word(of.state),
        storage_tier: word(of.storage_tier),
        start_time: at(of.start_time),
        owner_id: of.owner_id,
        description: of.description,
        tags: tags(of.tags),
    }
}

/// Images of the account itself, with those that are disabled or deprecated: any of them holds its snapshots.
pub(super) fn images(site: Site) -> Fetch {
    Box::pin(async move {
        let ask = client!(site, aws_sdk_ec2).describe_images().owners("self");
        let all = ask.include_deprecated(true).include_disabled(true).max_results(PAGE).into_paginator().items().send();
        let all: Vec<_> = all.collect::<Result<_, _>>().await?;
        listing::<ec2::Image>(all.into_iter().map(image).collect())
    })
}

fn image(of: sdk::Image) -> ec2::Image {
    let moment = |text: Option<String>| {
        text.and_then(|text| crate::time::parse_moment(&text).ok()).map(crate::inventory::Moment)
    };
    let device = |of: sdk::BlockDeviceMapping| ec2::BlockDevice {
        device_name: of.device_name,
        ebs: of.ebs.map(|of| ec2::EbsDevice {
            volume_id: None,
            snapshot_id: of.snapshot_id,
            delete_on_termination: of.delete_on_termination,
            attach_time: None,
        }),
    };
    ec2::Image {
        image_id: of.image_id.unwrap_or_default(),
        name: of.name,
        owner_id: of.owner_id,
        image_owner_alias: of.image_owner_alias,
        architecture: word(of.architecture),
        platform: word(of.platform),
        platform_details: of.platform_details,
        usage_operation: of.usage_operation,
        ena_support: of.ena_support,
        state: word(of.state),
        creation_date: moment(of.creation_date),
        last_launched_time: moment(of.last_launched_time),
        product_codes: product_codes(of.product_codes),
        block_device_mappings: of.block_device_mappings.unwrap_or_default().into_iter().map(device).collect(),
        tags: tags(of.tags),
    }
}

pub(super) fn vpc_endpoints(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(ec2::VpcEndpoint, client!(site, aws_sdk_ec2).describe_vpc_endpoints().max_results(PAGE), vpc_endpoint)
    })
}

fn vpc_endpoint(of: sdk::VpcEndpoint) -> ec2::VpcEndpoint {
    ec2::VpcEndpoint {
        vpc_endpoint_id: of.vpc_endpoint_id.unwrap_or_default(),
        vpc_endpoint_type: word(of.vpc_endpoint_type),
        service_name: of.service_name,
        state: word(of.state),
        vpc_id: of.vpc_id,
        subnet_ids: of.subnet_ids.unwrap_or_default(),
        requester_managed: of.requester_managed,
        creation_timestamp: at(of.creation_timestamp),
        owner_id: of.owner_id,
        tags: tags(of.tags),
    }
}

pub(super) fn capacity_reservations(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(
            ec2::CapacityReservation,
            client!(site, aws_sdk_ec2).describe_capacity_reservations().max_results(PAGE),
            capacity_reservation
        )
    })
}

fn capacity_reservation(of: sdk::CapacityReservation) -> ec2::CapacityReservation {
    ec2::CapacityReservation {
        capacity_reservation_id: of.capacity_reservation_id.unwrap_or_default(),
        capacity_reservation_arn: of.capacity_reservation_arn,
        owner_id: of.owner_id,
        unused_reservation_billing_owner_id: of.unused_reservation_billing_owner_id,
        instance_type: of.instance_type,
        instance_platform: word(of.instance_platform),
        availability_zone: of.availability_zone,
        tenancy: word(of.tenancy),
        state: word(of.state),
        total_instance_count: whole(of.total_instance_count),
        available_instance_count: whole(of.available_instance_count),
        instance_match_criteria: word(of.instance_match_criteria),
        reservation_type: word(of.reservation_type),
        start_date: at(of.start_date),
        end_date: at(of.end_date),
        end_date_type: word(of.end_date_type),
        create_date: at(of.create_date),
        tags: tags(of.tags),
    }
}

pub(super) fn reserved_instances(site: Site) -> Fetch {
    Box::pin(async move {
        let all = client!(site, aws_sdk_ec2).describe_reserved_instances().send().await?;
        listing::<ec2::ReservedInstances>(
            all.reserved_instances.unwrap_or_default().into_iter().map(reserved).collect(),
        )
    })
}

fn recurring(of: Option<Vec<sdk::RecurringCharge>>) -> Vec<ec2::RecurringCharge> {
    let charge = |of: sdk::RecurringCharge| ec2::RecurringCharge { amount: of.amount, frequency: word(of.frequency) };
    of.unwrap_or_default().into_iter().map(charge).collect()
}

fn reserved(of: sdk::ReservedInstances) -> ec2::ReservedInstances {
    ec2::ReservedInstances {
        reserved_instances_id: of.reserved_instances_id.unwrap_or_default(),
        instance_type: word(of.instance_type),
        instance_count: whole(of.instance_count),
        product_description: word(of.product_description),
        scope: word(of.scope),
        availability_zone: of.availability_zone,
        instance_tenancy: word(of.instance_tenancy),
        offering_class: word(of.offering_class),
        offering_type: word(of.offering_type),
        state: word(of.state),
        start: at(of.start),
        end: at(of.end),
        duration: of.duration,
        fixed_price: of.fixed_price.map(exact),
        usage_price: of.usage_price.map(exact),
        recurring_charges: recurring(of.recurring_charges),
        currency_code: word(of.currency_code),
        tags: tags(of.tags),
    }
}

/// The decimal that AWS wrote, which the SDK holds in single precision.
fn exact(price: f32) -> f64 {
    price.to_string().parse().unwrap_or_default()
}

/// Offers of AWS itself for the types that run here: all offers of a region are tens of thousands.
pub(super) fn reserved_offerings(site: Site, known: Arc<Inventory>) -> Fetch {
    Box::pin(async move {
        let kinds: BTreeSet<String> =
            known.instances.iter().filter_map(|(_, _, instance)| instance.instance_type.clone()).collect();
        let client = client!(site, aws_sdk_ec2);
        let mut offers = Vec::new();
        // A filter takes 200 values.
        for some in kinds.into_iter().collect::<Vec<_>>().chunks(200) {
            let filter = sdk::Filter::builder().name("instance-type").set_values(Some(some.to_vec())).build();
            let ask = client.describe_reserved_instances_offerings().include_marketplace(false).filters(filter);
            let page: Vec<_> = ask.into_paginator().items().send().collect::<Result<_, _>>().await?;
            offers.extend(page.into_iter().map(offering));
        }
        listing::<ec2::ReservedInstancesOffering>(offers)
    })
}

fn offering(of: sdk::ReservedInstancesOffering) -> ec2::ReservedInstancesOffering {
    ec2::ReservedInstancesOffering {
        reserved_instances_offering_id: of.reserved_instances_offering_id.unwrap_or_default(),
        instance_type: word(of.instance_type),
        product_description: word(of.product_description),
        scope: word(of.scope),
        availability_zone: of.availability_zone,
        instance_tenancy: word(of.instance_tenancy),
        offering_class: word(of.offering_class),
        offering_type: word(of.offering_type),
        duration: of.duration,
        fixed_price: of.fixed_price.map(exact),
        usage_price: of.usage_price.map(exact),
        recurring_charges: recurring(of.recurring_charges),
        currency_code: word(of.currency_code),
        marketplace: of.marketplace,
    }
}

/// The regions of an account, sorted.
#[derive(Debug, Clone)]
pub(super) struct Regions {
    /// Those that are switched on.
    pub(super) all: Vec<String>,
    /// Those of them that are switched on in every account.
    pub(super) everywhere: Vec<String>,
}

/// The regions that are switched on.
pub(super) async fn regions(site: &Site) -> Result<Regions, Failure> {
    let told = client!(site, aws_sdk_ec2).describe_regions().send().await?;
    let (mut all, mut everywhere) = (Vec::new(), Vec::new());
    for region in told.regions.unwrap_or_default() {
        let Some(name) = region.region_name else { continue };
        if region.opt_in_status.as_deref() == Some("opt-in-not-required") {
            everywhere.push(name.clone());
        }
        all.push(name);
    }
    all.sort();
    everywhere.sort();
    Ok(Regions { all, everywhere })
}
