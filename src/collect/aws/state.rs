//! What a folder holds and since when: a run that broke off goes on where it was.

use super::{
    failure::Failure,
    site::{Site, Written},
};
use crate::output;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::Path};

/// The file beside the listings; names that begin with a dot are none of the inventory's.
const NAME: &str = ".collect.json";

/// The listings of one folder.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    steps: BTreeMap<String, Done>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Done {
    /// When it was fetched, in seconds since the epoch.
    at: i64,
    /// What was asked for, where that can differ.
    asked: String,
    /// The files it filled.
    files: Vec<String>,
}

impl State {
    /// What is known of a folder; of a damaged file, nothing.
    pub(super) fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join(NAME)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Whether a listing was fetched since a moment, for the same question, and its files are still there.
    pub(super) fn is_fresh(&self, folder: &Path, step: &str, asked: &str, since: i64) -> bool {
        self.steps.get(step).is_some_and(|done| {
            done.at >= since && done.asked == asked && done.files.iter().all(|file| folder.join(file).is_file())
        })
    }

    /// When a listing that is there was fetched.
    pub(super) fn fetched(&self, step: &str) -> Option<i64> {
        self.steps.get(step).map(|done| done.at)
    }

    /// Puts the files of a listing in place of those it filled before, and keeps that in mind.
    pub(super) fn fill(
        &mut self,
        site: &Site,
        step: &str,
        asked: &str,
        at: i64,
        files: &[Written],
    ) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::broken(error);
        let names: Vec<String> = files.iter().map(Written::name).collect();
        self.forget(&site.folder, step, &names);
        for file in files {
            let path = site.folder.join(file.name());
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(|error| failed(&error))?;
            }
            output::write_file(&path, &file.text).map_err(|error| failed(&error))?;
        }
        self.steps.insert(step.to_owned(), Done { at, asked: asked.to_owned(), files: names });
        self.write(&site.folder).map_err(|error| failed(&error))
    }

    /// Takes away what a listing left before: when it cannot be had now, old files must not pass for new ones.
    pub(super) fn clear(&mut self, folder: &Path, step: &str) -> crate::error::Result<()> {
        self.forget(folder, step, &[]);
        self.write(folder)
    }

    fn forget(&mut self, folder: &Path, step: &str, keep: &[String]) {
        for file in self.steps.remove(step).map(|done| done.files).unwrap_or_default() {
            if !keep.contains(&file) {
                let _ = fs::remove_file(folder.join(file));
            }
        }
    }

    fn write(&self, folder: &Path) -> crate::error::Result<()> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        output::write_file(&folder.join(NAME), &text)
    }
}
