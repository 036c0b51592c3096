//! Buckets whose objects are old and hardly read, on the standard storage class.

use super::{Aspect, Context, Finding, Rule, Signal, State, Target, sum};
use crate::{
    bill::Edit,
    facts::{Resource, ResourceId},
    money::Quantity,
    sku::is_usage,
};
use serde::Deserialize;

/// Kilobytes of a GB.
const KILOBYTES: f64 = 1e6;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct S3Lifecycle {
    service: String,
    stored: String,
    writes: String,
    reads: String,
    look_back_days: i32,
    least_object_kb: f64,
    standard: Prices,
    infrequent: Prices,
    retrieval_gb: f64,
    transition: f64,
    min_saving_percent: f64,
    confidence: f64,
    capped_penalty: f64,
}

/// USD a GB-month and a read request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prices {
    gb_month: f64,
    read: f64,
}

impl Rule for S3Lifecycle {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        for (id, bucket) in see.facts.named_resources() {
            let is_bucket = see.lines(bucket).any(|line| *self.service == *line.class.product);
            if is_bucket && let Some(finding) = self.finding(see, id, bucket) {
                out.push(finding);
            }
        }
    }
}

impl S3Lifecycle {
    fn finding(&self, see: &Context<'_>, id: ResourceId, bucket: &Resource) -> Option<Finding> {
        let back = see.look_back(self.look_back_days);
        if !see.older_than(bucket, back.span) {
            return None;
        }
        let target = Target::Resource(id);
        let objects = see.mean(&target, "AWS/S3", "NumberOfObjects", back.span).filter(|objects| *objects >= 1.0)?;
        let of = |usage: &str| -> Vec<_> {
            let lines = see.lines(bucket).filter(|line| *self.service == *line.class.product);
            lines.filter(|line| is_usage(&line.class.usage_type, usage)).collect()
        };
        let months = bucket.seen.cut(see.facts.window.period).months();
        let a_month =
            |usage: &str| of(usage).iter().map(|line| line.costs.quantity).sum::<Quantity>().to_f64() / months;
        let stored = of(&self.stored);
        let (gigabytes, writes, reads) =
            (sum(&stored).quantity.to_f64() / months, a_month(&self.writes), a_month(&self.reads));
        let object_kb = gigabytes * KILOBYTES / objects;
        if !(gigabytes > 0.0 && object_kb >= self.least_object_kb) {
            return None;
        }
        // At most as many objects are new as were written; reads meet old and new ones alike.
        let old = (1.0 - writes / objects).max(0.0);
        let retrieved = reads * old * object_kb / KILOBYTES;
        let now = gigabytes * self.standard.gb_month;
        let then = gigabytes * ((1.0 - old) * self.standard.gb_month + old * self.infrequent.gb_month)
            + retrieved * self.retrieval_gb
            + reads * old * (self.infrequent.read - self.standard.read);
        if (1.0 - then / now) * 100.0 < self.min_saving_percent {
            return None;
        }
        let current = State::new("Standard").with("stored_gb", gigabytes).with("objects", objects);
        let proposed = State::new("Standard-Infrequent Access").with("old_share_percent", old * 100.0);
        let penalty = if back.capped { self.capped_penalty } else { 0.0 };
        let finding = Finding::new(target, Aspect::StorageTier)
            .edit(Edit::reprice(vec![id], stored.iter().map(|line| line.id).collect(), then / now))
            .states(current, proposed)
            .confidence(self.confidence - penalty)
            .seen(Signal::Bill, "stored", gigabytes, "GB")
            .seen(Signal::Bill, "writes", writes, "requests/month")
            .seen(Signal::Bill, "reads", reads, "requests/month")
            .seen(Signal::Metrics, "objects", objects, "")
            .seen(Signal::Metrics, "mean_object", object_kb, "KB")
            .seen(Signal::Rule, "cost_ratio", then / now, "");
        let dollars = &*see.facts.currency == "USD";
        let once = objects * old * self.transition;
        Some(if dollars { finding.seen(Signal::Rule, "one_time_transitions_cost", once, "USD") } else { finding })
    }
}
