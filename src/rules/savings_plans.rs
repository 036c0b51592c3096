//! Savings Plans that would cost less than on demand.

use super::{
    Context, Finding, Rule,
    purchase::{self, Trust},
};
use crate::{
    bill::Wanted,
    money::Money,
    prices::Instrument,
    sku::{Payment, Term},
};
use serde::Deserialize;

/// Parameters of the rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavingsPlans {
    instruments: Vec<Instrument>,
    advised: Vec<(Term, Payment)>,
    step: f64,
    min_saving_percent: f64,
    confidence: Trust,
}

impl Rule for SavingsPlans {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let hours = see.facts.window.period.hours();
        let findings = see
            .advice
            .iter()
            .filter_map(|one| purchase::finding(one, hours, self.min_saving_percent, &self.confidence));
        out.extend(findings);
    }

    fn wants(&self) -> Option<[Wanted; 2]> {
        Some(purchase::wanted(&self.instruments, &[], &self.advised, Money::ONE.times(self.step)))
    }
}
