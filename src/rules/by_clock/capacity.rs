//! What a fleet is for, and how many instances that takes.

use super::{
    super::{Context, fleet::Fleet},
    pairs,
};
use crate::{
    quantile,
    season::{Hours, Season},
    time::Hour,
};
use serde::Deserialize;

/// What a fleet must carry, by the hour.
pub(in crate::rules) struct Demand {
    /// Transactions, or busy instances.
    pub(in crate::rules) hours: Hours,
    /// By what it is told.
    pub(in crate::rules) told: Told,
}

/// What tells the demand, and what an instance carries.
pub(in crate::rules) enum Told {
    /// Transactions alone.
    Transactions,
    /// Transactions, beside the mean load of the processors in per cent.
    Both(Hours, Processors),
    /// The processors alone.
    Load(Processors),
}

/// What processors tell of what an instance carries.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct Processors {
    /// The mean load of an hour that an instance is taken to carry.
    target_cpu_percent: f64,
    /// However idle processors are in the busiest hours, an instance is taken to carry no more than the inverse of this times what it did.
    least_of_carried: f64,
}

impl Demand {
    /// Whether the demand of any fleet may be told.
    pub(in crate::rules) fn is_told(see: &Context<'_>) -> bool {
        let measured = see.metrics.has("metric.AWS/EC2.CPUUtilization") || see.min_metric_cover <= 0.0;
        measured || see.transactions.is_some()
    }

    /// The workload's transactions; without them what its processors did. How many ran says nothing of how many were needed.
    pub(in crate::rules) fn of(see: &Context<'_>, fleet: &Fleet<'_>, by: Processors) -> Option<Self> {
        let load = fleet.load(see, "AWS/EC2", "CPUUtilization");
        let known = load.values.iter().flatten().count() as f64;
        let load = (known >= load.values.len() as f64 * see.min_metric_cover).then_some(load);
        if let Some(hours) = fleet.transactions(see) {
            return Some(Self { hours, told: load.map_or(Told::Transactions, |load| Told::Both(load, by)) });
        }
        let load = load?;
        let busy = pairs(fleet, &load).map(|(hour, ran, percent)| (hour, ran * percent / 100.0));
        Some(Self { hours: Hours::of(load.span(), busy), told: Told::Load(by) })
    }

    /// The demand in a word.
    pub(in crate::rules) fn name(&self) -> &'static str {
        if self.is_load() { "busy processors" } else { "transactions" }
    }

    /// Whether the processors alone tell it.
    pub(in crate::rules) fn is_load(&self) -> bool {
        matches!(self.told, Told::Load(_))
    }
}

/// What an instance carries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct Capacity {
    /// So many hours, the busiest that are no exceptions, tell what an instance can carry.
    busiest_hours: usize,
    /// More than the need.
    pub(in crate::rules) headroom: f64,
    /// The least that runs.
    pub(in crate::rules) least: u32,
    /// A fleet whose size varies by more than this share must go with demand ...
    varies: f64,
    /// ... at a correlation of at least this.
    min_correlation: f64,
}

impl Capacity {
    /// Instances for each unit of demand, from the busiest usual hours before a moment: the fleet has carried these. Where processors
    /// are known, by what they had left.
    pub(super) fn each(&self, fleet: &Fleet<'_>, demand: &Demand, season: &Season, until: Hour) -> Option<f64> {
        if let Told::Load(by) = &demand.told {
            return Some(100.0 / by.target_cpu_percent);
        }
        let mut busiest: Vec<(Hour, f64, f64)> = pairs(fleet, &demand.hours)
            .filter(|(hour, ran, count)| *hour < until && *ran > 0.0 && *count > 0.0 && *count <= season.peak)
            .collect();
        busiest.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
        busiest.truncate(self.busiest_hours);
        let carried = middle(busiest.iter().map(|(_, ran, count)| ran / count).collect())?;
        let Told::Both(load, by) = &demand.told else { return Some(carried) };
        let busy = |(hour, ran, count): &(Hour, f64, f64)| Some(ran * load.at(*hour)? / by.target_cpu_percent / count);
        let busy: Option<Vec<f64>> = busiest.iter().map(busy).collect();
        Some(busy.and_then(middle).map_or(carried, |busy| busy.max(carried * by.least_of_carried)))
    }

    /// Whether how many run goes with demand, if it varies at all.
    pub(super) fn follows(&self, fleet: &Fleet<'_>, demand: &Hours) -> bool {
        let both: Vec<(f64, f64)> = pairs(fleet, demand).map(|(_, ran, count)| (ran, count)).collect();
        let count = both.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| both.iter().map(of).sum::<f64>() / count;
        let (ran, wanted) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let sum = |of: &dyn Fn(&(f64, f64)) -> f64| both.iter().map(of).sum::<f64>() / count;
        let spread = sum(&|pair| (pair.0 - ran).powi(2)).sqrt();
        if spread <= ran * self.varies {
            return true;
        }
        let other = sum(&|pair| (pair.1 - wanted).powi(2)).sqrt();
        sum(&|pair| (pair.0 - ran) * (pair.1 - wanted)) >= self.min_correlation * spread * other
    }
}

/// The lower of two in the middle.
fn middle(values: Vec<f64>) -> Option<f64> {
    quantile::nearest(values, 0.5)
}
