//! EBS volumes with far more operations or throughput provisioned than metrics show.

use super::{
    Aspect, Context, Finding, Line, Rule, Signal, State, Target,
    ebs::{Headroom, Performance, Volume},
};
use crate::{bill::Edit, sku::What};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EbsOverprovisionedIops {
    headroom: Headroom,
    round_up_to_iops: f64,
    min_cut_percent: f64,
    confidence: f64,
    kinds: BTreeMap<String, Kind>,
}

/// What of a kind of volume is not billed as provisioned, and what its operations allow.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    /// Operations without a charge of their own; no volume can be set to fewer.
    least_iops: f64,
    /// Whether the least is part of the storage's price.
    least_is_free: bool,
    /// Throughput that is part of the storage's price; of the kinds that provision it.
    included_mibps: Option<f64>,
    /// Throughput that each operation brings or allows.
    mibps_per_iops: f64,
    /// Beyond this throughput, more operations are not enough.
    most_mibps: f64,
    /// Operations are billed in these steps, each under its own usage type.
    tiers: Vec<Tier>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    ending: String,
    from: f64,
    up_to: f64,
}

impl Rule for EbsOverprovisionedIops {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        if Headroom::is_told(see) {
            out.extend(Volume::all(see).filter_map(|volume| self.finding(see, &volume)));
        }
    }
}

impl EbsOverprovisionedIops {
    fn finding(&self, see: &Context<'_>, volume: &Volume<'_>) -> Option<Finding> {
        let kind = self.kinds.get(volume.kind)?;
        let today = kind.today(volume)?;
        let need = self.headroom.need(see, volume)?;
        let target = self.target(kind, need)?.at_most(today);
        let cut = |now: f64, then: f64| (1.0 - then / now) * 100.0 >= self.min_cut_percent;
        let edits: Vec<Edit> = volume.lines.iter().filter_map(|line| kind.edit(volume, line, today, target)).collect();
        if edits.is_empty() || !(cut(today.iops, target.iops) || cut(today.mibps, target.mibps)) {
            return None;
        }
        let mut finding = Finding::new(Target::Resource(volume.id), Aspect::VolumeType)
            .states(state(volume, kind, today), state(volume, kind, target))
            .confidence(self.confidence)
            .in_inventory(volume.listed.is_some())
            .seen(volume.signal(), "size", volume.gib, "GiB")
            .seen(Signal::Metrics, "needed_iops_with_headroom", need.iops, "operations/s")
            .seen(Signal::Metrics, "needed_throughput_with_headroom", need.mibps, "MiB/s");
        finding.edits = edits;
        Some(finding)
    }

    /// What would be enough; `None` where more operations do not bring the throughput.
    fn target(&self, kind: &Kind, need: Performance) -> Option<Performance> {
        let mibps = need.mibps.max(kind.included_mibps.unwrap_or_default());
        let iops = need.iops.max(mibps / kind.mibps_per_iops);
        let iops = (iops / self.round_up_to_iops).ceil() * self.round_up_to_iops;
        (mibps <= kind.most_mibps).then_some(Performance { iops: iops.max(kind.least_iops), mibps })
    }
}

impl Kind {
    /// What is provisioned: as listed, else as billed beyond what is included.
    fn today(&self, volume: &Volume<'_>) -> Option<Performance> {
        let free = if self.least_is_free { self.least_iops } else { 0.0 };
        let iops = volume.listed_iops().unwrap_or(free + volume.iops.unwrap_or_default());
        let mibps = match self.included_mibps {
            Some(included) => volume.listed_mibps().unwrap_or(included + volume.mibps.unwrap_or_default()),
            None => (iops * self.mibps_per_iops).min(self.most_mibps),
        };
        (iops > 0.0).then_some(Performance { iops, mibps })
    }

    /// How a line of the volume changes; `None` when it does not.
    fn edit(&self, volume: &Volume<'_>, line: &Line<'_>, now: Performance, then: Performance) -> Option<Edit> {
        let ratio = match &line.class.what {
            What::VolumeIops(_) => {
                let tier = self.tiers.iter().rev().find(|tier| line.class.usage_type.ends_with(&tier.ending))?;
                tier.part(then.iops) / tier.part(now.iops)
            }
            What::VolumeThroughput(_) => {
                let included = self.included_mibps?;
                (then.mibps - included) / (now.mibps - included)
            }
            _ => return None,
        };
        // A volume that was set otherwise earlier in the period may be billed for what it does not have today.
        let changes = (0.0..1.0).contains(&ratio);
        changes.then(|| Edit::reprice(vec![volume.id], vec![line.id], ratio))
    }
}

impl Tier {
    /// How many of some operations fall into it.
    fn part(&self, iops: f64) -> f64 {
        (iops.min(self.up_to) - self.from).max(0.0)
    }
}

fn state(volume: &Volume<'_>, kind: &Kind, set: Performance) -> State {
    let iops = format!("{:.0} IOPS", set.iops);
    let (label, with) = match kind.included_mibps {
        Some(_) => (format!("{iops} and {:.0} MiB/s", set.mibps), true),
        None => (iops, false),
    };
    let state = State::new(label).with("type", volume.kind).with("size_gib", volume.gib).with("iops", set.iops);
    if with { state.with("mibps", set.mibps) } else { state }
}
