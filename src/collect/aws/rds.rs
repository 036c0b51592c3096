//! RDS and Aurora, as the inventory reads them.

use super::site::{Fetch, Site, at, charges, client, listed, listing, whole};
use crate::inventory::{Inventory, Tag, rds};
use aws_sdk_rds::types as sdk;
use std::{collections::BTreeSet, sync::Arc};

pub(super) fn instances(site: Site) -> Fetch {
    Box::pin(async move { listed!(rds::DbInstance, client!(site, aws_sdk_rds).describe_db_instances(), instance) })
}

fn instance(of: sdk::DbInstance) -> rds::DbInstance {
    let tag = |of: sdk::Tag| Tag { key: of.key.unwrap_or_default(), value: of.value.unwrap_or_default() };
    rds::DbInstance {
        db_instance_identifier: of.db_instance_identifier.unwrap_or_default(),
        db_instance_arn: of.db_instance_arn,
        db_instance_class: of.db_instance_class,
        db_instance_status: of.db_instance_status,
        db_cluster_identifier: of.db_cluster_identifier,
        engine: of.engine,
        engine_version: of.engine_version,
        license_model: of.license_model,
        multi_az: of.multi_az,
        availability_zone: of.availability_zone,
        storage_type: of.storage_type,
        allocated_storage: whole(of.allocated_storage),
        max_allocated_storage: whole(of.max_allocated_storage),
        iops: whole(of.iops),
        storage_throughput: whole(of.storage_throughput),
        instance_create_time: at(of.instance_create_time),
        backup_retention_period: whole(of.backup_retention_period),
        deletion_protection: of.deletion_protection,
        read_replica_source_db_instance_identifier: of.read_replica_source_db_instance_identifier,
        read_replica_db_instance_identifiers: of.read_replica_db_instance_identifiers.unwrap_or_default(),
        engine_lifecycle_support: of.engine_lifecycle_support,
        tag_list: of.tag_list.unwrap_or_default().into_iter().map(tag).collect(),
    }
}

pub(super) fn reserved(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(rds::ReservedDbInstance, client!(site, aws_sdk_rds).describe_reserved_db_instances(), reserved_instance)
    })
}

fn reserved_instance(of: sdk::ReservedDbInstance) -> rds::ReservedDbInstance {
    rds::ReservedDbInstance {
        reserved_db_instance_id: of.reserved_db_instance_id.unwrap_or_default(),
        reserved_db_instance_arn: of.reserved_db_instance_arn,
        db_instance_class: of.db_instance_class,
        product_description: of.product_description,
        multi_az: of.multi_az,
        db_instance_count: whole(of.db_instance_count),
        state: of.state,
        offering_type: of.offering_type,
        start_time: at(of.start_time),
        duration: whole(of.duration),
        fixed_price: of.fixed_price,
        usage_price: of.usage_price,
        recurring_charges: charges!(of.recurring_charges),
        currency_code: of.currency_code,
    }
}

/// Offers for the classes that run here.
pub(super) fn offerings(site: Site, known: Arc<Inventory>) -> Fetch {
    Box::pin(async move {
        let classes: BTreeSet<String> =
            known.db_instances.iter().filter_map(|(_, _, instance)| instance.db_instance_class.clone()).collect();
        let client = client!(site, aws_sdk_rds);
        let mut offers = Vec::new();
        for class in classes {
            let all = client.describe_reserved_db_instances_offerings().db_instance_class(class);
            let all: Vec<_> = all.into_paginator().items().send().collect::<Result<_, _>>().await?;
            offers.extend(all.into_iter().map(offering));
        }
        listing::<rds::ReservedDbInstancesOffering>(offers)
    })
}

fn offering(of: sdk::ReservedDbInstancesOffering) -> rds::ReservedDbInstancesOffering {
    rds::ReservedDbInstancesOffering {
        reserved_db_instances_offering_id: of.reserved_db_instances_offering_id.unwrap_or_default(),
        db_instance_class: of.db_instance_class,
        product_description: of.product_description,
        multi_az: of.multi_az,
        offering_type: of.offering_type,
        duration: whole(of.duration),
        fixed_price: of.fixed_price,
        usage_price: of.usage_price,
        recurring_charges: charges!(of.recurring_charges),
        currency_code: of.currency_code,
    }
}
