//! What instances needed in a look-back.

use super::{Rightsizing, offer::Offer};
use crate::{
    facts::ResourceId,
    metrics::Series,
    rules::{Context, Evidence, Signal},
    time::Span,
};
use serde_json::Value;

/// Which metrics tell the need of a kind of instance.
pub(super) struct Measures {
    space: &'static str,
    memory: Memory,
    /// Bytes in and out, of which each counts alone; and bytes and operations to EBS, read and written, which add up.
    network: [&'static str; 2],
    ebs: Option<[[&'static str; 2]; 2]>,
    /// How these are told.
    traffic: Traffic,
}

/// How traffic is told: the stat, and the seconds that it is of.
type Traffic = (&'static str, f64);

impl Measures {
    /// Whether the first of them, CPU, was read of any instance.
    pub(super) fn are_known(&self, see: &Context<'_>) -> bool {
        see.metrics.has(&format!("metric.{}.CPUUtilization", self.space))
    }
}

/// What came in an hour.
const SUMS: Traffic = ("Sum", 3600.0);

/// What came in a second, on average.
const MEANS: Traffic = ("Average", 1.0);

/// How used memory is told.
enum Memory {
    /// In per cent of all that an instance offers: namespace, metric.
    Percent(&'static str, &'static str),
    /// By what is free, in bytes.
    Free(&'static str, &'static str),
}

pub(super) const SERVER: Measures = Measures {
    space: "AWS/EC2",
    memory: Memory::Percent("CWAgent", "mem_used_percent"),
    network: ["NetworkIn", "NetworkOut"],
    ebs: Some([["EBSReadBytes", "EBSWriteBytes"], ["EBSReadOps", "EBSWriteOps"]]),
    traffic: SUMS,
};

pub(super) const DATABASE: Measures = Measures {
    space: "AWS/RDS",
    memory: Memory::Free("AWS/RDS", "FreeableMemory"),
    network: ["NetworkReceiveThroughput", "NetworkTransmitThroughput"],
    ebs: Some([["ReadThroughput", "WriteThroughput"], ["ReadIOPS", "WriteIOPS"]]),
    traffic: MEANS,
};

pub(super) const CACHE: Measures = Measures {
    space: "AWS/ElastiCache",
    memory: Memory::Percent("AWS/ElastiCache", "DatabaseMemoryUsagePercentage"),
    network: ["NetworkBytesIn", "NetworkBytesOut"],
    ebs: None,
    traffic: SUMS,
};

/// What one instance must offer.
pub(super) struct Need {
    /// vCPUs by what was in use, and those that are kept whatever was.
    cpus: f64,
    floor: f64,
    /// CPU in per cent that the percentile of the busiest moments came to.
    percent: f64,
    /// vCPUs in use at the busiest moment of each point, by member, and the hours that a point stands for.
    used: Vec<Vec<f64>>,
    peak: f64,
    hours: i32,
    /// vCPUs in use on average over the busiest day; where that is known.
    pub(super) busiest_day: Option<f64>,
    /// MiB, and whether that is measured.
    pub(super) memory: f64,
    memory_measured: bool,
    /// Gbit/s, Mbit/s and operations a second that must be there all the time, where they are measured.
    pub(super) network: Option<f64>,
    pub(super) ebs: Option<[f64; 2]>,
    /// Whether all of these are measured that can be.
    pub(super) traffic_measured: bool,
}

impl Need {
    /// Measures what members of a type needed; `None` where CPU is not known, or not of nearly all hours.
    pub(super) fn measure(
        rule: &Rightsizing,
        see: &Context<'_>,
        members: &[ResourceId],
        now: &Offer,
        by: &Measures,
    ) -> Option<Self> {
        let span = see.look_back(rule.look_back_days).span;
        let cpu = see.pooled(members, [by.space, "CPUUtilization", "Maximum"], span)?;
        let percent = cpu.percentile(rule.cpu.percentile);
        let more = |percent: f64| 1.0 + percent / 100.0;
        let memory = by.memory.used(see, members, now, span).map(|used| used * more(rule.memory_headroom_percent));
        let (stat, seconds) = by.traffic;
        let rate = |name: &str| {
            let hours = see.pooled(members, [by.space, name, stat], span).filter(|points| points.hours == 1)?;
            Some(hours.max() / seconds * more(rule.traffic_headroom_percent))
        };
        let both = |[one, other]: [&str; 2]| Some([rate(one)?, rate(other)?]);
        let network = both(by.network).map(|[one, other]| one.max(other) * 8.0 / 1e9);
        let ebs = by.ebs.and_then(|[bytes, operations]| {
            let sum = |names| both(names).map(|[one, other]| one + other);
            Some([sum(bytes)? * 8.0 / 1e6, sum(operations)?])
        });
        Some(Self {
            cpus: percent / 100.0 * now.facts.vcpus * more(rule.cpu.headroom_percent),
            floor: rule.least_vcpus.min(now.facts.vcpus).max(rule.least_vcpus_share * now.facts.vcpus),
            percent,
            used: cpu
                .of_members
                .iter()
                .map(|of| of.iter().map(|value| value / 100.0 * now.facts.vcpus).collect())
                .collect(),
            peak: cpu.max() / 100.0 * now.facts.vcpus,
            hours: cpu.hours,
            busiest_day: busiest_day(see, members, by.space, span).map(|percent| percent / 100.0 * now.facts.vcpus),
            memory: memory.unwrap_or(now.facts.memory).min(now.facts.memory),
            memory_measured: memory.is_some(),
            network,
            ebs,
            traffic_measured: network.is_some() && (by.ebs.is_none() || ebs.is_some()),
        })
    }

    /// vCPUs that a type must have.
    pub(super) fn vcpus(&self) -> f64 {
        self.cpus.max(self.floor)
    }

    /// The points of each member, and in how many of them more vCPUs were in use than a type has.
    fn short(&self, to: &Offer) -> impl Iterator<Item = (usize, usize)> {
        let (peak, vcpus) = (self.peak, to.facts.vcpus);
        let short =
            move |used: &Vec<f64>| if peak <= vcpus { 0 } else { used.iter().filter(|used| **used > vcpus).count() };
        self.used.iter().map(move |used| (used.len(), short(used)))
    }

    /// Hours in which a type would have been short, by all instances.
    pub(super) fn hours_short(&self, to: &Offer) -> i64 {
        let points: usize = self.short(to).map(|(_, short)| short).sum();
        i64::try_from(points).unwrap_or(i64::MAX).saturating_mul(self.hours.into())
    }

    /// The share of its points in which a type would have been short, in per cent, of the member that it would suit least.
    #[expect(clippy::cast_precision_loss, reason = "far fewer points than a double counts")]
    pub(super) fn short_percent(&self, to: &Offer) -> f64 {
        self.short(to).map(|(all, short)| short as f64 / all.max(1) as f64 * 100.0).fold(0.0, f64::max)
    }

    /// What was measured.
    pub(super) fn evidence(&self) -> Vec<Evidence> {
        let told = |name: &str, value: f64, unit: &str| Evidence::of(Signal::Metrics, name, value, unit);
        let words = |name: &str, text: &str| Evidence::of(Signal::Metrics, name, Value::from(text), "");
        let mut all = vec![told("cpu_peak", self.percent, "percent"), told("vcpus_needed", self.cpus, "vCPU")];
        if self.floor > self.cpus {
            all.push(Evidence::of(Signal::Rule, "vcpus_at_least", self.floor, "vCPU"));
        }
        all.extend(self.busiest_day.map(|used| told("vcpus_used_on_busiest_day", used, "vCPU")));
        all.push(if self.memory_measured {
            told("memory_needed", self.memory / 1024.0, "GiB")
        } else {
            words("memory", "not measured: never less than today")
        });
        all.extend(self.network.map(|rate| told("network_needed", rate, "Gbit/s")));
        if let Some([rate, operations]) = self.ebs {
            all.extend([told("ebs_needed", rate, "Mbit/s"), told("ebs_iops_needed", operations, "IOPS")]);
        }
        if !self.traffic_measured {
            all.push(words("traffic", "not measured by the hour: its peak never less than today"));
        }
        all
    }
}

impl Memory {
    /// MiB in use at most.
    fn used(&self, see: &Context<'_>, members: &[ResourceId], now: &Offer, span: Span) -> Option<f64> {
        let all = now.facts.memory;
        match self {
            Self::Percent(space, name) => {
                Some(see.pooled(members, [space, name, "Maximum"], span)?.max() / 100.0 * all)
            }
            Self::Free(space, name) => {
                let free = see.pooled(members, [space, name, "Minimum"], span)?;
                let least =
                    free.of_members.iter().flatten().copied().fold(f64::INFINITY, f64::min) / f64::from(1 << 20);
                Some((all - least).clamp(0.0, all))
            }
        }
    }
}

/// The mean CPU of the busiest day of the busiest member, in per cent; `None` where it is not known of nearly all hours.
fn busiest_day(see: &Context<'_>, members: &[ResourceId], space: &str, span: Span) -> Option<f64> {
    see.pooled(members, [space, "CPUUtilization", "Average"], span)?;
    let day = |series: Series<'_>| {
        let days = series.points.chunk_by(|(one, _), (next, _)| one.day() == next.day());
        #[expect(clippy::cast_precision_loss, reason = "points of a day")]
        let mean = |day: &[_]| day.iter().map(|(_, value)| value).sum::<f64>() / day.len() as f64;
        days.map(mean).reduce(f64::max)
    };
    let of = |id: &ResourceId| day(see.points(see.facts.resource(*id), space, "CPUUtilization", "Average", span)?);
    members.iter().filter_map(of).reduce(f64::max)
}
