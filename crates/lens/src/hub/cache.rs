//! One cache folder in the layout of `huggingface_hub`.

use super::{
    listing::{is_commit, is_plain_path},
    request::{Repository, RepositoryKind, Request},
};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A folder that holds `models--org--name` and `datasets--org--name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cache(pub(super) PathBuf);

impl Cache {
    pub(super) fn repository(&self, repository: &Repository) -> PathBuf {
        let kind = match repository.kind() {
            RepositoryKind::Model => "models",
            RepositoryKind::Dataset => "datasets",
        };
        self.0.join(format!("{kind}--{}", repository.name().replace('/', "--")))
    }

    pub(super) fn blobs(&self, repository: &Repository) -> PathBuf {
        self.repository(repository).join("blobs")
    }

    pub(super) fn snapshot(&self, repository: &Repository, commit: &str) -> PathBuf {
        self.repository(repository).join("snapshots").join(commit)
    }

    /// The folder with all wanted files of the first revision that has them.
    pub(super) fn find(&self, request: &Request) -> Option<PathBuf> {
        request.revisions().into_iter().find_map(|revision| {
            let commit = self.commit(&request.repository, revision)?;
            let folder = self.snapshot(&request.repository, &commit);
            let files = files_below(&folder);
            let names: Vec<&str> = files.iter().map(String::as_str).collect();
            request.wanted.select(&names).is_ok().then_some(folder)
        })
    }

    /// The commit that a revision was when it was last asked for.
    fn commit(&self, repository: &Repository, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        if !is_plain_path(revision) {
            return None;
        }
        let text = fs_err::read_to_string(self.repository(repository).join("refs").join(revision)).ok()?;
        Some(text.trim().to_owned()).filter(|commit| is_commit(commit))
    }

    /// Notes that `revision` is `commit`.
    pub(super) fn set_commit(&self, repository: &Repository, revision: &str, commit: &str) -> io::Result<()> {
        if is_commit(revision) || !is_plain_path(revision) {
            return Ok(());
        }
        let path = self.repository(repository).join("refs").join(revision);
        let folder = path.parent().unwrap_or(&self.0);
        fs_err::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(commit.as_bytes())?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    /// Makes the blob appear in the snapshot: as a relative link, or moved there where links cannot be made.
    pub(super) fn link(
        &self,
        repository: &Repository,
        commit: &str,
        path: &str,
        blob: &str,
    ) -> io::Result<()> {
        let target = self.snapshot(repository, commit).join(path);
        if target.exists() {
            return Ok(());
        }
        if let Some(folder) = target.parent() {
            fs_err::create_dir_all(folder)?;
        }
        if target.is_symlink() {
            fs_err::remove_file(&target)?;
        }
        let up = "../".repeat(path.matches('/').count() + 2);
        match symlink(Path::new(&format!("{up}blobs/{blob}")), &target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(_) => fs_err::rename(self.blobs(repository).join(blob), &target),
            Ok(()) => Ok(()),
        }
    }
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The files below a folder, relative with `/`; links that lead nowhere are no files. None when it is not there.
pub(super) fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path).into_iter().map(|file| format!("{name}/{file}")));
        } else if path.is_file() {
            files.push(name);
        }
    }
    files.sort();
    files
}
