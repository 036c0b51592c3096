//! What is remarked on a plan and on the settings that it was made with.

use super::{Inputs, Plan, advised};
use crate::{
    bill::Reconciliation,
    facts::Granularity,
    note::{Notes, Remark},
    suppress,
};

impl Plan<'_> {
    /// Remarks on the plan and on the settings that it was made with.
    pub fn remarks(&self, inputs: &Inputs<'_>, notes: &mut Notes) {
        let covered = self.steps.iter().filter(|step| step.covered.net.micros() > 0).count();
        if covered > 0 {
            notes.add(Remark::CoveredHours { findings: covered });
        }
        if self.gone > 0 {
            notes.add(Remark::GoneAlready { findings: self.gone, hours: inputs.figures.seen_within_hours });
        }
        self.on_reconciliation(inputs, notes);
        let least = inputs.commitments.ladder.min_weeks;
        if let Some(weeks) = self.weeks.filter(|weeks| *weeks < least) {
            notes.add(Remark::FewWeeks { weeks, least });
        }
        advised::remarks(self, inputs, notes);
        if self.steps.is_empty() && self.previews.is_empty() {
            notes.add(Remark::NothingFound {});
        }
        for protection in inputs.protect {
            if !inputs.facts.resources.iter().any(|resource| protection.matches(resource)) {
                notes.add(Remark::UnmatchedProtect { pattern: protection.text.clone() });
            }
        }
        if inputs.suppressions.is_empty() {
            return;
        }
        let left = self.rejected.iter().chain(&self.suppressed).map(|left| &left.step);
        let all = self.steps.iter().chain(&self.previews).chain(left);
        let findings: Vec<_> = all.map(|step| inputs.described(step)).collect();
        suppress::remarks(inputs.suppressions, &findings, inputs.as_of.day(), notes);
    }

    fn on_reconciliation(&self, inputs: &Inputs<'_>, notes: &mut Notes) {
        let Reconciliation { billed, repriced, .. } = &self.reconciliation;
        let off = (*repriced - *billed).net.to_f64().abs() / billed.net.to_f64().abs();
        if off > inputs.figures.max_repricing_error {
            notes.add(Remark::RepricingError {
                percent: off * 100.0,
                limit: inputs.figures.max_repricing_error * 100.0,
            });
        }
        if inputs.facts.granularity != Granularity::Hourly && !inputs.facts.commitments.is_empty() {
            notes.add(Remark::CoarseHours { granularity: inputs.facts.granularity.name() });
        }
        let unplaced = self.before.unplaced().count();
        if unplaced > 0 {
            notes.add(Remark::UnplacedCommitments { count: unplaced });
        }
    }
}
