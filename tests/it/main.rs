//! Integration tests: one binary, a module per subject.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod alternatives;
mod bad_input;
mod bill;
mod bound;
mod changes;
mod cli;
#[cfg(feature = "aws")]
mod collect;
mod commitments;
mod coverage;
mod csv;
mod cur;
mod curve;
mod dialects;
mod explorer;
mod focus;
mod gap;
mod layers;
mod market;
mod order;
mod periods;
mod planted;
#[cfg(feature = "aws")]
mod proxy;
mod report;
mod rules;
#[cfg(feature = "aws")]
mod s3;
mod season;
mod threads;
mod totals;
mod trust;
mod unit_cost;
mod waterfall;
