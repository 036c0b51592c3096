//! A folder, glob, file or manifest becomes the list of part files: no billing period twice, none half.

mod manifest;
mod periods;

pub use periods::Periods;

use crate::{
    error::{Error, Result},
    note::{Notes, Remark},
    parallel::a_few_at_once,
    scan::{Format, Part},
    store::{Store, is_remote},
    time::Hour,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// So many parts are opened at a time, which is mostly waiting for S3.
const AT_ONCE: usize = 8;

/// The part files of one or more exports, opened.
pub struct Exports {
    /// In the order of their paths.
    pub parts: Vec<Part>,
    /// The billing periods that were asked for, where the paths do not tell which part is of which: the lines have to.
    pub undecided: Option<Periods>,
}

/// How parts are found and opened.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// Where files are read from.
    pub store: &'a Store,
    /// The billing periods that are wanted; all without it.
    pub periods: Option<&'a Periods>,
    /// Whether all parts are read through the general reader.
    pub general: bool,
}

impl Exports {
    /// Finds and opens every part that `inputs` name.
    ///
    /// # Errors
    /// Nothing found, a part that a manifest names and that is missing, a billing period that is not there, or a part that cannot
    /// be read.
    pub fn open(inputs: &[String], how: Opening<'_>, notes: &mut Notes) -> Result<Self> {
        let mut found = inputs.iter().map(|input| find(how.store, input)).collect::<Result<Vec<_>>>()?;
        let mut undecided = None;
        if let Some(periods) = how.periods {
            match months(&found) {
                Some(there) => narrow(&mut found, &periods.choose(&there)?, notes),
                None => undecided = Some(periods.clone()),
            }
        }
        let mut files: BTreeMap<PathBuf, (PathBuf, usize)> = BTreeMap::new();
        for (export, found) in found.into_iter().enumerate() {
            for file in found.parts(how.store, notes)? {
                // One file under several names is read once.
                let place = file.canonicalize().unwrap_or_else(|_| file.clone());
                files.entry(place).or_insert((file, export));
            }
        }
        let mut files: Vec<(PathBuf, usize)> = files.into_values().collect();
        files.sort();
        let open = |(file, export): &(PathBuf, usize)| {
            Part::open(how.store, file, how.general).map(|part| part.of_export(*export))
        };
        let parts = a_few_at_once(&files, AT_ONCE, open)?;
        if parts.is_empty() {
            return Err(Error::new("no export was named").help("name a folder, a glob, a manifest or Parquet files"));
        }
        notes_on_columns(&parts, notes);
        notes_on_copies(&parts, notes)?;
        Ok(Self { parts, undecided })
    }
}

/// What one input names.
enum Found {
    /// Part files, as they were named.
    Files { input: String, files: Vec<PathBuf> },
    /// A folder, and all files below it.
    Folder { root: PathBuf, files: Vec<PathBuf> },
}

impl Found {
    /// The name of the input, and its files.
    fn files(&mut self) -> (String, &mut Vec<PathBuf>) {
        match self {
            Self::Files { input, files } => (input.clone(), files),
            Self::Folder { root, files } => (root.display().to_string(), files),
        }
    }

    /// Its part files.
    fn parts(self, store: &Store, notes: &mut Notes) -> Result<Vec<PathBuf>> {
        match self {
            Self::Files { files, .. } => Ok(files),
            Self::Folder { root, files } => folder(store, &root, &files, notes),
        }
    }
}

/// Whether a file of a folder may be a part.
fn is_part(file: &Path) -> bool {
    Format::of_name(file).is_some()
}

/// The billing periods that the paths of all part files tell; `None` when one of them tells none.
fn months(found: &[Found]) -> Option<BTreeSet<Hour>> {
    let files = found.iter().flat_map(|found| match found {
        Found::Files { files, .. } | Found::Folder { files, .. } => files,
    });
    files.filter(|file| is_part(file)).map(|file| periods::of_path(file)).collect()
}

/// Leaves the files of some billing periods, and those that tell none, such as manifests.
fn narrow(found: &mut [Found], wanted: &BTreeSet<Hour>, notes: &mut Notes) {
    for found in found {
        let (input, files) = found.files();
        let there: BTreeSet<Hour> = files.iter().filter_map(|file| periods::of_path(file)).collect();
        for missing in wanted.difference(&there) {
            notes.about(&input, Remark::PeriodAbsent { period: missing.month_name() });
        }
        files.retain(|file| periods::of_path(file).is_none_or(|month| wanted.contains(&month)));
    }
}

/// The files that one input names.
fn find(store: &Store, input: &str) -> Result<Found> {
    let path = Path::new(input);
    let files = |files| Found::Files { input: input.to_owned(), files };
    if let Some(all) = store.folder(path)? {
        if !all.iter().any(|file| is_part(file)) {
            return Err(Error::file(input, "holds no .parquet, .csv or .csv.gz file").help(
                "curtail reads Data Exports (CUR 2.0, FOCUS), legacy Cost and Usage Reports, and FOCUS of other providers",
            ));
        }
        return Ok(Found::Folder { root: path.to_owned(), files: all });
    }
    if store.is_file(path)? {
        return Ok(files(match manifest::is_manifest(path) {
            true => manifest::Manifest::read(store, path)?.files(store)?,
            false => vec![path.to_owned()],
        }));
    }
    if input.contains(['*', '?', '[', '{']) {
        return glob(store, input).map(files);
    }
    if is_remote(path) {
        return Err(Error::file(input, "there is no object of that name or below it"));
    }
    if let Some((scheme, _)) = input.split_once("://") {
        return Err(Error::file(input, format!("{scheme}:// cannot be read; copy the export to a folder first")));
    }
    Err(Error::file(input, "no such file or folder"))
}

