//! Writing results: whole or not at all.

use crate::error::{Error, Result};
use std::{io::Write, path::Path};

/// Writes a file aside and renames it, so that a reader never sees half of it.
///
/// # Errors
/// When the folder cannot be written to.
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    let wrong = |error: &dyn std::fmt::Display| Error::file(path.display(), format!("cannot be written: {error}"));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".curtail-").tempfile_in(folder).map_err(|error| wrong(&error))?;
    file.write_all(text.as_bytes()).map_err(|error| wrong(&error))?;
    set_mode(&file).map_err(|error| wrong(&error))?;
    file.persist(path).map_err(|error| wrong(&error.error))?;
    Ok(())
}

/// A temporary file is private; the result gets the mode of an ordinary new file.
#[cfg(unix)]
fn set_mode(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_mode(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
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
