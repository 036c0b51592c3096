//! What `curtail collect` says of the folder it filled.

use super::files::File;
use crate::note::{Notes, Remark};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The part of the manifest that is read back.
#[derive(Deserialize)]
struct Manifest {
    complete: bool,
    #[serde(default)]
    denied: Vec<Missed>,
}

#[derive(Deserialize)]
struct Missed {
    what: String,
}

/// Says what the folder lacks.
pub(super) fn remarks(file: &File, notes: &mut Notes) {
    let read = std::fs::read(&file.path).map_err(|error| error.to_string());
    let manifest = read.and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).map_err(|error| error.to_string()));
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(error) => return notes.about(&file.name, Remark::BadInventoryFile { error }),
    };
    if !manifest.complete {
        notes.about(&file.name, Remark::CollectIncomplete {});
    }
    let denied: BTreeSet<&str> = manifest.denied.iter().map(|missed| missed.what.as_str()).collect();
    if let Some(first) = denied.first() {
        let more = if denied.len() > 1 { format!(" and {} more", denied.len() - 1) } else { String::new() };
        notes.about(&file.name, Remark::CollectDenied { what: format!("{first}{more}") });
    }
}
