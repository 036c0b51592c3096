//! Log groups that keep everything for ever.

use super::{Aspect, Context, Finding, Rule, Signal, State, Target, sum};
use crate::{
    bill::Edit,
    facts::{Class, ResourceId},
    inventory::{logs::LogGroup, short_id},
    sku::is_usage,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogRetention {
    service: String,
    stored: Vec<String>,
    ingested: Vec<String>,
    keep_days: f64,
    stored_share: f64,
    min_cut_percent: f64,
    kept_names: Vec<String>,
    confidence: f64,
}

impl Rule for LogRetention {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        for (id, resource) in see.facts.named_resources() {
            let group = see.inventory.log_groups.get(&resource.account, &resource.region, &resource.id);
            let Some(group) = group.filter(|group| group.retention_in_days.is_none()) else { continue };
            let name = short_id(&resource.id).to_lowercase();
            if !self.kept_names.iter().any(|kept| name.contains(kept.as_str())) {
                out.extend(self.finding(see, id, group));
            }
        }
    }
}

impl LogRetention {
    fn finding(&self, see: &Context<'_>, id: ResourceId, group: &LogGroup) -> Option<Finding> {
        let resource = see.facts.resource(id);
        let life = resource.seen.cut(see.facts.window.period);
        let of =
            |usages: &[String]| see.lines(resource).filter(|line| self.counts(line.class, usages)).collect::<Vec<_>>();
        let (stored, ingested) = (of(&self.stored), of(&self.ingested));
        let gigabytes = sum(&stored).quantity.to_f64() / life.months();
        let days = f64::from(i32::try_from(life.hours()).ok()?) / 24.0;
        let a_day = sum(&ingested).quantity.to_f64() / days;
        let created = i32::try_from(group.creation_time?.div_euclid(3_600_000)).ok()?;
        let age = f64::from(see.as_of.0.saturating_sub(created)) / 24.0;
        let kept_a_day = (gigabytes / age).max(a_day * self.stored_share);
        let left = kept_a_day * self.keep_days / gigabytes;
        if !(gigabytes > 0.0 && age > self.keep_days && (1.0 - left) * 100.0 >= self.min_cut_percent) {
            return None;
        }
        let classes = stored.iter().map(|line| line.id).collect();
        let current = State::new(format!("kept for ever so far: {gigabytes:.0} GB")).with("stored_gb", gigabytes);
        let proposed = State::new(format!("{} days", self.keep_days)).with("stored_gb", left * gigabytes);
        Some(
            Finding::new(Target::Resource(id), Aspect::Retention)
                .edit(Edit::reprice(vec![id], classes, left))
                .states(current, proposed)
                .confidence(self.confidence)
                .in_inventory(true)
                .seen(Signal::Inventory, "retention", "never expires", "")
                .seen(Signal::Inventory, "age", age.round(), "days")
                .seen(Signal::Bill, "stored", gigabytes, "GB")
                .seen(Signal::Bill, "ingested", a_day, "GB/day")
                .seen(Signal::Rule, "stored_of_each_day", kept_a_day, "GB"),
        )
    }

    fn counts(&self, class: &Class, usages: &[String]) -> bool {
        *self.service == *class.product && usages.iter().any(|usage| is_usage(&class.usage_type, usage))
    }
}
