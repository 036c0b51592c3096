//! A folder, glob, file or manifest becomes the list of part files: no billing period twice, none half.

mod manifest;

use crate::{
    error::{Error, Result},
    note::{Notes, Remark},
    scan::Part,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// The part files of one or more exports, opened.
pub struct Exports {
    /// In the order of their paths.
    pub parts: Vec<Part>,
}

impl Exports {
    /// Finds and opens every part that `inputs` name; with `general`, all are read through the general reader.
    ///
    /// # Errors
    /// Nothing found, a part that a manifest names and that is missing, or a part that cannot be read.
    pub fn open(inputs: &[String], general: bool, notes: &mut Notes) -> Result<Self> {
        let mut files: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        for input in inputs {
            for file in find(input, notes)? {
                // One file under several names is read once.
                let place = file.canonicalize().unwrap_or_else(|_| file.clone());
                files.entry(place).or_insert(file);
            }
        }
        let files: BTreeSet<PathBuf> = files.into_values().collect();
        let parts = files.iter().map(|file| Part::open(file, general)).collect::<Result<Vec<_>>>()?;
        if parts.is_empty() {
            return Err(Error::new("no export was named").help("name a folder, a glob, a manifest or Parquet files"));
        }
        notes_on_columns(&parts, notes);
        notes_on_copies(&parts, notes)?;
        Ok(Self { parts })
    }
}

/// The part files that one input names.
fn find(input: &str, notes: &mut Notes) -> Result<Vec<PathBuf>> {
    let path = Path::new(input);
    if path.is_dir() {
        return folder(path, notes);
    }
    if path.is_file() {
        return match input.ends_with("Manifest.json") {
            true => manifest::Manifest::read(path)?.files(),
            false => Ok(vec![path.to_owned()]),
        };
    }
    if input.contains(['*', '?', '[', '{']) {
        return glob(input);
    }
    if let Some((scheme, _)) = input.split_once("://") {
        return Err(Error::file(input, format!("{scheme}:// cannot be read; copy the export to a folder first")));
    }
    Err(Error::file(input, "no such file or folder"))
}

fn glob(pattern: &str) -> Result<Vec<PathBuf>> {
    let matcher = globset::GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| Error::new(format!("`{pattern}` is no glob: {error}")))?
        .compile_matcher();
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']))
        .collect();
    let root = if fixed.as_os_str().is_empty() { PathBuf::from(".") } else { fixed.clone() };
    let bare = |path: &Path| {
        if fixed.as_os_str().is_empty() { path.strip_prefix(".").unwrap_or(path).to_owned() } else { path.to_owned() }
    };
    let found: Vec<PathBuf> =
        walk(&root)?.iter().map(|path| bare(path)).filter(|path| matcher.is_match(path)).collect();
    if found.is_empty() { Err(Error::file(pattern, "matches no file")) } else { Ok(found) }
}

