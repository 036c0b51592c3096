//! What a fleet is for, and how many instances that takes.

use super::{
    super::{Context, fleet::Fleet},
    pairs,
};
use crate::{
    season::{Hours, Season},
    time::Hour,
};
use serde::Deserialize;

/// What a fleet must carry, by the hour.
pub(super) struct Demand {
    /// Transactions, or busy instances.
    pub(super) hours: Hours,
    /// The mean load of its processors in per cent, beside transactions.
    pub(super) load: Option<Hours>,
    /// Whether it is told from the processors.
    pub(super) from_load: bool,
}

impl Demand {
    /// The workload's transactions; without them what its processors did. How many ran says nothing of how many were needed.
    pub(super) fn of(see: &Context<'_>, fleet: &Fleet<'_>) -> Option<Self> {
        let load = fleet.load(see, "AWS/EC2", "CPUUtilization");
        let known = load.values.iter().flatten().count() as f64;
        let load = (known >= load.values.len() as f64 * see.min_metric_cover).then_some(load);
        if let Some(hours) = fleet.transactions(see) {
            return Some(Self { hours, load, from_load: false });
        }
        let load = load?;
        let busy = pairs(fleet, &load).map(|(hour, ran, percent)| (hour, ran * percent / 100.0));
        Some(Self { hours: Hours::of(load.span(), busy), load: None, from_load: true })
    }
}

/// What an instance carries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Capacity {
    /// So many hours, the busiest that are no exceptions, tell what an instance can carry.
    busiest_hours: usize,
    /// The mean load of an hour that an instance is taken to carry.
    target_cpu_percent: f64,
    /// However idle processors are in the busiest hours, an instance is taken to carry no more than the inverse of this times what it did.
    least_of_carried: f64,
    /// More than the need.
    pub(super) headroom: f64,
    /// The least that runs.
    pub(super) min_instances: u32,
    /// A group's least size above this share of what ran is its fixed size, no lower bound.
    pub(super) fixed_share: f64,
    /// A fleet whose size varies by more than this share must go with demand ...
    varies: f64,
    /// ... at a correlation of at least this.
    min_correlation: f64,
}

impl Capacity {
    /// Instances for each unit of demand, from the busiest usual hours before a moment: the fleet has carried these. Where processors
    /// are known, by what they had left.
    pub(super) fn each(&self, fleet: &Fleet<'_>, demand: &Demand, season: &Season, until: Hour) -> Option<f64> {
        if demand.from_load {
            return Some(100.0 / self.target_cpu_percent);
        }
        let mut busiest: Vec<(Hour, f64, f64)> = pairs(fleet, &demand.hours)
            .filter(|(hour, ran, count)| *hour < until && *ran > 0.0 && *count > 0.0 && *count <= season.peak)
            .collect();
        busiest.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
        busiest.truncate(self.busiest_hours);
        let carried = middle(busiest.iter().map(|(_, ran, count)| ran / count).collect())?;
        let load = demand.load.as_ref();
        let busy =
            |(hour, ran, count): &(Hour, f64, f64)| Some(ran * load?.at(*hour)? / self.target_cpu_percent / count);
        let busy: Option<Vec<f64>> = busiest.iter().map(busy).collect();
        Some(match busy.and_then(middle) {
            Some(busy) => busy.max(carried * self.least_of_carried),
            None => carried,
        })
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

fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}
