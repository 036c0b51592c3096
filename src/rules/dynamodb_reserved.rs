//! DynamoDB capacity that would cost less reserved.

use super::{
    Context, Finding, Rule,
    purchase::{self, Trust},
};
use crate::{
    bill::{BlockPrice, BlockPrices, ReadWrite, Wanted},
    money::Money,
    prices::Instrument,
    sku::{Payment, Term},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DynamodbReserved {
    block_units: u32,
    advised: Vec<Term>,
    rate: ReadWrite<f64>,
    one_year: ReadWrite<BlockPrice>,
    three_years: ReadWrite<BlockPrice>,
    source: String,
    known: f64,
    scaled_penalty: f64,
    min_saving_percent: f64,
    confidence: Trust,
}

impl Rule for DynamodbReserved {
    fn check(&self, see: &Context<'_>, out: &mut Vec<Finding>) {
        let hours = see.facts.window.period.hours();
        let findings = see
            .advice
            .iter()
            .filter_map(|one| purchase::finding(one, hours, self.min_saving_percent, &self.confidence));
        out.extend(findings);
    }

    fn wants(&self) -> Option<[Wanted; 2]> {
        let terms = [Term::OneYear, Term::ThreeYears];
        Some([true, false].map(|advised| {
            let terms = terms.into_iter().filter(|term| self.advised.contains(term) == advised);
            Wanted {
                instruments: vec![Instrument::Reserved],
                services: Vec::new(),
                blocks: Some(self.prices()),
                // An upfront fee and an hourly one: there is no other way to pay.
                terms: terms.map(|term| (term, Payment::PartialUpfront)).collect(),
                step: Money::ZERO,
            }
        }))
    }
}

impl DynamodbReserved {
    fn prices(&self) -> BlockPrices {
        BlockPrices {
            units: self.block_units,
            rate: self.rate,
            terms: vec![(Term::OneYear, self.one_year), (Term::ThreeYears, self.three_years)],
            source: self.source.clone(),
            confidence: self.known,
            scaled_penalty: self.scaled_penalty,
        }
    }
}
