//! What the rules for EBS volumes share: how a volume is set, and what it is seen to need.

use super::{Context, Line, Signal};
use crate::{
    facts::{Resource, ResourceId},
    inventory::{Lookup, ec2},
    money::Quantity,
    sku::What,
    time::Span,
};
use serde::Deserialize;

/// MiB/s in the GiBps that throughput is billed in.
const MIB: f64 = 1024.0;
/// Seconds in the hour that a metric's point stands for.
const HOUR: f64 = 3600.0;

/// Operations a second and MiB a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Performance {
    /// Operations a second.
    pub(super) iops: f64,
    /// MiB a second.
    pub(super) mibps: f64,
}

/// A volume as it is set today, from the inventory where that lists it, else from what is billed for it.
pub(super) struct Volume<'a> {
    /// Its number.
    pub(super) id: ResourceId,
    /// The resource.
    pub(super) resource: &'a Resource,
    /// `gp2`, `io1` ...
    pub(super) kind: &'a str,
    /// GiB.
    pub(super) gib: f64,
    /// Provisioned operations a second: all of io1 and io2, those beyond the included ones of gp3; `None` if none are.
    pub(super) iops: Option<f64>,
    /// Provisioned MiB a second, beyond the included ones.
    pub(super) mibps: Option<f64>,
    /// Its lines: storage, operations and throughput of its kind.
    pub(super) lines: Vec<Line<'a>>,
    /// What the inventory lists.
    pub(super) listed: Option<&'a ec2::Volume>,
}

/// How much above a measured peak is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Headroom {
    look_back_days: i32,
    over_minute_peak: f64,
    over_hour_peak: f64,
}

impl Performance {
    /// Neither of the two above another's.
    pub(super) fn at_most(self, other: Self) -> Self {
        Self { iops: self.iops.min(other.iops), mibps: self.mibps.min(other.mibps) }
    }
}

impl<'a> Volume<'a> {
    /// Every volume that is there and of one kind today and may be changed: neither shared between instances nor outside a
    /// region's own zones.
    pub(super) fn all(see: &Context<'a>) -> impl Iterator<Item = Self> {
        let volumes = see.resources_with(|what| kind_of(what).is_some());
        volumes.filter_map(|(id, resource, lines)| Self::of(see, id, resource, lines))
    }

    fn of(see: &Context<'a>, id: ResourceId, resource: &'a Resource, lines: Vec<Line<'a>>) -> Option<Self> {
        let listed = match see.inventory.volumes.find(&resource.account, &resource.region, &resource.id) {
            Lookup::Absent => return None,
            Lookup::Present(volume) => Some(volume),
            Lookup::NotCollected => None,
        };
        let tied = |volume: &ec2::Volume| volume.multi_attach_enabled == Some(true) || volume.outpost_arn.is_some();
        if listed.is_some_and(tied) || lines.iter().any(|line| in_local_zone(line.class.zone.as_deref())) {
            return None;
        }
        let billed = lines.first().and_then(|line| kind_of(&line.class.what))?;
        let kind = match listed.and_then(|volume| volume.volume_type.as_deref()) {
            Some(kind) => kind,
            None if lines.iter().all(|line| kind_of(&line.class.what) == Some(billed)) => billed,
            None => return None,
        };
        let lines: Vec<_> = lines.into_iter().filter(|line| kind_of(&line.class.what) == Some(kind)).collect();
        let months = resource.seen.cut(see.facts.window.period).months();
        let level = |wanted: fn(&What) -> bool| {
            let quantity: Quantity =
                lines.iter().filter(|line| wanted(&line.class.what)).map(|line| line.costs.quantity).sum();
            (quantity > Quantity::ZERO && months > 0.0).then(|| (quantity.to_f64() / months).round())
        };
        let exact = |number: Option<i64>| number.and_then(|number| i32::try_from(number).ok()).map(f64::from);
        let stored = level(|what| matches!(what, What::Volume(_)))?;
        let gib = exact(listed.and_then(|volume| volume.size)).unwrap_or(stored);
        let mibps = |months: f64| (quantity_of_throughput(&lines).to_f64() * MIB / months).round();
        let iops = level(|what| matches!(what, What::VolumeIops(_)));
        let throughput = Some(months).filter(|months| *months > 0.0).map(mibps).filter(|mibps| *mibps > 0.0);
        Some(Self { id, resource, kind, gib, iops, mibps: throughput, lines, listed })
    }

