//! Integration tests: one binary, a module per subject.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod cur;
mod dialects;
mod rules;
mod threads;
mod totals;
