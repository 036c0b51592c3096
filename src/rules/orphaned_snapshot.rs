//! EBS snapshots of volumes that are gone, and that no image is made of.

use super::{Aspect, Context, Finding, Rule, Signal, State, Target};
use crate::{
    bill::Edit,
    facts::Resource,
    inventory::{Inventory, ec2::Snapshot},
    sku::What,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrphanedSnapshot {
    min_age_days: i32,
    copied_volume_ids: Vec<String>,
    copied_descriptions: Vec<String>,
    kept_tags: Vec<String>,
    confidence_whole: f64,
    confidence_shared: f64,
    confidence_sole: f64,
}

impl Rule for OrphanedSnapshot {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let in_images = in_images(see.inventory);
        let of_volume = of_volume(see.inventory);
        for (id, resource, _) in see.resources_with(|what| *what == What::Snapshot) {
            let known = see.inventory.snapshots.get(&resource.account, &resource.region, &resource.id);
            let Some((snapshot, volume)) = known.and_then(|known| self.orphan(see, resource, known)) else { continue };
            let Some(age) = age_days(see, snapshot).filter(|age| *age >= self.min_age_days) else { continue };
            if in_images.contains(snapshot.snapshot_id.as_str()) {
                continue;
            }
            let archived = snapshot.storage_tier.as_deref() == Some("archive");
            let siblings = of_volume.get(volume).copied().unwrap_or_default();
            let shared = siblings > 1 && !archived;
            let sole = siblings <= 1;
            let label = if sole { "the only snapshot of its volume" } else { "one of several of its volume" };
            let mut current = State::new(label).with("volume", volume);
            if let Some(text) = snapshot.description.as_deref().filter(|text| !text.is_empty()) {
                current = current.with("description", text);
            }
            let finding = Finding::new(Target::Resource(id), Aspect::Existence)
                .edit(Edit::stop(id))
                .states(current, State::new("deleted"))
                .seen(Signal::Inventory, "volume", "gone", "")
                .seen(Signal::Inventory, "image", "none", "")
                .seen(Signal::Inventory, "age", age, "days")
                .seen(Signal::Rule, "min_age_days", self.min_age_days, "days")
                .seen(Signal::Inventory, "snapshots_of_volume", siblings, "")
                .confidence(match (sole, shared) {
                    (true, _) => self.confidence_sole,
                    (false, true) => self.confidence_shared,
                    (false, false) => self.confidence_whole,
                })
                .in_inventory(true);
            out.push(finding);
        }
    }
}

impl OrphanedSnapshot {
    /// The snapshot and its volume, if that is known to be gone and images were listed where the snapshot lies.
    fn orphan<'a>(
        &self,
        see: &Context<'_>,
        resource: &Resource,
        snapshot: &'a Snapshot,
    ) -> Option<(&'a Snapshot, &'a str)> {
        let volume = snapshot.volume_id.as_deref().filter(|volume| !volume.is_empty())?;
        let description = snapshot.description.as_deref().unwrap_or_default();
        let copied = self.copied_volume_ids.iter().any(|id| id == volume)
            || self.copied_descriptions.iter().any(|start| description.starts_with(start.as_str()));
        let kept = snapshot.tags.iter().any(|tag| self.kept_tags.iter().any(|start| tag.key.starts_with(start)));
        let gone = see.inventory.volumes.find(&resource.account, &resource.region, volume).is_absent();
        let images_listed = see.inventory.images.covers(&resource.account, &resource.region);
        (gone && images_listed && !copied && !kept).then_some((snapshot, volume))
    }
}

/// Whole days since the snapshot was begun.
fn age_days(see: &Context<'_>, snapshot: &Snapshot) -> Option<i32> {
    let begun = snapshot.start_time?.hour();
    Some(see.as_of.0.saturating_sub(begun.0) / 24)
}

/// Every snapshot that some image is made of.
pub(super) fn in_images(inventory: &Inventory) -> BTreeSet<&str> {
    let devices = inventory.images.iter().flat_map(|(_, _, image)| &image.block_device_mappings);
    devices.filter_map(|device| device.ebs.as_ref()?.snapshot_id.as_deref()).collect()
}

/// How many snapshots there are of each volume.
pub(super) fn of_volume(inventory: &Inventory) -> BTreeMap<&str, u32> {
    let mut count = BTreeMap::new();
    for volume in inventory.snapshots.iter().filter_map(|(_, _, snapshot)| snapshot.volume_id.as_deref()) {
        *count.entry(volume).or_default() += 1;
    }
    count
}
