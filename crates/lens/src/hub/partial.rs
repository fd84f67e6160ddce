//! The part of a file that is on disk: what an interrupted download left, and what the next one goes on from.

use super::listing::RemoteFile;
use crate::evidence::hex;
use sha2::{Digest, Sha256};
use std::{
    fs::TryLockError,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// The part that is on disk.
pub(super) struct Partial {
    file: fs_err::File,
    path: PathBuf,
    pub(super) bytes: u64,
    hash: Sha256,
}

/// Where a file lies until it is whole.
pub(super) fn incomplete(blobs: &Path, file: &RemoteFile) -> PathBuf {
    blobs.join(format!("{}.incomplete", file.blob))
}

/// Bytes of a file that an earlier download left.
pub(super) fn kept(blobs: &Path, file: &RemoteFile) -> u64 {
    fs_err::metadata(incomplete(blobs, file)).map_or(0, |metadata| metadata.len())
}

impl Partial {
    /// Opens or makes the file and reads what is there; `None` while another process is at it.
    pub(super) fn open(path: &Path, most: u64) -> io::Result<Option<Self>> {
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
        }
        let file = fs_err::OpenOptions::new().read(true).append(true).create(true).open(path)?;
        // Some network file systems have no locks; two downloads there then disturb each other, and the hash says so.
        if matches!(file.file().try_lock(), Err(TryLockError::WouldBlock)) {
            return Ok(None);
        }
        let mut partial = Self { file, path: path.to_path_buf(), bytes: 0, hash: Sha256::new() };
        let length = partial.file.metadata()?.len();
        if length > most {
            partial.file.set_len(0)?;
            return Ok(Some(partial));
        }
        partial.file.seek(SeekFrom::Start(0))?;
        let mut there = (&mut partial.file).take(length);
        partial.bytes = io::copy(&mut there, &mut HashWriter(&mut partial.hash))?;
        Ok(Some(partial))
    }

    pub(super) fn append(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece)?;
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        Ok(())
    }

    pub(super) fn empty(&mut self) -> io::Result<()> {
        if self.bytes > 0 {
            self.file.set_len(0)?;
        }
        self.bytes = 0;
        self.hash = Sha256::new();
        Ok(())
    }

    /// SHA-256 of what is there, as hexadecimal digits.
    pub(super) fn sha256(&self) -> String {
        hex(&self.hash.clone().finalize())
    }

    /// It is whole: gives it its own name.
    pub(super) fn place(&self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs_err::rename(&self.path, path)
    }

    /// Best effort: it is removed because of another error, which is the one to report.
    pub(super) fn remove(&self) {
        let _ = fs_err::remove_file(&self.path);
    }
}

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
