//! A guard around calls into the Parquet reader, whose decoders hold a few assertions that a damaged file can break.

use crate::error::{Error, Result};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls the Parquet reader; a panic of it becomes an error like any other.
///
/// # Errors
/// The call's own, or that the file is damaged.
pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    let outer = INSIDE.replace(true);
    let caught = catch_unwind(AssertUnwindSafe(call));
    INSIDE.set(outer);
    caught.unwrap_or_else(|_| Err(Error::new("is corrupt: its pages contradict each other")))
}

/// Whether a panic on this thread is caught and told as an error: a panic hook then has nothing to say.
#[must_use]
pub fn is_guarded() -> bool {
    INSIDE.get()
}
