//! Blocks of reserved DynamoDB capacity: what one costs an hour in a region.

use super::pools::Pool;
use crate::{
    money::Money,
    sku::{Term, UNIT},
    waterfall::Amount,
};

/// What blocks cost in one region, and what tells their prices in others: they are taken to scale with the rate of provisioned capacity.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockPrices {
    /// Capacity units of a block.
    pub units: u32,
    /// The rate that the prices go with, USD a unit and hour.
    pub rate: ReadWrite<f64>,
    /// By term.
    pub terms: Vec<(Term, ReadWrite<BlockPrice>)>,
    /// Where the prices come from.
    pub source: String,
    /// How sure they are, 0 to 1.
    pub confidence: f64,
    /// What is taken off that where they are scaled.
    pub scaled_penalty: f64,
}

/// One for reads, one for writes.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadWrite<T> {
    /// For reads.
    pub read: T,
    /// For writes.
    pub write: T,
}

/// What a block costs, in USD.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockPrice {
    /// Once, at its start.
    pub upfront: f64,
    /// In each hour of its term.
    pub hourly: f64,
}

impl<T> ReadWrite<T> {
    /// The one for writes, or for reads.
    #[must_use]
    pub fn of(&self, write: bool) -> &T {
        if write { &self.write } else { &self.read }
    }
}

/// A block as it is sold in a region.
pub(super) struct Block {
    pub(super) name: String,
    /// What it offers an hour, in the waterfall's unit.
    pub(super) step: Amount,
    /// USD an hour, the upfront fee spread over the term.
    pub(super) hourly: Money,
    /// The share of that which is paid upfront.
    pub(super) upfront: f64,
    pub(super) confidence: f64,
    pub(super) source: String,
}

impl BlockPrices {
    /// What a unit costs an hour of what it costs without a block, 0 to 1, the upfront fee spread; `None` where the term is not sold.
    #[must_use]
    pub fn share(&self, term: Term, write: bool) -> Option<f64> {
        let price = self.price(term, write)?;
        Some(price.spread(term) / f64::from(self.units) / self.rate.of(write))
    }

    fn price(&self, term: Term, write: bool) -> Option<&BlockPrice> {
        let (_, prices) = self.terms.iter().find(|(sold, _)| *sold == term)?;
        Some(prices.of(write))
    }

    /// The block for what some pools of one region use; `None` where the term is not sold or no rate is known.
    pub(super) fn block<'p>(&self, term: Term, write: bool, pools: impl Iterator<Item = &'p Pool>) -> Option<Block> {
        let price = self.price(term, write)?;
        let rate = pools.map(|pool| pool.rate.public).max()?.to_f64();
        let home = *self.rate.of(write);
        let scale = rate / home;
        let scaled = (scale - 1.0).abs() > 1e-6;
        let side = if write { "write" } else { "read" };
        let spread = price.spread(term);
        let source = if scaled { format!("{} x {scale:.4}", self.source) } else { self.source.clone() };
        (scale > 0.0).then(|| Block {
            name: format!("{} {side} capacity units", self.units),
            step: Amount::from(self.units) * Amount::from(UNIT) * 1_000_000_000,
            hourly: Money::ONE.times(spread * scale),
            upfront: price.upfront / term.hours() / spread,
            confidence: self.confidence - if scaled { self.scaled_penalty } else { 0.0 },
            source,
        })
    }
}

impl BlockPrice {
    /// USD an hour, the upfront fee spread over the term.
    fn spread(&self, term: Term) -> f64 {
        self.upfront / term.hours() + self.hourly
    }
}
