//! Manifests: which part files belong to the latest assembly of a billing period.

use crate::{
    error::{Error, Result},
    note::{Notes, Remark},
    scan::Format,
    store::{Store, is_remote},
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// So many folders above a manifest in S3 are listed to find its files.
const ABOVE: usize = 3;

/// What is read of a manifest: `reportKeys` of a legacy CUR, `dataFiles` of Data Exports, `blobs` of Azure's exports.
#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default, alias = "reportKeys", alias = "dataFiles")]
    files: Vec<String>,
    #[serde(default)]
    blobs: Vec<BlobName>,
    #[serde(default, rename = "runInfo")]
    run: RunInfo,
}

#[derive(Debug, Deserialize)]
struct BlobName {
    #[serde(rename = "blobName")]
    name: String,
}

/// Of Azure's exports: when the delivery was asked for.
#[derive(Debug, Default, Deserialize)]
struct RunInfo {
    #[serde(default, rename = "submittedTime")]
    submitted: String,
}

/// A manifest and where it stands.
pub(super) struct Manifest {
    path: PathBuf,
    keys: Vec<String>,
    /// When its delivery was asked for, if that is told.
    submitted: String,
}

impl Manifest {
    /// Reads a manifest.
    pub(super) fn read(store: &Store, path: &Path) -> Result<Self> {
        let text = store.read_text(path)?;
        let document: Document = serde_json::from_str(&text).map_err(|error| {
            Error::file(path.display(), format!("is no manifest: {error}")).on_line(error.line() as u64)
        })?;
        let keys: Vec<String> = document
            .files
            .into_iter()
            .chain(document.blobs.into_iter().map(|blob| blob.name))
            .filter(|key| Format::of_name(Path::new(key)).is_some())
            .collect();
        if keys.is_empty() {
            return Err(Error::file(
                path.display(),
                "names no .parquet, .csv or .csv.gz file (in `reportKeys`, `dataFiles` or `blobs`)",
            ));
        }
        Ok(Self { path: path.to_owned(), keys, submitted: document.run.submitted })
    }

    /// The files that it names, for a manifest that was named itself: keys are matched against folders above it.
    pub(super) fn files(&self, store: &Store) -> Result<Vec<PathBuf>> {
        if let Some(files) = self.listed(store) {
            return Ok(files);
        }
        self.keys.iter().map(|key| self.locate(store, key)).collect()
    }

    /// The files of a manifest in S3, as a few listings tell, so that no request is needed for each: of the folder that they were
    /// delivered to, else of the folders above the manifest. `None` if they do not tell it; who may not list has to ask for each.
    fn listed(&self, store: &Store) -> Option<Vec<PathBuf>> {
        if !is_remote(&self.path) || self.keys.len() < 2 {
            return None;
        }
        let named: Vec<PathBuf> = self.keys.iter().map(|key| self.named(key)).collect();
        let folder = named.first()?.parent()?;
        let there = store.list(folder).unwrap_or_default();
        if named.iter().all(|file| there.binary_search(file).is_ok()) {
            return Some(named);
        }
        let in_bucket = self.path.ancestors().skip(1).filter(|folder| folder.components().count() > 2);
        in_bucket.take(ABOVE).find_map(|folder| {
            let there = store.list(folder).ok()?;
            let there: Vec<&PathBuf> = there.iter().collect();
            self.keys.iter().map(|key| best(key, &there).cloned()).collect()
        })
    }

    /// Where a key of S3 is if nothing was moved. Keys are told with or without their bucket, which need not be the one that the
    /// manifest lies in now.
    fn named(&self, key: &str) -> PathBuf {
        if key.starts_with("s3://") {
            return key.into();
        }
        let bucket: PathBuf = self.path.components().take(2).collect();
        format!("{}/{key}", bucket.to_string_lossy().replacen(":/", "://", 1)).into()
    }

    fn locate(&self, store: &Store, key: &str) -> Result<PathBuf> {
        if is_remote(&self.path) {
            let named = self.named(key);
            if store.is_file(&named)? {
                return Ok(named);
            }
        }
        let parts: Vec<&str> = key.trim_start_matches("s3://").split('/').collect();
        for from in 0..parts.len() {
            let above = self.path.ancestors().skip(1);
            for folder in above.filter(|folder| is_remote(folder) == is_remote(&self.path)) {
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

/// Whether a file is named as manifests are.
pub(super) fn is_manifest(file: &Path) -> bool {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.ends_with("Manifest.json") || name == "manifest.json"
}

/// The manifests among the files of a folder, the one that counts last: of deliveries that tell their time the newest, else the
/// one that stands above the others, since a legacy report keeps a copy of its manifest in each assembly's folder. An unreadable
/// one is told and passed over.
pub(super) fn of_folder(store: &Store, files: &[PathBuf], notes: &mut Notes) -> Vec<Manifest> {
    let mut all = Vec::new();
    for path in files.iter().filter(|file| is_manifest(file)) {
        match Manifest::read(store, path) {
            Ok(manifest) => all.push(manifest),
            Err(error) => notes.about(path.display(), Remark::BadManifest { error: error.to_string() }),
        }
    }
    let depth = |manifest: &Manifest| std::cmp::Reverse(manifest.path.components().count());
    all.sort_by(|a, b| (&a.submitted, depth(a), &a.path).cmp(&(&b.submitted, depth(b), &b.path)));
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
