//! Files on this machine.

use crate::error::{Error, Result};
use bytes::Bytes;
use sha2::Digest as _;
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};

pub(super) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| Error::new(format!("cannot be opened: {error}")))
}

pub(super) fn size(path: &Path) -> Result<u64> {
    let wrong = |error| Error::file(path.display(), format!("cannot be opened: {error}"));
    std::fs::metadata(path).map(|there| there.len()).map_err(wrong)
}

/// Some bytes of a file, all of them.
pub(crate) fn range(file: &mut File, range: Range<u64>) -> Result<Bytes> {
    let io = |error: std::io::Error| Error::new(format!("cannot be read: {error}"));
    let length = range.end.saturating_sub(range.start);
    file.seek(SeekFrom::Start(range.start)).map_err(io)?;
    let there = file.metadata().map_err(io)?.len().saturating_sub(range.start).min(length);
    let mut bytes = Vec::with_capacity(usize::try_from(there).unwrap_or(0));
    file.take(length).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 != length {
        return Err(truncated(range.start, length));
    }
    Ok(Bytes::from(bytes))
}

/// What a file is of which some bytes are not there.
pub(crate) fn truncated(start: u64, length: u64) -> Error {
    Error::new(format!("is truncated: {length} bytes should begin at byte {start}"))
}

/// The SHA-256 of a whole file.
pub(super) fn digest(path: &Path) -> Result<[u8; 32]> {
    let wrong = |error: std::io::Error| Error::file(path.display(), format!("cannot be read: {error}"));
    let mut file = File::open(path).map_err(wrong)?;
    let (mut hasher, mut block) = (sha2::Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut block).map_err(wrong)? {
            0 => return Ok(hasher.finalize().into()),
            count => hasher.update(&block[..count]),
        }
    }
}

/// All files below a folder, sorted; hidden ones and those whose name begins with `_` are left out.
pub(super) fn walk(root: &Path) -> Result<Vec<PathBuf>> {
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
