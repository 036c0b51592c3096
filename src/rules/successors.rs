//! What the Graviton rules tell the rule on sizes: what keeps an instance from Graviton, and the prices that they know.

use super::graviton::{Families, too_old};
use crate::{
    instance::InstanceType,
    inventory::ec2,
    sku::{Instance, Service},
};
use std::collections::BTreeMap;

/// What a Graviton rule knows.
pub struct Successors {
    service: Service,
    gate: Gate,
}

/// What keeps an instance from moving.
enum Gate {
    Servers(Movable),
    Managed { least_versions: BTreeMap<String, String>, families: Families },
}

/// EC2 instances that may move at the ratio of Linux prices.
pub(super) struct Movable {
    /// `PlatformDetails` of the inventory whose licence costs nothing.
    pub(super) platforms: Vec<String>,
    /// `Architecture` of the inventory that can move.
    pub(super) architectures: Vec<String>,
}

impl Movable {
    /// Whether an instance cannot move.
    pub(super) fn blocks(&self, instance: &ec2::Instance) -> bool {
        let other = |text: &Option<String>, known: &[String]| text.as_ref().is_some_and(|text| !known.contains(text));
        let tenancy = instance.placement.as_ref().and_then(|placement| placement.tenancy.as_deref());
        other(&instance.platform_details, &self.platforms)
            || other(&instance.architecture, &self.architectures)
            || tenancy.is_some_and(|tenancy| tenancy != "default")
            || instance.product_codes.iter().any(|code| code.product_code_type.as_deref() == Some("marketplace"))
    }
}

impl Successors {
    /// Of EC2.
    pub(super) fn of_servers(movable: Movable) -> Self {
        Self { service: Service::Ec2, gate: Gate::Servers(movable) }
    }

    /// Of a managed service.
    pub(super) fn of_managed(service: Service, least_versions: BTreeMap<String, String>, families: Families) -> Self {
        Self { service, gate: Gate::Managed { least_versions, families } }
    }

    /// The service.
    pub(super) fn service(&self) -> Service {
        self.service
    }

    /// Whether EC2 instances, as far as they are listed, may move.
    pub(super) fn may_move(&self, listed: &[&ec2::Instance]) -> bool {
        matches!(&self.gate, Gate::Servers(movable) if !listed.iter().any(|instance| movable.blocks(instance)))
    }

    /// Whether a managed engine of some version may move.
    pub(super) fn runs(&self, engine: &str, version: Option<&str>) -> bool {
        matches!(&self.gate, Gate::Managed { least_versions, .. } if !too_old(least_versions, engine, version))
    }

    /// The types of a managed service that the software of an instance runs on, with their list prices: USD an hour in us-east-1.
    pub(super) fn offers(&self, instance: &Instance) -> Vec<(InstanceType, f64)> {
        if let Gate::Managed { families, .. } = &self.gate { families.offers(instance) } else { Vec::new() }
    }
}
