//! EBS volumes of gp2, io1 or io2 that gp3 would give the same performance for less.

use super::{
    Aspect, Context, Finding, Rule, Signal, State, Target,
    ebs::{Headroom, Performance, Volume},
};
use crate::bill::Edit;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EbsGp3 {
    gp3: Gp3,
    gp2: Gp2,
    io1: Provisioned,
    io2: Provisioned,
    headroom: Headroom,
    trust: Trust,
}

/// Prices and limits of gp3.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gp3 {
    gb_month: f64,
    iops_month: f64,
    mibps_month: f64,
    included_iops: f64,
    included_mibps: f64,
    most_iops: f64,
    most_iops_per_gib: f64,
    most_mibps: f64,
    most_mibps_per_iops: f64,
    most_gib: f64,
}

/// Price and performance of gp2, which follows its size.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gp2 {
    gb_month: f64,
    iops_per_gib: f64,
    most_iops: f64,
    burst_iops: f64,
    mibps: Vec<MibpsBySize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MibpsBySize {
    above_gib: f64,
    mibps: f64,
}

/// Prices and performance of a type whose operations are provisioned.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Provisioned {
    gb_month: f64,
    iops_month: Vec<PriceTier>,
    mibps: Vec<MibpsByIops>,
}

/// What each provisioned operation costs up to some number of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceTier {
    up_to: f64,
    price: f64,
}

/// Throughput of a volume of up to some operations: so much for each, capped.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MibpsByIops {
    up_to_iops: f64,
    mibps_per_iops: f64,
    most_mibps: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trust {
    by_kind: BTreeMap<String, f64>,
    unlisted_penalty: f64,
    measured_penalty: f64,
}

/// A volume's list price a month and what it can do at most.
struct Today {
    price: f64,
    can: Performance,
}

impl Rule for EbsGp3 {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        out.extend(Volume::all(see).filter_map(|volume| self.finding(see, &volume)));
    }
}

impl EbsGp3 {
    fn finding(&self, see: &Context<'_>, volume: &Volume<'_>) -> Option<Finding> {
        let today = self.today(volume)?;
        let measured = self.headroom.need(see, volume);
        let need = measured.map_or(today.can, |need| need.at_most(today.can));
        let target = self.gp3.fit(volume.gib, need)?;
        let price = self.gp3.price(volume.gib, target);
        if price >= today.price {
            return None;
        }
        let less = target.iops < today.can.iops || target.mibps < today.can.mibps;
        let (unlisted, less) = (f64::from(u8::from(volume.listed.is_none())), f64::from(u8::from(less)));
        let trust = self.trust.by_kind.get(volume.kind)?
            - self.trust.unlisted_penalty * unlisted
            - self.trust.measured_penalty * less;
        let finding =
            Finding::new(Target::Resource(volume.id), Aspect::VolumeType).in_inventory(volume.listed.is_some());
        if see.is_gone(&finding) {
            return Some(finding);
        }
        let classes = volume.lines.iter().map(|line| line.id).collect();
        let finding = finding
            .edit(Edit::reprice(vec![volume.id], classes, price / today.price))
            .states(Self::current(volume, today.can), self.gp3.state(target).with("price_ratio", price / today.price))
            .confidence(trust)
            .seen(volume.signal(), "size", volume.gib, "GiB")
            .seen(Signal::Rule, "performance_today", words(today.can), "")
            .seen(Signal::Rule, "list_price_now", today.price, "USD/month, us-east-1")
            .seen(Signal::Rule, "list_price_target", price, "USD/month, us-east-1");
        Some(match measured {
            Some(need) => finding.seen(Signal::Metrics, "needed_with_headroom", words(need), ""),
            None => finding.seen(Signal::Rule, "needed", "as much as today: no metrics tell less", ""),
        })
    }

    /// What the volume costs and can do; `None` for kinds that are no candidates.
    fn today(&self, volume: &Volume<'_>) -> Option<Today> {
        match volume.kind {
            "gp2" => self.gp2.today(volume.gib),
            "io1" => self.io1.today(volume.gib, volume.listed_iops().or(volume.iops)?),
            "io2" => self.io2.today(volume.gib, volume.listed_iops().or(volume.iops)?),
            _ => None,
        }
    }

    fn current(volume: &Volume<'_>, can: Performance) -> State {
        let (kind, gib) = (volume.kind, volume.gib);
        let label = match volume.iops {
            Some(_) => format!("{kind} ({gib} GiB, {:.0} IOPS)", can.iops),
            None => format!("{kind} ({gib} GiB)"),
        };
        State::new(label).with("type", kind).with("size_gib", gib).with("iops", can.iops).with("mibps", can.mibps)
    }
}

impl Gp2 {
    fn today(&self, gib: f64) -> Option<Today> {
        let iops = (gib * self.iops_per_gib).min(self.most_iops).max(self.burst_iops);
        let mibps = self.mibps.iter().rev().find(|step| gib > step.above_gib)?.mibps;
        Some(Today { price: gib * self.gb_month, can: Performance { iops, mibps } })
    }
}

impl Provisioned {
    fn today(&self, gib: f64, iops: f64) -> Option<Today> {
        let step = self.mibps.iter().find(|step| iops <= step.up_to_iops)?;
        let mibps = (iops * step.mibps_per_iops).min(step.most_mibps);
        let (mut price, mut counted) = (gib * self.gb_month, 0.0);
        for tier in &self.iops_month {
            price += (iops.min(tier.up_to) - counted).max(0.0) * tier.price;
            counted = tier.up_to;
        }
        Some(Today { price, can: Performance { iops, mibps } })
    }
}

impl Gp3 {
    /// The setting that gives at least a performance, if the limits allow it.
    fn fit(&self, gib: f64, need: Performance) -> Option<Performance> {
        let mibps = need.mibps.max(self.included_mibps);
        let iops = need.iops.max(self.included_iops).max((mibps / self.most_mibps_per_iops).ceil());
        let most_iops = (gib * self.most_iops_per_gib).max(self.included_iops).min(self.most_iops);
        let fits = iops <= most_iops && mibps <= self.most_mibps && gib <= self.most_gib;
        fits.then_some(Performance { iops, mibps })
    }

    /// The state after the move; its label tells what has to be bought beyond what is included.
    fn state(&self, set: Performance) -> State {
        let iops = (set.iops > self.included_iops).then(|| format!("{:.0} IOPS", set.iops));
        let mibps = (set.mibps > self.included_mibps).then(|| format!("{:.0} MiB/s", set.mibps));
        let bought: Vec<String> = iops.into_iter().chain(mibps).collect();
        let label = if bought.is_empty() { "gp3".to_owned() } else { format!("gp3 ({})", bought.join(", ")) };
        State::new(label).with("type", "gp3").with("iops", set.iops).with("mibps", set.mibps)
    }

    fn price(&self, gib: f64, set: Performance) -> f64 {
        gib * self.gb_month
            + (set.iops - self.included_iops) * self.iops_month
            + (set.mibps - self.included_mibps) * self.mibps_month
    }
}

fn words(set: Performance) -> String {
    format!("{:.0} IOPS, {:.0} MiB/s", set.iops, set.mibps)
}
