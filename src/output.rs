//! Writing results: whole or not at all.

use crate::{
    error::{Error, Result},
    store::{Store, is_remote},
};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Looks, before the work begins, whether a result can be written to a path.
///
/// # Errors
/// When its folder is missing, or the path is a folder.
pub fn check_path(path: &Path) -> Result<()> {
    if is_remote(path) {
        let named = path.to_str().is_some_and(|text| !text.ends_with('/')) && path.components().count() > 2;
        return if named { Ok(()) } else { Err(Error::file(path.display(), "names no object; name one in it")) };
    }
    if path.is_dir() {
        return Err(Error::file(path.display(), "is a folder; name a file in it"));
    }
    let folder = folder_of(path);
    if folder.is_dir() {
        Ok(())
    } else {
        Err(Error::file(path.display(), format!("there is no folder {}", folder.display())))
    }
}

/// Writes a file on this machine, or an object in S3 in one request.
///
/// # Errors
/// When it cannot be written to.
pub fn write(store: &Store, path: &Path, text: &str) -> Result<()> {
    if is_remote(path) { store.write(path, text) } else { write_file(path, text) }
}

/// Writes a file aside and renames it, so that a reader never sees half of it. A symbolic link is followed and the mode of a
/// file that is replaced is kept; what is no regular file (a pipe, a device) is written through.
///
/// # Errors
/// When it cannot be written to.
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    let wrong = |error: &dyn std::fmt::Display| Error::file(path.display(), format!("cannot be written: {error}"));
    let place: PathBuf = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let there = std::fs::metadata(&place).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        return std::fs::write(&place, text).map_err(|error| wrong(&error));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".curtail-");
    let new_mode = mode(0o666);
    if let Some(mode) = new_mode {
        builder.permissions(mode);
    }
    let mut file = builder.tempfile_in(folder_of(&place)).map_err(|error| wrong(&error))?;
    file.write_all(text.as_bytes()).map_err(|error| wrong(&error))?;
    if let Some(there) = there {
        file.as_file().set_permissions(there.permissions()).map_err(|error| wrong(&error))?;
    }
    file.persist(&place).map_err(|error| wrong(&error.error))?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The mode that a new file asks for; the user's mask takes away from it.
#[cfg(unix)]
fn mode(bits: u32) -> Option<std::fs::Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(std::fs::Permissions::from_mode(bits))
}

#[cfg(not(unix))]
fn mode(_: u32) -> Option<std::fs::Permissions> {
    None
}

/// Writes to standard output; a reader that has gone away is no error.
///
/// # Errors
/// When the output cannot be written for another reason.
pub fn write_stdout(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn links_are_followed_modes_kept_and_devices_written_through() {
        let root = tempfile::tempdir().unwrap();
        let (file, link) = (root.path().join("file"), root.path().join("link"));
        write_file(&file, "one").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&file, &link).unwrap();
        write_file(&link, "two").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        write_file(Path::new("/dev/null"), "three").unwrap();
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn a_missing_folder_is_told_beforehand() {
        let root = tempfile::tempdir().unwrap();
        assert!(check_path(&root.path().join("no/file")).unwrap_err().to_string().contains("there is no folder"));
        assert!(check_path(root.path()).unwrap_err().to_string().contains("is a folder"));
        assert!(check_path(&root.path().join("file")).is_ok());
    }
}
