//! What a folder holds and since when: a run that broke off goes on where it was.

use super::{
    failure::Failure,
    site::{Site, Written},
};
use crate::{error::Result, inventory::Inventory, note::Notes, output};
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

    /// The listing that filled a file.
    pub(super) fn owner(&self, file: &str) -> Option<String> {
        let owns = |(_, done): &(&String, &Done)| done.files.iter().any(|name| name == file);
        self.steps.iter().find(owns).map(|(step, _)| step.clone())
    }

    /// Looks through what former runs left: what is damaged is not fresh. Such files are said.
    pub(super) fn mend(&mut self, folder: &Path, tell: &mut dyn FnMut(&str)) -> Result<()> {
        for (file, why) in inventory(folder)?.1 {
            let owner = self.owner(&file);
            let then = if owner.is_some() {
                "it is fetched again"
            } else {
                "it is none of collect's, and `recommend` skips it"
            };
            tell(&format!("{} is damaged: {why}; {then}", folder.join(&file).display()));
            if let Some(step) = owner {
                self.clear(folder, &step)?;
            }
        }
        Ok(())
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
    pub(super) fn clear(&mut self, folder: &Path, step: &str) -> Result<()> {
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

    fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        output::write_file(&folder.join(NAME), &text)
    }
}

/// What the files of a folder say, and those that cannot be read, each with the reason.
pub(super) fn inventory(folder: &Path) -> Result<(Inventory, Vec<(String, String)>)> {
    let mut notes = Notes::default();
    let known = Inventory::load(&[folder.to_owned()], &mut notes)?;
    let prefix = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
    let damaged = notes.sorted().into_iter().filter(|note| note.code == "bad_inventory_file").map(|note| {
        let file = note.source.unwrap_or_default();
        let why = note.message.trim_start_matches("skipped: ").trim_start_matches(&file).trim_start_matches(": ");
        (file.trim_start_matches(&prefix).to_owned(), why.to_owned())
    });
    Ok((known, damaged.collect()))
}
