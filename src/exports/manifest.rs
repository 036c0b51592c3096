//! Manifests: which part files belong to the latest assembly of a billing period.

use crate::{
    error::{Error, Result},
    note::{Notes, Remark},
    scan::Format,
    store::Store,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// What is read of a manifest: `reportKeys` of a legacy CUR, `dataFiles` of Data Exports.
#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default, alias = "reportKeys", alias = "dataFiles")]
    files: Vec<String>,
}

/// A manifest and where it stands.
pub(super) struct Manifest {
    path: PathBuf,
    keys: Vec<String>,
}

impl Manifest {
    /// Reads a manifest.
    pub(super) fn read(store: &Store, path: &Path) -> Result<Self> {
        let text = store.read_text(path)?;
        let document: Document = serde_json::from_str(&text).map_err(|error| {
            Error::file(path.display(), format!("is no manifest: {error}")).on_line(error.line() as u64)
        })?;
        let keys: Vec<String> =
            document.files.into_iter().filter(|key| Format::of_name(Path::new(key)).is_some()).collect();
        if keys.is_empty() {
            return Err(Error::file(
                path.display(),
                "names no .parquet, .csv or .csv.gz file (neither `reportKeys` nor `dataFiles`)",
            ));
        }
        Ok(Self { path: path.to_owned(), keys })
    }

    /// The files that it names, for a manifest that was named itself: keys are matched against folders above it.
    pub(super) fn files(&self, store: &Store) -> Result<Vec<PathBuf>> {
        self.keys.iter().map(|key| self.locate(store, key)).collect()
    }

    fn locate(&self, store: &Store, key: &str) -> Result<PathBuf> {
        let parts: Vec<&str> = key.trim_start_matches("s3://").split('/').collect();
        for from in 0..parts.len() {
            for folder in self.path.ancestors().skip(1).filter(|folder| store.may_hold(folder)) {
                let path = folder.join(parts[from..].join("/"));
                if store.is_file(&path)? {
                    return Ok(path);
                }
            }
        }
        Err(self.missing(key))
    }

    /// The files of a period that it names; `None` if it names none of them.
    pub(super) fn choose(&self, assemblies: &BTreeMap<String, Vec<PathBuf>>) -> Option<Result<Vec<PathBuf>>> {
        let all: Vec<&PathBuf> = assemblies.values().flatten().collect();
        let found: Vec<Option<&PathBuf>> = self.keys.iter().map(|key| best(key, &all)).collect();
        found.iter().any(Option::is_some).then(|| {
            let placed = self.keys.iter().zip(found);
            placed.map(|(key, file)| file.cloned().ok_or_else(|| self.missing(key))).collect()
        })
    }

    fn missing(&self, key: &str) -> Error {
        Error::file(self.path.display(), format!("names `{key}`, which is not there"))
            .help("the period would be read by half: fetch all parts")
    }
}

/// The file whose path shares the last parts of a key: the name and the folder above it at least.
fn best<'a>(key: &str, files: &[&'a PathBuf]) -> Option<&'a PathBuf> {
    let parts: Vec<&str> = key.split('/').rev().collect();
    let shared = |file: &PathBuf| {
        let names = file.components().rev().map(|part| part.as_os_str().to_string_lossy().into_owned());
        names.zip(&parts).take_while(|(name, part)| name == *part).count()
    };
    let wanted = parts.len().min(2);
    files.iter().map(|file| (shared(file), *file)).filter(|(count, _)| *count >= wanted).max().map(|(_, file)| file)
}

/// The manifests among the files of a folder, oldest path first; an unreadable one is told and passed over.
pub(super) fn of_folder(store: &Store, files: &[PathBuf], notes: &mut Notes) -> Vec<Manifest> {
    let named = files.iter().filter(|file| file.to_string_lossy().ends_with("Manifest.json"));
    let mut all = Vec::new();
    for path in named {
        match Manifest::read(store, path) {
            Ok(manifest) => all.push(manifest),
            Err(error) => notes.about(path.display(), Remark::BadManifest { error: error.to_string() }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_manifest_picks_its_assembly_and_misses_nothing() {
        let root = tempfile::tempdir().unwrap();
        let period = root.path().join("n/20260901-20261001");
        write(&period.join("old/n-1.parquet"), "");
        write(&period.join("new/n-1.parquet"), "");
        let at = period.join("n-Manifest.json");
        write(&at, r#"{"assemblyId":"new","reportKeys":["p/n/20260901-20261001/new/n-1.parquet"]}"#);
        let manifest = Manifest::read(&Store::default(), &at).unwrap();
        assert_eq!(manifest.files(&Store::default()).unwrap(), [period.join("new/n-1.parquet")]);
        let assemblies = ["old", "new"].map(|name| (name.to_owned(), vec![period.join(name).join("n-1.parquet")]));
        assert_eq!(manifest.choose(&assemblies.into()).unwrap().unwrap(), [period.join("new/n-1.parquet")]);

        write(&at, r#"{"reportKeys":["p/n/new/n-1.parquet","p/n/new/n-2.parquet"]}"#);
        let error = Manifest::read(&Store::default(), &at).unwrap().files(&Store::default()).unwrap_err().to_string();
        assert!(error.contains("n-2.parquet") && error.contains("not there"), "{error}");
    }

    #[test]
    fn what_is_no_manifest_says_so() {
        let root = tempfile::tempdir().unwrap();
        let at = root.path().join("n-Manifest.json");
        write(&at, "{}");
        assert!(Manifest::read(&Store::default(), &at).is_err());
        write(&at, "{");
        assert!(Manifest::read(&Store::default(), &at).err().unwrap().to_string().contains("Manifest.json:1"));
    }
}
