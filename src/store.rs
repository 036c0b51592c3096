//! Where files lie: listing, ranged reads and whole reads. The places of a path: this machine.

mod local;

pub(crate) use local::range;

use crate::error::{Error, Result};
use bytes::Bytes;
use std::{
    fs::File,
    io::Read,
    ops::Range,
    path::{Path, PathBuf},
};

/// Everything that files are read from.
#[derive(Debug, Clone, Default)]
pub struct Store {}

impl Store {
    /// Whether a path is a folder.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn is_folder(&self, path: &Path) -> Result<bool> {
        Ok(path.is_dir())
    }

    /// Whether a path is a file.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn is_file(&self, path: &Path) -> Result<bool> {
        Ok(path.is_file())
    }

    /// Whether a path that is part of another one can be that of a folder.
    #[must_use]
    pub fn may_hold(&self, _: &Path) -> bool {
        true
    }

    /// All files below a folder, sorted; hidden ones and those whose name begins with `_` (markers of engines) are left out.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn list(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        local::walk(folder)
    }

    /// Opens a file, to read parts of it.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn open(&self, path: &Path) -> Result<Blob> {
        let size = local::size(path)?;
        Ok(Blob { path: path.to_owned(), size, place: Place::Local })
    }

    /// A file's text.
    ///
    /// # Errors
    /// When it cannot be read, or is not UTF-8.
    pub fn read_text(&self, path: &Path) -> Result<String> {
        std::fs::read_to_string(path).map_err(|error| Error::file(path.display(), format!("cannot be read: {error}")))
    }
}

/// Where a file lies.
#[derive(Debug, Clone)]
enum Place {
    /// On this machine.
    Local,
}

/// A file that is there, to be read in parts.
#[derive(Debug, Clone)]
pub struct Blob {
    path: PathBuf,
    size: u64,
    place: Place,
}

impl Blob {
    /// Its path as the user would name it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file itself, when it is on this machine.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn file(&self) -> Result<Option<File>> {
        match &self.place {
            Place::Local => local::open(&self.path).map(Some),
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
        }
    }

    /// Its bytes from the first to the last.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn stream(&self) -> Result<Box<dyn Read + Send>> {
        match &self.place {
            Place::Local => Ok(Box::new(local::open(&self.path)?)),
        }
    }

    /// What tells its content from others of the same size.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn digest(&self) -> Result<[u8; 32]> {
        match &self.place {
            Place::Local => local::digest(&self.path),
        }
    }
}
