//! curtail
