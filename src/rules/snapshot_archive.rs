//! Old snapshots of volumes that are gone, which the archive tier would keep for less.

use super::{
    Aspect, Context, Finding, Rule, Signal, State, Target,
    orphaned_snapshot::{in_images, of_volume},
    sum,
};
use crate::{
    bill::Edit,
    facts::{Resource, ResourceId},
    inventory::ec2::Snapshot,
    sku::{What, is_usage},
};
use serde::Deserialize;

/// Bytes of a GiB.
const GIB: f64 = 1_073_741_824.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SnapshotArchive {
    standard_gb_month: f64,
    archive_gb_month: f64,
    restore_gb: f64,
    standard_usage: String,
    min_age_days: i32,
    copied_volume_ids: Vec<String>,
    managed_tags: Vec<String>,
    confidence_full_size: f64,
    confidence_volume_size: f64,
}

impl Rule for SnapshotArchive {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let (siblings, in_images) = (of_volume(see.inventory), in_images(see.inventory));
        for (id, resource, _) in see.resources_with(|what| *what == What::Snapshot) {
            let listed = see.inventory.snapshots.get(&resource.account, &resource.region, &resource.id);
            let Some(snapshot) = listed.filter(|snapshot| self.may_move(see, resource, snapshot)) else { continue };
            let alone = snapshot.volume_id.as_deref().and_then(|volume| siblings.get(volume)) == Some(&1);
            let unused = see.inventory.images.covers(&resource.account, &resource.region)
                && !in_images.contains(snapshot.snapshot_id.as_str());
            if alone && unused {
                out.extend(self.finding(see, id, snapshot));
            }
        }
    }
}

impl SnapshotArchive {
    /// Whether it is whole, old, on the standard tier, of a volume that is gone, and nobody else's to move.
    fn may_move(&self, see: &Context<'_>, resource: &Resource, snapshot: &Snapshot) -> bool {
        let Some(volume) = snapshot.volume_id.as_deref() else { return false };
        let age = snapshot.start_time.map(|begun| see.as_of.0.saturating_sub(begun.hour().0) / 24);
        let managed = snapshot.tags.iter().any(|tag| self.managed_tags.iter().any(|start| tag.key.starts_with(start)));
        snapshot.storage_tier.as_deref() == Some("standard")
            && snapshot.state.as_deref() == Some("completed")
            && age.is_some_and(|age| age >= self.min_age_days)
            && !managed
            && !self.copied_volume_ids.iter().any(|id| id == volume)
            && see.inventory.volumes.find(&resource.account, &resource.region, volume).is_absent()
    }

    fn finding(&self, see: &Context<'_>, id: ResourceId, snapshot: &Snapshot) -> Option<Finding> {
        let resource = see.facts.resource(id);
        let standard = |line: &super::Line<'_>| is_usage(&line.class.usage_type, &self.standard_usage);
        let lines: Vec<_> = see.lines(resource).filter(standard).collect();
        let stored = sum(&lines).quantity.to_f64() / resource.seen.cut(see.facts.window.period).months();
        let exact = |number: i64| i32::try_from(number).map(f64::from).ok();
        let stated = snapshot.full_snapshot_size_in_bytes.and_then(|bytes| exact(bytes / 1_048_576));
        let (full, confidence) = match stated.filter(|mebibytes| *mebibytes > 0.0) {
            Some(mebibytes) => (mebibytes * 1_048_576.0 / GIB, self.confidence_full_size),
            None => (snapshot.volume_size.and_then(exact)?, self.confidence_volume_size),
        };
        let ratio = full * self.archive_gb_month / (stored * self.standard_gb_month);
        if !(0.0..1.0).contains(&ratio) {
            return None;
        }
        let finding = Finding::new(Target::Resource(id), Aspect::StorageTier)
            .edit(Edit::reprice(vec![id], lines.iter().map(|line| line.id).collect(), ratio))
            .states(State::new("standard").with("stored_gb", stored), State::new("archive").with("stored_gb", full))
            .confidence(confidence)
            .in_inventory(true)
            .seen(Signal::Bill, "stored", stored, "GB")
            .seen(Signal::Inventory, "full_size", full, "GiB")
            .seen(Signal::Inventory, "volume", "gone", "")
            .seen(Signal::Rule, "price_ratio", ratio, "");
        // Prices are in US dollars.
        let dollars = &*see.facts.currency == "USD";
        Some(if dollars {
            finding.seen(Signal::Rule, "one_restore_costs", full * self.restore_gb, "USD")
        } else {
            finding
        })
    }
}
