//! Reserved nodes of Redshift, as the inventory reads them.

use super::site::{Fetch, Site, at, charges, client, listed, listing, whole};
use crate::inventory::{Inventory, redshift};
use aws_sdk_redshift::types as sdk;
use std::sync::Arc;

pub(super) fn reserved(site: Site) -> Fetch {
    Box::pin(async move {
        listed!(redshift::ReservedNode, client!(site, aws_sdk_redshift).describe_reserved_nodes(), reserved_node)
    })
}

fn reserved_node(of: sdk::ReservedNode) -> redshift::ReservedNode {
    redshift::ReservedNode {
        reserved_node_id: of.reserved_node_id.unwrap_or_default(),
        node_type: of.node_type,
        node_count: whole(of.node_count),
        state: of.state,
        start_time: at(of.start_time),
        offering_type: of.offering_type,
        duration: whole(of.duration),
        fixed_price: of.fixed_price,
        usage_price: of.usage_price,
        recurring_charges: charges!(of.recurring_charges),
    }
}

/// All offers, where nodes are reserved already: a cluster is known to the bill alone.
pub(super) fn offerings(site: Site, known: Arc<Inventory>) -> Fetch {
    Box::pin(async move {
        if known.reserved_warehouse_nodes.is_empty() {
            return listing::<redshift::ReservedNodeOffering>(Vec::new());
        }
        listed!(
            redshift::ReservedNodeOffering,
            client!(site, aws_sdk_redshift).describe_reserved_node_offerings(),
            offering
        )
    })
}

fn offering(of: sdk::ReservedNodeOffering) -> redshift::ReservedNodeOffering {
    redshift::ReservedNodeOffering {
        reserved_node_offering_id: of.reserved_node_offering_id.unwrap_or_default(),
        node_type: of.node_type,
        offering_type: of.offering_type,
        duration: whole(of.duration),
        fixed_price: of.fixed_price,
        usage_price: of.usage_price,
        recurring_charges: charges!(of.recurring_charges),
    }
}
