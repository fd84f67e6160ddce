//! A hub with one repository.

use crate::{
    evidence::hex,
    fake_http::{FakeRequest, FakeResponse, FakeServer},
    hub::{Hub, HubOptions, Progress, Repository, RepositoryKind, Request, Wanted},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{ops::ControlFlow, path::Path, time::Duration};

pub(super) const NAME: &str = "org/model";
pub(super) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const GIT_HASH: &str = "89abcdef0123456789abcdef0123456789abcdef";

/// 300 kB that no compression or repetition hides a mistake in.
pub(super) fn weights() -> Vec<u8> {
    (0..300_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

pub(super) fn weights_hash() -> String {
    hex(&Sha256::digest(weights()))
}

/// What the hub says the repository holds.
pub(super) fn listing(files: &[&str]) -> Value {
    let siblings: Vec<Value> = files
        .iter()
        .map(|file| match file.strip_suffix(".safetensors") {
            Some(_) => json!({
                "rfilename": file,
                "lfs": {"sha256": weights_hash(), "size": weights().len(), "pointerSize": 130},
            }),
            None => json!({"rfilename": file, "size": 2, "blobId": blob_id(file)}),
        })
        .collect();
    json!({"sha": COMMIT, "siblings": siblings, "somethingElse": 1})
}

/// A hash that differs from file to file.
fn blob_id(file: &str) -> String {
    format!("{:02x}{}", file.len(), &GIT_HASH[2..])
}

pub(super) const MODEL: [&str; 4] =
    ["config.json", "pytorch_model.bin", "tokenizer.json", "model.safetensors"];

/// Answers as huggingface.co does, without redirects.
pub(super) fn answer(request: &FakeRequest) -> FakeResponse {
    if request.path.starts_with("/api/models/org/model/revision/main?") {
        return FakeResponse::new(200, listing(&MODEL).to_string())
            .header("Content-Type", "application/json");
    }
    if request.path == format!("/{NAME}/resolve/{COMMIT}/model.safetensors") {
        return ranged(request, &weights());
    }
    if request.path.starts_with(&format!("/{NAME}/resolve/{COMMIT}/")) {
        return FakeResponse::new(200, "{}");
    }
    FakeResponse::new(404, "Repository not found")
}

pub(super) fn ranged(request: &FakeRequest, whole: &[u8]) -> FakeResponse {
    let Some(range) = request.headers.get("range") else { return FakeResponse::new(200, whole) };
    let from: usize = range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap();
    let content_range = format!("bytes {from}-{}/{}", whole.len() - 1, whole.len());
    FakeResponse::new(206, &whole[from..]).header("Content-Range", content_range)
}

pub(super) fn options(folder: &Path, endpoint: &str) -> HubOptions {
    HubOptions {
        models: folder.join("models"),
        shared: Some(folder.join("shared")),
        endpoint: endpoint.to_owned(),
        token: Some("hf_secret".to_owned()),
        offline: false,
        timeout: Duration::from_secs(10),
        pause: Duration::from_millis(1),
    }
}

pub(super) fn hub(folder: &Path, server: &FakeServer) -> Hub {
    Hub::new(options(folder, &server.url()))
}

pub(super) fn request(revisions: &[&str]) -> Request {
    Request {
        repository: Repository::new(RepositoryKind::Model, NAME).unwrap(),
        revisions: revisions.iter().map(|&revision| revision.to_owned()).collect(),
        wanted: Wanted::Model,
    }
}

pub(super) fn quiet(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
