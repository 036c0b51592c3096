//! The demo: a made-up company's bill, inventory and transactions, embedded in the program.

use crate::{
    config::{Config, Settings},
    error::{Error, Result},
    report::Report,
};
use include_dir::{Dir, include_dir};
use std::path::Path;

static COMPANY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/company");

/// Lays the company out in a folder (a temporary one, or `keep`) and does the main job on it.
///
/// # Errors
/// When the folder cannot be written to.
pub fn run(keep: Option<&Path>) -> Result<Report> {
    let temporary = tempfile::tempdir().map_err(|error| Error::new(format!("no temporary folder: {error}")))?;
    let root = keep.unwrap_or(temporary.path());
    let wrong = |error: std::io::Error| Error::file(root.display(), format!("cannot be written: {error}"));
    std::fs::create_dir_all(root).map_err(wrong)?;
    COMPANY.extract(root).map_err(wrong)?;
    let settings = Settings {
        exports: vec![root.join("export").display().to_string()],
        inventory: vec![root.join("inventory")],
        transactions: Some(root.join("transactions.csv")),
        protect: vec!["tag:keep=yes".into()],
        ..Settings::default()
    };
    let mut report = crate::run(&Config::of(settings)?)?;
    // The company has no place of its own: its files are named by their place in it.
    let prefix = format!("{}/", root.display());
    for input in &mut report.inputs {
        input.path = input.path.replace(&prefix, "");
    }
    for note in &mut report.notes {
        note.message = note.message.replace(&prefix, "");
        note.source = note.source.as_ref().map(|source| source.replace(&prefix, ""));
    }
    Ok(report)
}