/// All files below a folder, sorted; hidden ones and those whose name begins with `_` (markers of engines) are left out.
fn walk(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .map_err(|error| Error::file(folder.display(), format!("cannot be listed: {error}")))?;
        for entry in entries {
            let path = entry.map_err(|error| Error::file(folder.display(), error))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with(['.', '_']) {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

/// The part files of a folder: those that its manifests name, and for periods without one the latest assembly.
fn folder(root: &Path, notes: &mut Notes) -> Result<Vec<PathBuf>> {
    let files = walk(root)?;
    let parquet: Vec<&PathBuf> =
        files.iter().filter(|file| file.extension().is_some_and(|ext| ext == "parquet")).collect();
    if parquet.is_empty() {
        return Err(Error::file(root.display(), "holds no .parquet file")
            .help("curtail reads Parquet exports: Data Exports (CUR 2.0) or a legacy CUR made for Athena"));
    }
    let mut by_period: BTreeMap<String, BTreeMap<String, Vec<PathBuf>>> = BTreeMap::new();
    for file in parquet {
        let below = file.strip_prefix(root).unwrap_or(file);
        let (period, assembly) = place(below);
        by_period.entry(period).or_default().entry(assembly).or_default().push(file.clone());
    }
    let manifests = manifest::of_folder(&files, notes);
    let mut unnamed = Vec::new();
    let mut chosen = Vec::new();
    for (period, assemblies) in by_period {
        let named = manifests.iter().rev().find_map(|manifest| manifest.choose(&assemblies));
        if let Some(named) = named {
            let parts = named?;
            let others = assemblies.values().flatten().count() - parts.len();
            notes.about(root.display(), Remark::Manifest { files: parts.len(), others });
            chosen.extend(parts);
            continue;
        }
        unnamed.push(period.clone());
        chosen.extend(latest(&period, assemblies, notes));
    }
    for period in unnamed.iter().filter(|_| !manifests.is_empty()) {
        notes.about(root.display(), Remark::ManifestUnmatched { folder: format!("`{period}`") });
    }
    Ok(chosen)
}

/// The newest of several deliveries of one period: assembly folders that begin with a moment sort by it.
fn latest(period: &str, mut assemblies: BTreeMap<String, Vec<PathBuf>>, notes: &mut Notes) -> Vec<PathBuf> {
    let Some((taken, parts)) = assemblies.pop_last() else { return Vec::new() };
    if !assemblies.is_empty() {
        let left = assemblies.into_keys().collect::<Vec<_>>().join(", ");
        notes.add(Remark::SeveralAssemblies { period: period.to_owned(), taken, left });
    }
    parts
}

/// A part's billing period and assembly, by its path below the export. Files without such folders are one delivery.
fn place(below: &Path) -> (String, String) {
    let folders: Vec<String> = below
        .parent()
        .map(|parent| parent.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    let is_period = |name: &String| {
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        let upper = name.to_ascii_uppercase();
        upper.starts_with("BILLING_PERIOD=")
            || upper.starts_with("MONTH=")
            || (digits == 16 && name.len() == 17 && name.as_bytes()[8] == b'-')
    };
    match folders.iter().rposition(is_period) {
        Some(at) => (folders[..=at].join("/"), folders[at + 1..].join("/")),
        None => (folders.join("/"), String::new()),
    }
}

/// Parts with the same content are copies: their lines count twice.
fn notes_on_copies(parts: &[Part], notes: &mut Notes) -> Result<()> {
    let mut alike: BTreeMap<(u64, u64), Vec<&Part>> = BTreeMap::new();
    for part in parts.iter().filter(|part| part.rows() > 0) {
        alike.entry((part.bytes(), part.rows())).or_default().push(part);
    }
    for group in alike.values().filter(|group| group.len() > 1) {
        let mut first: BTreeMap<[u8; 32], &Part> = BTreeMap::new();
        for part in group {
            let digest = part.digest()?;
            if let Some(other) = first.get(&digest) {
                notes.about(&part.name, Remark::DuplicatedPart { other: other.name.clone() });
            } else {
                first.insert(digest, part);
            }
        }
    }
    Ok(())
}

fn notes_on_columns(parts: &[Part], notes: &mut Notes) {
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (column, effect) in parts.iter().flat_map(|part| part.layout().missing()) {
        let columns = missing.entry(effect).or_default();
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    for (effect, columns) in missing {
        notes.add(Remark::ColumnMissing { columns: columns.join(", "), effect: effect.to_owned() });
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in parts.iter().flat_map(Part::column_names) {
        *counts.entry(name).or_default() += 1;
    }
    let some: Vec<&str> = counts.iter().filter(|(_, count)| **count < parts.len()).map(|(name, _)| *name).collect();
    if !some.is_empty() {
        let shown = some.iter().take(8).copied().collect::<Vec<_>>().join(", ");
        let more = if some.len() > 8 { format!(" and {} more", some.len() - 8) } else { String::new() };
        notes.add(Remark::SchemaDiffers { columns: shown + &more });
    }
    let net = |part: &&Part| part.layout().has_amount(crate::scan::columns::Amount::NetUnblended);
    let with_net = parts.iter().filter(net).count();
    if with_net > 0 && with_net < parts.len() {
        notes.add(Remark::NetInSomeParts {});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_and_assemblies_by_path() {
        let of = |path: &str| place(Path::new(path));
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(of("data/BILLING_PERIOD=2026-09/x.parquet"), pair("data/BILLING_PERIOD=2026-09", ""));
        assert_eq!(of("n/n/year=2026/month=9/x.parquet"), pair("n/n/year=2026/month=9", ""));
        assert_eq!(of("n/20260901-20261001/ab-12/n-1.parquet"), pair("n/20260901-20261001", "ab-12"));
        assert_eq!(of("x.parquet"), pair("", ""));
    }

    #[test]
    fn the_latest_assembly_alone_is_read() {
        let root = tempfile::tempdir().unwrap();
        for name in ["20260901T000000Z", "20260903T000000Z"] {
            let folder = root.path().join("20260901-20261001").join(name);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("a.parquet"), "x").unwrap();
        }
        let mut notes = Notes::default();
        let files = folder(root.path(), &mut notes).unwrap();
        assert_eq!(files.len(), 1);
        assert!(files[0].to_string_lossy().contains("20260903T000000Z"));
        assert_eq!(notes.sorted()[0].code, "latest_assembly");
    }

    #[test]
    fn globs_match_files() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a.parquet", "b.parquet", "c.txt"] {
            std::fs::write(root.path().join(name), "x").unwrap();
        }
        let pattern = root.path().join("*.parquet").display().to_string();
        assert_eq!(find(&pattern, &mut Notes::default()).unwrap().len(), 2);
        let none = root.path().join("*.csv").display().to_string();
        assert!(find(&none, &mut Notes::default()).unwrap_err().to_string().contains("matches no file"));
    }
}
