//! Files that are whole or not there.

use lens::{Error, ErrorKind, Result};
use serde::Serialize;
use std::path::Path;

/// Writes aside and renames.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let aside = path.with_extension("partial");
    let written = fs_err::write(&aside, bytes).and_then(|()| fs_err::rename(&aside, path));
    written.map_err(|error| unwritable(path, error))
}

/// Indented JSON with a line feed at the end.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::new(ErrorKind::Internal, path.display().to_string()).because(error))?;
    text.push('\n');
    write_whole(path, text.as_bytes())
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    fs_err::read_to_string(path).map_err(|error| unreadable(path, error))
}

/// `Input`: the file cannot be read.
pub(crate) fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let found = match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        kind => kind.to_string(),
    };
    Error::new(ErrorKind::Input, path.display().to_string())
        .expected("a readable file")
        .found(found)
        .hint("check the path")
        .because(error)
}

/// `Input`: the file cannot be written.
pub(crate) fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Input, path.display().to_string())
        .expected("a folder that can be written to")
        .found(error.kind().to_string())
        .hint("choose another folder with --out")
        .because(error)
}
