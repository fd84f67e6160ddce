//! One file: resumed where it stopped, checked against the hub's SHA-256, and renamed into place when it is whole.

use super::{
    http::{Http, header},
    listing::RemoteFile,
    partial::{Partial, incomplete, kept},
};
use crate::{Error, ErrorKind, Result};
use std::{
    io::{self, Read},
    ops::ControlFlow,
    path::Path,
    thread,
    time::Duration,
};
use ureq::{
    Body,
    http::{Response, StatusCode},
};

const PIECE: usize = 256 << 10;

/// How often another process at the same file is looked after.
const GLANCE: Duration = Duration::from_millis(50);

/// A connection may break this many times without a byte in between.
const MAX_BREAKS: u32 = 5;

/// A file on its way.
pub(super) struct Download<'a> {
    pub(super) http: &'a Http,
    /// Path of the file at the hub.
    pub(super) url_path: String,
    /// What errors call it.
    pub(super) thing: String,
    pub(super) file: &'a RemoteFile,
    pub(super) blobs: &'a Path,
    /// Pause before another try.
    pub(super) pause: Duration,
}

/// How one connection ended.
enum End {
    Whole,
    Broken(Error),
}

impl Download<'_> {
    /// Downloads the file unless it is there. `on_bytes` gets the size of what is on disk.
    pub(super) fn run(&self, on_bytes: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<()> {
        let path = self.blobs.join(&self.file.blob);
        if path.exists() {
            return Ok(());
        }
        let mut partial = self.part(on_bytes)?;
        if path.exists() {
            // Another process finished it meanwhile. What is left of its part would only confuse.
            partial.remove();
            return Ok(());
        }
        self.fill(&mut partial, on_bytes)?;
        self.check_hash(&partial)?;
        partial.place(&path).map_err(|error| self.disk(error, Some(&partial)))
    }

    /// The part that is on disk. While another process downloads it, its progress is ours.
    fn part(&self, on_bytes: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<Partial> {
        let path = incomplete(self.blobs, self.file);
        loop {
            let opened = Partial::open(&path, self.file.bytes).map_err(|error| self.disk(error, None))?;
            if let Some(partial) = opened {
                return Ok(partial);
            }
            if on_bytes(kept(self.blobs, self.file)).is_break() {
                return Err(self.stopped());
            }
            thread::sleep(GLANCE);
        }
    }

    fn fill(&self, partial: &mut Partial, on_bytes: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<()> {
        let mut breaks = 0;
        while partial.bytes < self.file.bytes {
            let before = partial.bytes;
            let End::Broken(error) = self.connect(partial, on_bytes)? else { break };
            breaks = if partial.bytes > before { 0 } else { breaks + 1 };
            if breaks >= MAX_BREAKS {
                return Err(error);
            }
            if on_bytes(partial.bytes).is_break() {
                return Err(self.stopped());
            }
            thread::sleep(self.pause * 2_u32.pow(breaks));
        }
        Ok(())
    }

    /// One connection, from where the part ends.
    fn connect(
        &self,
        partial: &mut Partial,
        on_bytes: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<End> {
        let mut response = match self.http.get(&self.url_path, partial.bytes) {
            Ok(response) => response,
            Err(error) => return Ok(End::Broken(error)),
        };
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Ok(self.http.check(&response, &self.thing).err().map_or(End::Whole, End::Broken));
        }
        if status == StatusCode::RANGE_NOT_SATISFIABLE || starts_elsewhere(&response, partial.bytes) {
            partial.empty().map_err(|error| self.disk(error, Some(partial)))?;
            return Ok(End::Broken(self.http.broken("another part of the file than was asked for")));
        }
        self.http.check(&response, &self.thing)?;
        if status == StatusCode::OK {
            partial.empty().map_err(|error| self.disk(error, Some(partial)))?;
        }
        let limit = self.file.bytes + 1;
        let body = response.body_mut().with_config().limit(u64::MAX).reader();
        self.copy(body.take(limit - partial.bytes), partial, on_bytes)
    }

    fn copy(
        &self,
        mut body: impl Read,
        partial: &mut Partial,
        on_bytes: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<End> {
        let mut piece = vec![0; PIECE];
        loop {
            let read = match body.read(&mut piece) {
                Ok(0) if partial.bytes < self.file.bytes => {
                    return Ok(End::Broken(self.http.broken("the connection ended early")));
                }
                Ok(0) => return Ok(End::Whole),
                Ok(read) => read,
                Err(error) => return Ok(End::Broken(self.http.broken(&error.to_string()).because(error))),
            };
            let piece = piece.get(..read).unwrap_or_default();
            partial.append(piece).map_err(|error| self.disk(error, Some(partial)))?;
            if partial.bytes > self.file.bytes {
                return Err(self.wrong(partial, format!("{} bytes", self.file.bytes), "more".to_owned()));
            }
            if on_bytes(partial.bytes).is_break() {
                return Err(self.stopped());
            }
        }
    }

    fn check_hash(&self, partial: &Partial) -> Result<()> {
        let Some(expected) = &self.file.sha256 else { return Ok(()) };
        let found = partial.sha256();
        if found == *expected {
            return Ok(());
        }
        Err(self.wrong(partial, format!("SHA-256 {expected}"), found))
    }

    fn stopped(&self) -> Error {
        Error::new(ErrorKind::Input, self.thing.clone())
            .found("the download was stopped")
            .hint("start it again; it goes on where it stopped")
    }

    /// The content is not what the hub declares, so it is of no use.
    fn wrong(&self, partial: &Partial, expected: String, found: String) -> Error {
        partial.remove();
        Error::new(ErrorKind::Remote, self.thing.clone())
            .expected(expected)
            .found(found)
            .hint("it was damaged on the way and is removed; try again, without a proxy if there is one")
    }

    /// A full disk keeps no part: whoever has no room needs it back.
    fn disk(&self, error: io::Error, partial: Option<&Partial>) -> Error {
        let full = matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        );
        let folder = self.blobs.display().to_string();
        if !full {
            return Error::new(ErrorKind::Config, folder)
                .expected("a folder that LENS can write to")
                .found(error.to_string())
                .hint("set LENS_HOME to another folder")
                .because(error);
        }
        if let Some(partial) = partial {
            partial.remove();
        }
        Error::new(ErrorKind::Config, folder)
            .expected(format!("room for {} ({} bytes)", self.thing, self.file.bytes))
            .found("a full disk")
            .hint("free some room, or set LENS_HOME to a folder on another disk")
            .because(error)
    }
}

/// Whether a partial answer starts at another byte than the part ends.
fn starts_elsewhere(response: &Response<Body>, from: u64) -> bool {
    response.status() == StatusCode::PARTIAL_CONTENT
        && header(response, "content-range").is_none_or(|range| !range.starts_with(&format!("bytes {from}-")))
}