    /// Operations a second that the inventory lists.
    pub(super) fn listed_iops(&self) -> Option<f64> {
        self.listed.and_then(|volume| volume.iops).and_then(|number| i32::try_from(number).ok()).map(f64::from)
    }

    /// MiB a second that the inventory lists, of gp3 alone.
    pub(super) fn listed_mibps(&self) -> Option<f64> {
        self.listed.and_then(|volume| volume.throughput).and_then(|number| i32::try_from(number).ok()).map(f64::from)
    }

    /// Where its settings were seen.
    pub(super) fn signal(&self) -> Signal {
        if self.listed.is_some() { Signal::Inventory } else { Signal::Bill }
    }
}

/// The kind of volume that a line is about.
fn kind_of(what: &What) -> Option<&str> {
    match what {
        What::Volume(kind) | What::VolumeIops(kind) | What::VolumeThroughput(kind) => Some(kind),
        _ => None,
    }
}

fn quantity_of_throughput(lines: &[Line<'_>]) -> Quantity {
    let throughput = lines.iter().filter(|line| matches!(line.class.what, What::VolumeThroughput(_)));
    throughput.map(|line| line.costs.quantity).sum()
}

/// Whether a zone is a local one: `us-east-1-bos-1a`, not `us-east-1a`.
fn in_local_zone(zone: Option<&str>) -> bool {
    zone.is_some_and(|zone| zone.split('-').count() > 3 && !zone.contains("-gov-"))
}

impl Headroom {
    /// Whether anything tells what volumes need.
    pub(super) fn is_told(see: &Context<'_>) -> bool {
        see.metrics.tokens().any(|token| token.starts_with("metric.AWS/EBS."))
    }

    /// What a volume needs by its metrics, headroom included; `None` where they do not tell, or tell of requests held back.
    pub(super) fn need(&self, see: &Context<'_>, volume: &Volume<'_>) -> Option<Performance> {
        let span = see.look_back(self.look_back_days).span;
        let held = ["VolumeIOPSExceededCheck", "VolumeThroughputExceededCheck"];
        let peak_of = |name| see.points(volume.resource, "AWS/EBS", name, "Maximum", span).and_then(|all| all.max());
        if held.into_iter().filter_map(peak_of).any(|exceeded| exceeded > 0.0) {
            return None;
        }
        let minute = |name, unit: f64| {
            let peak = see.metric(volume.resource, "AWS/EBS", name, "Maximum", span)?.max()?;
            Some(peak / unit * self.over_minute_peak)
        };
        let hour = |read, write, unit: f64| {
            let peak = hourly(see, volume.resource, read, span)? + hourly(see, volume.resource, write, span)?;
            Some(peak / HOUR / unit * self.over_hour_peak)
        };
        // Throughput is reported in KiB/s; bytes and operations as sums.
        let iops = minute("VolumeAvgIOPS", 1.0).or_else(|| hour("VolumeReadOps", "VolumeWriteOps", 1.0))?;
        let mibps =
            minute("VolumeAvgThroughput", MIB).or_else(|| hour("VolumeReadBytes", "VolumeWriteBytes", MIB * MIB))?;
        Some(Performance { iops: iops.ceil(), mibps: mibps.ceil() })
    }
}

/// The greatest `Sum` of an hour; `None` when points stand for longer.
fn hourly(see: &Context<'_>, resource: &Resource, name: &str, span: Span) -> Option<f64> {
    see.metric(resource, "AWS/EBS", name, "Sum", span).filter(|series| series.period_hours == 1)?.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_zones_are_told_by_their_names() {
        for (zone, local) in [
            (Some("us-east-1a"), false),
            (Some("us-east-1-bos-1a"), true),
            (Some("us-east-1-wl1-atl-wlz-1"), true),
            (Some("us-gov-west-1a"), false),
            (None, false),
        ] {
            assert_eq!(in_local_zone(zone), local, "{zone:?}");
        }
    }
}
