//! What is odd about the lines, counted as they are folded.

use crate::{money::Money, time::Hour};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Counts of oddities over everything read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quality {
    /// Lines read.
    pub lines: u64,
    /// Unknown line types: lines and unblended cost.
    pub unknown_types: BTreeMap<Arc<str>, (u64, Money)>,
    /// Split cost allocation rows, left out.
    pub split_rows: u64,
    /// Usage lines with a negative amount, and the first of them by name.
    pub negative: u64,
    /// Which, by usage type and resource: the least.
    pub negative_example: Option<String>,
    /// Rows of capacity reservations.
    pub capacity_rows: u64,
    /// Lines of dedicated host reservations.
    pub host_rows: u64,
    /// Lines that name no account.
    pub no_account: u64,
    /// Lines without an unblended cost.
    pub no_cost: u64,
    /// Lines outside of their billing period, and their unblended cost.
    pub outside: (u64, Money),
    /// Billing periods with lines that have no invoice yet.
    pub not_final: BTreeSet<Hour>,
    /// Usage lines that span an hour, a day, longer.
    pub spans: [u64; 3],
    /// Lines of providers other than AWS, by provider.
    pub others: BTreeMap<Arc<str>, u64>,
    /// Usage lines of AWS in FOCUS that do not tell what was used.
    pub plain: u64,
    /// Usage lines that state an effective cost of nothing for what was billed, by provider: lines, and what was billed.
    pub no_effective: BTreeMap<Arc<str>, (u64, Money)>,
}

impl Quality {
    /// Adds another worker's counts.
    pub(super) fn add(&mut self, other: Self) {
        self.lines += other.lines;
        for (name, (lines, cost)) in other.unknown_types {
            let sum = self.unknown_types.entry(name).or_default();
            *sum = (sum.0 + lines, sum.1 + cost);
        }
        self.split_rows += other.split_rows;
        self.negative += other.negative;
        self.negative_example = match (self.negative_example.take(), other.negative_example) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.capacity_rows += other.capacity_rows;
        self.host_rows += other.host_rows;
        self.no_account += other.no_account;
        self.no_cost += other.no_cost;
        self.outside = (self.outside.0 + other.outside.0, self.outside.1 + other.outside.1);
        self.not_final.extend(other.not_final);
        for (sum, more) in self.spans.iter_mut().zip(other.spans) {
            *sum += more;
        }
        for (name, lines) in other.others {
            *self.others.entry(name).or_default() += lines;
        }
        self.plain += other.plain;
        for (name, (lines, cost)) in other.no_effective {
            let sum = self.no_effective.entry(name).or_default();
            *sum = (sum.0 + lines, sum.1 + cost);
        }
    }
}
