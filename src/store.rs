//! Where files lie: on this machine, or in S3 as `s3://bucket/key`. Listing, ranged reads and whole writes are the same for both.

mod local;
#[cfg(feature = "aws")]
mod s3;

pub(crate) use local::{range, truncated};

use crate::error::{Error, Result};
use bytes::Bytes;
use std::{
    fs::File,
    io::Read,
    ops::Range,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Everything that files are read from and written to. Clones share their connections.
#[derive(Debug, Clone, Default)]
pub struct Store {
    #[cfg(feature = "aws")]
    s3: std::sync::Arc<s3::S3>,
}

/// Whether a path names an object in S3.
#[must_use]
pub fn is_remote(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with("s3://"))
}

#[cfg(not(feature = "aws"))]
fn not_built(path: &Path) -> Error {
    Error::file(path.display(), "S3 is not part of this build")
        .help("build with the feature `aws`, which is on by default")
}

impl Store {
    /// The files of a folder, in S3 the objects below a path; `None` where it is no folder.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn folder(&self, path: &Path) -> Result<Option<Vec<PathBuf>>> {
        if !is_remote(path) {
            return if path.is_dir() { self.list(path).map(Some) } else { Ok(None) };
        }
        // Who may read an object need not be allowed to list its bucket.
        if path.extension().is_some() && self.is_file(path).unwrap_or(false) {
            return Ok(None);
        }
        Ok(Some(self.list(path)?).filter(|files| !files.is_empty()))
    }

    /// Whether a path is a file.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn is_file(&self, path: &Path) -> Result<bool> {
        if !is_remote(path) {
            return Ok(path.is_file());
        }
        #[cfg(feature = "aws")]
        return self.s3.is_there(path);
        #[cfg(not(feature = "aws"))]
        Err(not_built(path))
    }

    /// All files below a folder, sorted; hidden ones and those whose name begins with `_` (markers of engines) are left out.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn list(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        if !is_remote(folder) {
            return local::walk(folder);
        }
        #[cfg(feature = "aws")]
        return self.s3.list(folder);
        #[cfg(not(feature = "aws"))]
        Err(not_built(folder))
    }

    /// Opens a file, to read parts of it.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn open(&self, path: &Path) -> Result<Blob> {
        if !is_remote(path) {
            let size = local::size(path)?;
            return Ok(Blob { path: path.to_owned(), size, place: Place::Local });
        }
        #[cfg(feature = "aws")]
        {
            let object = self.s3.open(path)?;
            Ok(Blob { path: path.to_owned(), size: object.size(), place: Place::S3(object) })
        }
        #[cfg(not(feature = "aws"))]
        Err(not_built(path))
    }

    /// A file's text.
    ///
    /// # Errors
    /// When it cannot be read, or is not UTF-8.
    pub fn read_text(&self, path: &Path) -> Result<String> {
        if !is_remote(path) {
            let text = std::fs::read_to_string(path);
            return text.map_err(|error| Error::file(path.display(), format!("cannot be read: {error}")));
        }
        let blob = self.open(path)?;
        let bytes = blob.ranges(std::slice::from_ref(&(0..blob.size())))?.into_iter().next().unwrap_or_default();
        String::from_utf8(bytes.to_vec()).map_err(|_| Error::file(path.display(), "is not UTF-8 text"))
    }

    /// Writes an object in S3, whole or not at all, in place of what is there.
    ///
    /// # Errors
    /// When it cannot be written.
    #[cfg_attr(not(feature = "aws"), expect(unused_variables, reason = "there is nowhere to write"))]
    pub fn write(&self, path: &Path, text: &str) -> Result<()> {
        #[cfg(feature = "aws")]
        return self.s3.write(path, text);
        #[cfg(not(feature = "aws"))]
        Err(not_built(path))
    }

    /// Files or folders as they lie on this machine: those that are elsewhere are fetched into a folder that lasts as long as the
    /// result.
    ///
    /// # Errors
    /// When one cannot be fetched.
    pub fn bring(&self, paths: &[PathBuf]) -> Result<Brought> {
        let mut brought = Brought { paths: Vec::new(), fetched: Vec::new() };
        for path in paths {
            if !is_remote(path) {
                brought.paths.push(path.clone());
                continue;
            }
            let folder = tempfile::tempdir().map_err(|error| Error::new(format!("no temporary folder: {error}")))?;
            let files = self.folder(path)?.unwrap_or_else(|| vec![path.clone()]);
            let root = if files.first() == Some(path) { path.parent().unwrap_or(path) } else { path };
            for file in &files {
                let below = file.strip_prefix(root).unwrap_or(file);
                self.fetch(file, &folder.path().join(below))?;
            }
            let name = path.strip_prefix(root).unwrap_or(Path::new(""));
            brought.paths.push(if name.as_os_str().is_empty() {
                folder.path().to_owned()
            } else {
                folder.path().join(name)
            });
            brought.fetched.push((folder, root.to_owned()));
        }
        Ok(brought)
    }

    /// Copies a file to this machine.
    fn fetch(&self, from: &Path, to: &Path) -> Result<()> {
        let wrong = |error: std::io::Error| {
            let plain = || Error::file(from.display(), format!("cannot be fetched: {error}"));
            Error::carried(&error).unwrap_or_else(plain)
        };
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(wrong)?;
        }
        let mut stream = self.open(from)?.stream()?;
        let mut file = File::create(to).map_err(wrong)?;
        std::io::copy(&mut stream, &mut file).map(|_| ()).map_err(wrong)
    }
}

