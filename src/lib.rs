//! curtail reads a cloud bill and says what to change to spend less: every saving is a re-priced bill.

pub mod error;
pub mod money;
pub mod note;
pub mod time;
