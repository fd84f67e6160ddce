//! The cache first, then the hub.

use super::{
    cache::Cache,
    download::Download,
    http::{Http, encode},
    listing::{Listing, RemoteFile},
    options::HubOptions,
    partial::kept,
    request::{Repository, RepositoryKind, Request},
};
use crate::{Error, ErrorKind, Result};
use std::{io, ops::ControlFlow, path::PathBuf, time::Duration};

/// What a download tells while it runs. Returning `Break` stops it; what came so far is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Before the first byte.
    Plan {
        /// The repository.
        repository: &'a str,
        /// The revision that has the files.
        revision: &'a str,
        /// Number of files to download.
        files: usize,
        /// Bytes to download.
        bytes: u64,
    },
    /// After each piece.
    Bytes {
        /// The file, by its path in the repository.
        file: &'a str,
        /// Bytes on disk, of all files together.
        done: u64,
        /// Bytes of all files together.
        total: u64,
    },
}

/// Published files: those in the caches, and those of the hub.
#[derive(Debug, Clone)]
pub struct Hub {
    pub(super) models: Cache,
    pub(super) shared: Option<Cache>,
    http: Http,
    offline: bool,
    pause: Duration,
}

impl Hub {
    /// A hub that is not connected to yet.
    #[must_use]
    pub fn new(options: HubOptions) -> Self {
        let http = Http::new(&options.endpoint, options.token, options.timeout);
        let (models, shared) = (Cache(options.models), options.shared.map(Cache));
        Self { models, shared, http, offline: options.offline, pause: options.pause }
    }

    pub(super) fn caches(&self) -> impl Iterator<Item = &Cache> {
        std::iter::once(&self.models).chain(&self.shared)
    }

    /// The folder that holds the requested files, if a cache has them all. Makes no connection.
    #[must_use]
    pub fn cached(&self, request: &Request) -> Option<PathBuf> {
        self.caches().find_map(|cache| cache.find(request))
    }

    /// The folder that holds the requested files, downloaded if no cache has them.
    ///
    /// # Errors
    /// `Config` when offline and not cached, when no revision has the files, or the disk is full; `Remote` or
    /// `Overloaded` when the hub does not answer as agreed or a hash is wrong; `Input` when `progress` stops it.
    pub fn fetch(
        &self,
        request: &Request,
        progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<PathBuf> {
        match self.cached(request) {
            Some(folder) => Ok(folder),
            None => self.pull(request, progress),
        }
    }

    /// Asks the hub what the revision is now and downloads what is missing of it.
    ///
    /// # Errors
    /// As [`Hub::fetch`].
    pub fn pull(
        &self,
        request: &Request,
        progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<PathBuf> {
        let repository = &request.repository;
        if self.offline {
            return Err(self.offline_error(repository));
        }
        let (revision, commit, files) = self.choose(request)?;
        let cache = self.cache_for(repository);
        let snapshot = cache.snapshot(repository, &commit);
        let missing: Vec<RemoteFile> =
            files.into_iter().filter(|file| !snapshot.join(&file.path).exists()).collect();
        let blobs = cache.blobs(repository);
        let bytes = missing.iter().map(|file| file.bytes.saturating_sub(kept(&blobs, file))).sum();
        let plan = Progress::Plan { repository: repository.name(), revision, files: missing.len(), bytes };
        if !missing.is_empty() && progress(plan).is_break() {
            return Err(Error::new(ErrorKind::Input, repository.name()).found("the download was stopped"));
        }
        self.download(cache, repository, &commit, &missing, progress)?;
        cache.set_commit(repository, revision, &commit).map_err(|error| unwritable(cache, error))?;
        Ok(snapshot)
    }

    /// Downloads files of one commit and links them into its snapshot, one after the other.
    fn download(
        &self,
        cache: &Cache,
        repository: &Repository,
        commit: &str,
        files: &[RemoteFile],
        progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let total = files.iter().map(|file| file.bytes).sum();
        let mut before = 0;
        for file in files {
            let download = Download {
                http: &self.http,
                url_path: resolve_path(repository, commit, &file.path),
                thing: format!("{repository}, {}", file.path),
                file,
                blobs: &cache.blobs(repository),
                pause: self.pause,
            };
            download.run(&mut |done| {
                progress(Progress::Bytes { file: &file.path, done: before + done, total })
            })?;
            cache
                .link(repository, commit, &file.path, &file.blob)
                .map_err(|error| unwritable(cache, error))?;
            before += file.bytes;
        }
        Ok(())
    }

    /// The first revision that has the wanted files, its commit, and these files.
    fn choose<'a>(&self, request: &'a Request) -> Result<(&'a str, String, Vec<RemoteFile>)> {
        let mut lacks = Vec::new();
        for revision in request.revisions() {
            let Some(listing) = self.list(&request.repository, revision)? else {
                lacks.push(format!("{revision} does not exist"));
                continue;
            };
            let names: Vec<&str> = listing.files.iter().map(|file| file.path.as_str()).collect();
            match request.wanted.select(&names) {
                Ok(wanted) => {
                    let find = |name: &&str| listing.files.iter().find(|file| file.path == **name).cloned();
                    let files = wanted.iter().filter_map(find).collect();
                    return Ok((revision, listing.commit, files));
                }
                Err(lack) => lacks.push(format!("{revision} has {lack}")),
            }
        }
        Err(Error::new(ErrorKind::Config, request.repository.name())
            .expected("a revision with files that LENS can use")
            .found(lacks.join("; "))
            .hint("name a revision that has them, as REPOSITORY@refs/pr/NUMBER, or give a converted folder"))
    }

    fn list(&self, repository: &Repository, revision: &str) -> Result<Option<Listing>> {
        let kind = match repository.kind() {
            RepositoryKind::Model => "models",
            RepositoryKind::Dataset => "datasets",
        };
        let name = repository.name();
        let path = format!("/api/{kind}/{name}/revision/{}?blobs=true", encode(revision, false));
        let json = self.http.json(&path, name)?;
        json.map(|json| Listing::read(json, self.http.endpoint())).transpose()
    }

    /// What a cache has begun it also completes; a new repository goes to the home.
    fn cache_for(&self, repository: &Repository) -> &Cache {
        self.caches().find(|cache| cache.repository(repository).exists()).unwrap_or(&self.models)
    }

    fn offline_error(&self, repository: &Repository) -> Error {
        let caches: Vec<String> = self.caches().map(|cache| cache.0.display().to_string()).collect();
        Error::new(ErrorKind::Config, repository.name())
            .expected(format!("its files in {}", caches.join(" or ")))
            .found("not there, and LENS is offline")
            .hint(format!("run `lens models pull {repository}` while online, or give a folder"))
    }
}

fn resolve_path(repository: &Repository, commit: &str, path: &str) -> String {
    let prefix = match repository.kind() {
        RepositoryKind::Model => "",
        RepositoryKind::Dataset => "/datasets",
    };
    format!("{prefix}/{}/resolve/{commit}/{}", repository.name(), encode(path, true))
}

fn unwritable(cache: &Cache, error: io::Error) -> Error {
    Error::new(ErrorKind::Config, cache.0.display().to_string())
        .expected("a folder that LENS can write to")
        .found(error.to_string())
        .hint("set LENS_HOME to another folder")
        .because(error)
}