fn glob(store: &Store, pattern: &str) -> Result<Vec<PathBuf>> {
    let matcher = globset::GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| Error::new(format!("`{pattern}` is no glob: {error}")))?
        .compile_matcher();
    let before = pattern.find(['*', '?', '[', '{']).map_or(pattern, |at| &pattern[..at]);
    let fixed = before.rsplit_once('/').map(|(folder, _)| if folder.is_empty() { "/" } else { folder });
    let root = PathBuf::from(fixed.unwrap_or("."));
    let bare =
        |path: &Path| if fixed.is_none() { path.strip_prefix(".").unwrap_or(path).to_owned() } else { path.to_owned() };
    let found: Vec<PathBuf> =
        store.list(&root)?.iter().map(|path| bare(path)).filter(|path| matcher.is_match(path)).collect();
    if found.is_empty() { Err(Error::file(pattern, "matches no file")) } else { Ok(found) }
}

/// The part files of a folder: those that its manifests name, and for periods without one the latest assembly.
fn folder(store: &Store, root: &Path, files: &[PathBuf], notes: &mut Notes) -> Result<Vec<PathBuf>> {
    let mut by_period: BTreeMap<String, BTreeMap<String, Vec<PathBuf>>> = BTreeMap::new();
    for file in files.iter().filter(|file| is_part(file)) {
        let below = file.strip_prefix(root).unwrap_or(file);
        let (period, assembly) = place(below);
        by_period.entry(period).or_default().entry(assembly).or_default().push(file.clone());
    }
    let manifests = manifest::of_folder(store, files, notes);
    let mut unnamed = Vec::new();
    let mut chosen = Vec::new();
    for (period, mut assemblies) in by_period {
        let named = manifests.iter().rev().find_map(|manifest| manifest.choose(&assemblies));
        if let Some(named) = named {
            let mut parts = named?;
            // A manifest may name a part twice.
            parts.sort();
            parts.dedup();
            let others = assemblies.values().flatten().filter(|file| parts.binary_search(file).is_err()).count();
            notes.about(root.display(), Remark::Manifest { files: parts.len(), others });
            chosen.extend(parts);
            continue;
        }
        one_format(root, &mut assemblies, notes);
        unnamed.push(period.clone());
        chosen.extend(latest(&period, assemblies, notes));
    }
    for period in unnamed.iter().filter(|_| !manifests.is_empty()) {
        notes.about(root.display(), Remark::ManifestUnmatched { folder: format!("`{period}`") });
    }
    Ok(chosen)
}

/// An export is in one format: where a period without a manifest has Parquet files, other files there are none of its parts.
fn one_format(root: &Path, assemblies: &mut BTreeMap<String, Vec<PathBuf>>, notes: &mut Notes) {
    let is_parquet = |file: &PathBuf| Format::of_name(file) == Some(Format::Parquet);
    if !assemblies.values().flatten().any(is_parquet) {
        return;
    }
    let left = assemblies.values().flatten().filter(|file| !is_parquet(file)).count();
    if left > 0 {
        notes.about(root.display(), Remark::OtherFormat { files: left });
        assemblies.values_mut().for_each(|files| files.retain(is_parquet));
        assemblies.retain(|_, files| !files.is_empty());
    }
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
    for part in parts.iter().filter(|part| !part.is_empty()) {
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
    let mut some: BTreeSet<&str> = BTreeSet::new();
    for alike in by_dialect(parts).values() {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for name in alike.iter().flat_map(|part| part.column_names()) {
            *counts.entry(name).or_default() += 1;
        }
        some.extend(counts.iter().filter(|(_, count)| **count < alike.len()).map(|(name, _)| *name));
    }
    if !some.is_empty() {
        let shown = some.iter().take(8).copied().collect::<Vec<_>>().join(", ");
        let more = if some.len() > 8 { format!(" and {} more", some.len() - 8) } else { String::new() };
        notes.add(Remark::SchemaDiffers { columns: shown + &more });
    }
    let with_net = parts.iter().filter(|part| part.layout().has_net()).count();
    if with_net > 0 && with_net < parts.len() {
        notes.add(Remark::NetInSomeParts {});
    }
    let mut foreign: BTreeSet<&str> = BTreeSet::new();
    for part in parts.iter().filter(|part| part.dialect().is_focus()) {
        let read = part.layout().projection();
        let others = part.column_names().enumerate().filter(|(at, _)| read.binary_search(at).is_err());
        foreign.extend(others.map(|(_, name)| name).filter(|name| !crate::scan::columns::is_focus_name(name)));
    }
    if !foreign.is_empty() {
        let columns = foreign.into_iter().collect::<Vec<_>>().join(", ");
        notes.add(Remark::ForeignColumns { columns });
    }
}

/// Parts by the family of their dialect: those of one export have the same columns.
fn by_dialect(parts: &[Part]) -> BTreeMap<&'static str, Vec<&Part>> {
    let mut families: BTreeMap<&str, Vec<&Part>> = BTreeMap::new();
    for part in parts {
        families.entry(part.dialect().family()).or_default().push(part);
    }
    families
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
        let files =
            folder(&Store::default(), root.path(), &Store::default().list(root.path()).unwrap(), &mut notes).unwrap();
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
        assert_eq!(
            find(&Store::default(), &pattern).unwrap().parts(&Store::default(), &mut Notes::default()).unwrap().len(),
            2
        );
        let none = root.path().join("*.csv").display().to_string();
        assert!(find(&Store::default(), &none).err().unwrap().to_string().contains("matches no file"));
    }
}
