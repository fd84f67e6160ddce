//! What a hub says about a revision of a repository.

use crate::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::path::{Component, Path};

/// A revision's commit and files.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) commit: String,
    pub(super) files: Vec<RemoteFile>,
}

/// One file as the hub declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RemoteFile {
    /// Relative, with `/`.
    pub(super) path: String,
    pub(super) bytes: u64,
    /// Name in the cache's `blobs`: the SHA-256 where there is one, else git's own hash.
    pub(super) blob: String,
    pub(super) sha256: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    blob_id: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: String,
    size: u64,
}

impl Listing {
    /// Reads the hub's answer. Paths, hashes and commits become names of files here, so each must have its form.
    pub(super) fn read(json: serde_json::Value, host: &str) -> Result<Self> {
        let answer: Answer = serde_json::from_value(json).map_err(|error| {
            disagreement(host, "a list of files with their sizes and hashes", &error.to_string())
                .because(error)
        })?;
        if !is_commit(&answer.sha) {
            return Err(disagreement(
                host,
                "a commit of 40 hexadecimal digits",
                &format!("`{}`", answer.sha),
            ));
        }
        let files = answer.siblings.into_iter().filter(|sibling| is_plain_path(&sibling.rfilename));
        Ok(Self { commit: answer.sha, files: files.filter_map(RemoteFile::read).collect() })
    }
}

impl RemoteFile {
    /// None for a file without a declared size or hash.
    fn read(sibling: Sibling) -> Option<Self> {
        let (bytes, blob, sha256) = match sibling.lfs {
            Some(lfs) => (lfs.size, lfs.sha256.clone(), Some(lfs.sha256)),
            None => (sibling.size?, sibling.blob_id?, None),
        };
        let hash = is_hex(&blob) && blob.len() == if sha256.is_some() { 64 } else { 40 };
        hash.then_some(Self { path: sibling.rfilename, bytes, blob, sha256 })
    }
}

pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Relative, and without a way up.
pub(super) fn is_plain_path(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\\')
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

fn disagreement(host: &str, expected: &str, found: &str) -> Error {
    Error::new(ErrorKind::Remote, host.to_owned())
        .expected(expected)
        .found(found)
        .hint("check HF_ENDPOINT: it must be a hub with the API of huggingface.co")
}
