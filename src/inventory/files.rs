//! The files below the inventory folders, and the account and region that their folders name.

use super::Scope;
use crate::error::{Error, Result};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A file of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The path as the user would name it.
    pub(crate) name: String,
    /// What the folders `<account>/<region>` above it say, if there are such.
    pub(crate) scope: Scope,
}

impl File {
    /// The extension in lower case, empty without one.
    pub(crate) fn extension(&self) -> String {
        self.path.extension().and_then(|text| text.to_str()).unwrap_or_default().to_ascii_lowercase()
    }

    /// The file name without its extension.
    pub(crate) fn stem(&self) -> &str {
        self.path.file_stem().and_then(|text| text.to_str()).unwrap_or_default()
    }
}

/// Every file below the folders, sorted by path within each folder, each once; names that begin with a dot are left out.
///
/// # Errors
/// When a folder does not exist or cannot be listed.
pub(crate) fn list(dirs: &[PathBuf]) -> Result<Vec<File>> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for dir in dirs {
        if !dir.is_dir() {
            let what = if dir.exists() { "is not a folder" } else { "there is no such folder" };
            return Err(
                Error::file(dir.display(), what).help("--inventory takes a folder of files that the AWS CLI wrote")
            );
        }
        walk(dir, &mut seen, &mut files)?;
    }
    Ok(files)
}

/// Adds what is below one folder. `seen` holds real paths, so that links cannot lead in circles.
fn walk(dir: &Path, seen: &mut BTreeSet<PathBuf>, files: &mut Vec<File>) -> Result<()> {
    let failed = |error: std::io::Error| Error::file(dir.display(), format!("cannot be listed: {error}"));
    if !seen.insert(fs::canonicalize(dir).map_err(failed)?) {
        return Ok(());
    }
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    for path in paths {
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            continue;
        }
        if path.is_dir() {
            walk(&path, seen, files)?;
        } else if fs::canonicalize(&path).map_or(true, |real| seen.insert(real)) {
            files.push(File { name: path.display().to_string(), scope: scope(&path), path });
        }
    }
    Ok(())
}

/// The innermost `<account>/<region>` among the folders of a path; an account alone is half a scope.
fn scope(path: &Path) -> Scope {
    let folders: Vec<&str> =
        path.parent().into_iter().flat_map(Path::components).filter_map(|part| part.as_os_str().to_str()).collect();
    let Some(at) = folders.iter().rposition(|name| is_account(name)) else { return Scope::default() };
    let region = folders.get(at + 1).filter(|name| is_region(name));
    Scope { account: Some(folders[at].to_owned()), region: region.map(|&name| name.to_owned()) }
}

/// Twelve digits.
fn is_account(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// `global`, or words and a number such as `us-gov-west-1`.
pub(crate) fn is_region(name: &str) -> bool {
    let mut parts = name.rsplit('-');
    let number = parts.next().unwrap_or_default();
    let words: Vec<&str> = parts.collect();
    name == "global"
        || (!number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && words.len() >= 2
            && words.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_name_the_scope() {
        for (path, account, region) in [
            ("inv/111122223333/us-east-1/a.json", Some("111122223333"), Some("us-east-1")),
            ("inv/x/111122223333/us-gov-west-1/deep/a.json", Some("111122223333"), Some("us-gov-west-1")),
            ("inv/111122223333/global/a.json", Some("111122223333"), Some("global")),
            ("inv/111122223333/a.json", Some("111122223333"), None),
            ("inv/us-east-1/a.json", None, None),
            ("inv/111122223333/us-east/a.json", Some("111122223333"), None),
            ("a.json", None, None),
        ] {
            let scope = scope(Path::new(path));
            assert_eq!((scope.account.as_deref(), scope.region.as_deref()), (account, region), "{path}");
        }
    }

    #[test]
    fn files_are_sorted_and_each_is_listed_once() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("b")).unwrap();
        for name in ["c.json", "a.json", "b/d.json", ".hidden.json"] {
            fs::write(dir.path().join(name), "{}").unwrap();
        }
        let twice = [dir.path().to_owned(), dir.path().join("b")];
        let names: Vec<_> = list(&twice).unwrap().iter().map(|file| file.stem().to_owned()).collect();
        assert_eq!(names, ["a", "d", "c"]);
        let error = list(&[dir.path().join("none")]).unwrap_err().to_string();
        assert!(error.contains("none: there is no such folder"), "{error}");
        let error = list(&[dir.path().join("a.json")]).unwrap_err().to_string();
        assert!(error.contains("a.json: is not a folder"), "{error}");
    }
}