/// Files and folders on this machine, some of them fetched.
pub struct Brought {
    /// Where they lie, in the order in which they were named.
    pub paths: Vec<PathBuf>,
    /// Temporary folders, and what each is the copy of.
    fetched: Vec<(TempDir, PathBuf)>,
}

impl Brought {
    /// A text in which what was fetched has the name that the user knows.
    #[must_use]
    pub fn rename(&self, text: &str) -> String {
        self.fetched.iter().fold(text.to_owned(), |text, (copy, of)| {
            let of = of.display().to_string();
            text.replace(&copy.path().display().to_string(), of.trim_end_matches('/'))
        })
    }

    /// An error likewise.
    #[must_use]
    pub fn renamed(&self, mut error: Error) -> Error {
        error.place.file = error.place.file.map(|file| self.rename(&file));
        error.what = self.rename(&error.what);
        error.causes.iter_mut().for_each(|cause| *cause = self.rename(cause));
        error
    }
}

/// Where a file lies.
#[derive(Debug, Clone)]
enum Place {
    /// On this machine.
    Local,
    /// In S3.
    #[cfg(feature = "aws")]
    S3(s3::Object),
}

/// A file that is there, to be read in parts.
#[derive(Debug, Clone)]
pub struct Blob {
    path: PathBuf,
    size: u64,
    place: Place,
}

impl Blob {
    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.place, Place::Local)
    }

    /// The file itself, when it is on this machine.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn file(&self) -> Result<Option<File>> {
        match &self.place {
            Place::Local => local::open(&self.path).map(Some),
            #[cfg(feature = "aws")]
            Place::S3(_) => Ok(None),
        }
    }

    /// Some ranges of its bytes, in their order.
    ///
    /// # Errors
    /// When one of them cannot be read, or not whole.
    pub fn ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        match &self.place {
            Place::Local => {
                let mut file = local::open(&self.path)?;
                ranges.iter().map(|range| local::range(&mut file, range.clone())).collect()
            }
            #[cfg(feature = "aws")]
            Place::S3(object) => object.ranges(ranges),
        }
    }

    /// Its bytes from the first to the last.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn stream(&self) -> Result<Box<dyn Read + Send>> {
        match &self.place {
            Place::Local => Ok(Box::new(local::open(&self.path)?)),
            #[cfg(feature = "aws")]
            Place::S3(object) => Ok(Box::new(object.stream())),
        }
    }

    /// What tells its content from others of the same size.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn digest(&self) -> Result<[u8; 32]> {
        match &self.place {
            Place::Local => local::digest(&self.path),
            #[cfg(feature = "aws")]
            Place::S3(object) => Ok(object.digest()),
        }
    }
}
