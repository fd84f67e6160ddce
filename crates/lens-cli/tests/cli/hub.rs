//! Downloads from a hub on loopback.

use crate::{
    fake_server::{Asked, FakeServer, Reply},
    place::{Place, transcript},
};
use assert_cmd::Command;
use insta::assert_snapshot;
use serde_json::json;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const WEIGHTS: &[u8] = &[7; 200_000];
/// SHA-256 of `WEIGHTS`.
const SHA256: &str = "8cfcba83dcfc81a193bb4e52fd3161efb513906f52cbbe2328fac5f1a79c2b6e";

/// A hub with one small model.
fn hub() -> FakeServer {
    FakeServer::start(|Asked { path, .. }| {
        if path.starts_with("/api/models/somebody/something/revision/main") {
            let blob = |name: &str| json!({ "rfilename": name, "size": 2, "blobId": "9e26dfeeb6e641a33dae4961196235bdb965b21b" });
            let weights = json!({
                "rfilename": "model.safetensors", "size": WEIGHTS.len(),
                "blobId": "0000000000000000000000000000000000000000",
                "lfs": { "sha256": SHA256, "size": WEIGHTS.len() },
            });
            let files = [blob("config.json"), blob("tokenizer.json"), weights];
            return Reply::new("application/json", json!({ "sha": COMMIT, "siblings": files }).to_string());
        }
        let body = if path.ends_with("model.safetensors") { WEIGHTS } else { b"{}" };
        Reply::new("application/octet-stream", body)
    })
}

fn prepare(command: &mut Command, server: &FakeServer) {
    command.env_remove("LENS_OFFLINE").env("HF_ENDPOINT", &server.url);
}

#[test]
fn a_download_shows_its_size_first() {
    let (place, server) = (Place::new(), hub());
    let mut lens = place.lens(&["models", "pull", "somebody/something"]);
    prepare(&mut lens, &server);
    assert_snapshot!(transcript(&lens.output().unwrap()));
    assert_snapshot!(place.run(&["--preset", "base", "models", "list"]));
    let mut again = place.lens(&["models", "path", "somebody/something"]);
    again.assert().success();
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_leaves_nothing_half_written() {
    let (place, server) = (Place::new(), hub());
    let mut shell = Command::new("sh");
    place.prepare(&mut shell);
    prepare(&mut shell, &server);
    // No file may grow beyond 100 blocks of 512 bytes, and the system reports it as an error instead of a signal.
    let script = format!(
        "trap '' XFSZ; ulimit -f 100; exec '{}' -q models pull somebody/something",
        env!("CARGO_BIN_EXE_lens")
    );
    let output = shell.args(["-c", &script]).output().unwrap();
    assert_snapshot!(transcript(&output));
    let blobs = place.path("home/models/models--somebody--something/blobs");
    let weights = fs_err::read_dir(blobs)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(SHA256));
    assert_eq!(weights.count(), 0);
}

#[test]
fn offline_opens_no_connection() {
    let (place, server) = (Place::new(), hub());
    let mut lens = place.lens(&["--offline", "models", "pull", "somebody/something"]);
    prepare(&mut lens, &server);
    lens.assert().code(4);
    assert!(server.asked().is_empty());
}
