//! Lambda functions that are given more memory than they use.

use crate::{
    bill::Edit,
    inventory::lambda::Function,
    metrics::Series,
    rules::{Aspect, Context, Finding, Signal, State, Target},
    sku::What,
};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Figures of functions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Functions {
    headroom_percent: f64,
    least_mb: f64,
    step_mb: f64,
    mb_per_vcpu: f64,
    measured: f64,
    cpu_unknown: f64,
}

const SPACE: &str = "LambdaInsights";

impl Functions {
    /// Functions with a metric of the memory that they use; without one nothing is said.
    pub(super) fn check(&self, see: &Context<'_>, days: i32, least_percent: f64, out: &mut Vec<Finding>) {
        if !see.metrics.has(&format!("metric.{SPACE}.used_memory_max")) {
            return;
        }
        let span = see.look_back(days).span;
        let compute = |what: &What| matches!(what, What::LambdaCompute(_) | What::LambdaProvisioned(_));
        for (id, resource, lines) in see.resources_with(compute) {
            let listed = see.inventory.functions.get(&resource.account, &resource.region, &resource.id);
            let now = listed.and_then(|listed: &Function| listed.memory_size).and_then(|mb| i32::try_from(mb).ok());
            let used = see.metric(resource, SPACE, "used_memory_max", "Maximum", span).and_then(|used| used.max());
            let Some((now, used)) = now.map(f64::from).zip(used) else { continue };
            let means = |space: &str, name: &str| see.metric(resource, space, name, "Average", span);
            let times = means(SPACE, "cpu_total_time").zip(means("AWS/Lambda", "Duration"));
            let cpus = times.and_then(|(cpu, duration)| of_runs(cpu.mean()?, duration.mean()?));
            let more = 1.0 + self.headroom_percent / 100.0;
            let need = (used * more).max(cpus.map_or(0.0, |cpus| cpus * more * self.mb_per_vcpu)).max(self.least_mb);
            let then = (need / self.step_mb).ceil() * self.step_mb;
            if then <= 0.0 || (1.0 - then / now) * 100.0 < least_percent {
                continue;
            }
            let classes: BTreeSet<_> = lines.iter().map(|line| line.id).collect();
            let finding = Finding::new(Target::Resource(id), Aspect::Memory)
                .states(State::new(format!("{now} MB")), State::new(format!("{then} MB")))
                .edit(Edit::reprice(vec![id], classes.into_iter().collect(), then / now))
                .seen(Signal::Metrics, "memory_used_at_most", used, "MB");
            let unknown = "not measured: it goes with memory, and runs may last longer";
            let (short, all) = times.map_or((0, 0), |(cpu, duration)| short(cpu, duration, then / self.mb_per_vcpu));
            out.push(match cpus {
                Some(cpus) => finding
                    .seen(Signal::Metrics, "vcpus_used_on_average", cpus, "vCPU")
                    .seen(Signal::Metrics, "hours_short", short, "hours")
                    .confidence(
                        self.measured - (self.measured - self.cpu_unknown) * f64::from(short) / f64::from(all.max(1)),
                    ),
                None => finding.seen(Signal::Metrics, "cpu", unknown, "").confidence(self.cpu_unknown),
            });
        }
    }
}

/// vCPUs of runs that take so much time of a processor, on average.
fn of_runs(cpu: f64, duration: f64) -> Option<f64> {
    (duration > 0.0).then_some(cpu / duration)
}

/// Hours in which runs used more vCPUs on average than a size has, and all hours of which both times are told. Memory is never short: it is
/// sized by its greatest hour.
fn short(cpu: Series<'_>, duration: Series<'_>, vcpus: f64) -> (i32, i32) {
    let (mut short, mut all) = (0i32, 0i32);
    for (hour, cpu) in cpu.points.iter() {
        let at = duration.points.binary_search_by_key(hour, |(hour, _)| *hour);
        let Some(used) = at.ok().and_then(|at| of_runs(*cpu, duration.points[at].1)) else { continue };
        all += 1;
        short += i32::from(used > vcpus);
    }
    let hours = duration.period_hours;
    (short.saturating_mul(hours), all.saturating_mul(hours))
}
