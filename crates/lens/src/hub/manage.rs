//! What is in the caches: list, verify, remove.

use super::{
    cache::{Cache, files_below},
    client::Hub,
    listing::is_hex,
    request::{Repository, RepositoryKind},
};
use crate::{Error, ErrorKind, Result, evidence::hex};
use sha2::{Digest, Sha256};
use std::{
    io::{self, Read},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// A repository in one of the caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedRepository {
    /// Which one.
    pub repository: Repository,
    /// Its folder in the cache.
    pub folder: PathBuf,
    /// Whether the cache is shared with other programs.
    pub shared: bool,
    /// Bytes on disk, unfinished downloads included.
    pub bytes: u64,
    /// The revisions that were asked for: `main`, `refs/pr/15`.
    pub revisions: Vec<String>,
}

/// A file that is not what its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The damaged file.
    pub file: PathBuf,
    /// The SHA-256 it must have.
    pub expected: String,
    /// The SHA-256 it has.
    pub found: String,
}

impl Hub {
    /// Everything in the home's cache and in the shared one, sorted by name.
    #[must_use]
    pub fn repositories(&self) -> Vec<CachedRepository> {
        let mut all: Vec<CachedRepository> =
            self.caches().flat_map(|cache| in_cache(cache, self.shared.as_ref() == Some(cache))).collect();
        all.sort_by(|a, b| a.repository.cmp(&b.repository));
        all
    }

    /// Computes the hash of every file that the hub declared a SHA-256 for. `on_file` gets each file before it is
    /// read; `Break` leaves out the rest. Makes no connection.
    ///
    /// # Errors
    /// `Weights` when a file cannot be read.
    pub fn verify(
        &self,
        cached: &CachedRepository,
        on_file: &mut dyn FnMut(&Path) -> ControlFlow<()>,
    ) -> Result<Vec<Damage>> {
        let mut damages = Vec::new();
        let blobs = cached.folder.join("blobs");
        // Elsewhere the name of a blob is git's own hash, which says less.
        for expected in files_below(&blobs).into_iter().filter(|name| name.len() == 64 && is_hex(name)) {
            let file = blobs.join(&expected);
            if on_file(&file).is_break() {
                break;
            }
            let found = sha256(&file).map_err(|error| {
                Error::new(ErrorKind::Weights, file.display().to_string())
                    .expected("a readable file")
                    .found(error.to_string())
                    .because(error)
            })?;
            if found != expected {
                damages.push(Damage { file, expected, found });
            }
        }
        Ok(damages)
    }

    /// Removes a repository from the home's cache and tells how many bytes that freed. The shared cache is left to
    /// the programs that share it.
    ///
    /// # Errors
    /// `Config` when it is not in the home's cache or cannot be removed.
    pub fn remove(&self, repository: &Repository) -> Result<u64> {
        let folder = self.models.repository(repository);
        let shared =
            self.shared.as_ref().map(|cache| cache.repository(repository)).filter(|path| path.exists());
        if !folder.exists() {
            let error = Error::new(ErrorKind::Config, repository.name())
                .expected(format!("it in {}", self.models.0.display()));
            return Err(match shared {
                Some(shared) => error
                    .found(format!("it only in the shared cache, {}", shared.display()))
                    .hint("other programs may use it; remove that folder by hand if none does"),
                None => error.found("nothing").hint("see `lens models list`"),
            });
        }
        let bytes = bytes_below(&folder);
        fs_err::remove_dir_all(&folder).map_err(|error| {
            Error::new(ErrorKind::Config, repository.name()).found(error.to_string()).because(error)
        })?;
        Ok(bytes)
    }
}

fn in_cache(cache: &Cache, shared: bool) -> Vec<CachedRepository> {
    let entries = fs_err::read_dir(&cache.0).into_iter().flatten().filter_map(std::result::Result::ok);
    entries
        .filter_map(|entry| {
            let repository = parse_folder(entry.file_name().to_str()?)?;
            let folder = entry.path();
            let bytes = bytes_below(&folder);
            let revisions = files_below(&folder.join("refs"));
            Some(CachedRepository { repository, folder, shared, bytes, revisions })
        })
        .collect()
}

/// `models--org--name` and `datasets--org--name`.
fn parse_folder(name: &str) -> Option<Repository> {
    let (kind, name) = name.split_once("--")?;
    let kind = match kind {
        "models" => RepositoryKind::Model,
        "datasets" => RepositoryKind::Dataset,
        _ => return None,
    };
    Repository::new(kind, &name.replace("--", "/")).ok()
}

/// Links count nothing: what they lead to is counted where it is.
fn bytes_below(folder: &Path) -> u64 {
    let entries = fs_err::read_dir(folder).into_iter().flatten().filter_map(std::result::Result::ok);
    entries
        .map(|entry| match entry.path().symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) if metadata.is_file() => metadata.len(),
            _ => 0,
        })
        .sum()
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut file = fs_err::File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(piece.get(..read).unwrap_or_default()),
        }
    }
}
