//! Fingerprints that were computed before: a start need not read gigabytes to learn what it knew.
//!
//! Each state of a model's files has one small file in a folder, named by the state and holding the fingerprint. Files
//! appear whole and never change, so any number of processes may share the folder; one that cannot be read or written
//! costs only the time.

use crate::Result;
use sha2::{Digest, Sha256};
use std::{
    fmt::Write,
    fs::Metadata,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The kept fingerprint of these files, or that of `compute`, which is then kept.
pub(super) fn remembered(
    folder: &Path,
    files: &[PathBuf],
    compute: impl FnOnce() -> Result<[u8; 32]>,
) -> Result<[u8; 32]> {
    let Ok(before) = state(files) else { return compute() };
    let path = folder.join(hex(&Sha256::digest(&before)));
    if let Some(known) = fs_err::read_to_string(&path).ok().as_deref().and_then(unhex) {
        return Ok(known);
    }
    let fingerprint = compute()?;
    // A file that was replaced meanwhile is of neither state.
    if state(files).is_ok_and(|after| after == before) {
        let _ = keep(&path, &hex(&fingerprint));
    }
    Ok(fingerprint)
}

/// What tells one state of the files from another without reading them.
fn state(files: &[PathBuf]) -> io::Result<String> {
    let mut state = String::new();
    for file in files {
        let path = fs_err::canonicalize(file)?;
        let metadata = fs_err::metadata(&path)?;
        let modified = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(
            state,
            "{} {} {} {}",
            path.display(),
            metadata.len(),
            modified.as_nanos(),
            identity(&metadata)
        );
    }
    Ok(state)
}

/// Which file it is, and when it was last touched: a copy in place may keep its size and its time.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("{} {} {}.{:09}", metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> String {
    metadata.created().map(|created| format!("{created:?}")).unwrap_or_default()
}

fn keep(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder)?;
    }
    let aside = path.with_extension(std::process::id().to_string());
    fs_err::write(&aside, text)?;
    fs_err::rename(&aside, path)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
