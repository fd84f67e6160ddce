//! Downloads from a hub on loopback.

use crate::{
    fake_server::{Asked, FakeServer, Reply},
    place::{Place, transcript},
};
use assert_cmd::Command;
use insta::assert_snapshot;
use serde_json::json;
use std::{
    process::{self, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::channel,
    },
    thread,
    time::Duration,
};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const WEIGHTS: &[u8] = &[7; 200_000];
/// SHA-256 of `WEIGHTS`.
pub(crate) const SHA256: &str = "8cfcba83dcfc81a193bb4e52fd3161efb513906f52cbbe2328fac5f1a79c2b6e";
/// Where the weights lie until they are whole.
pub(crate) const BLOBS: &str = "home/models/models--somebody--something/blobs";

/// A hub with one small model.
fn hub() -> FakeServer {
    FakeServer::start(|asked| listing(asked).unwrap_or_else(|| Reply::part(asked, file(&asked.path))))
}

/// The same, and whoever asks for its weights first gets them in twenty pieces, one in each `pause`.
pub(crate) fn slow_hub(pause: Duration) -> FakeServer {
    let is_first = AtomicBool::new(true);
    FakeServer::start(move |asked| {
        if let Some(reply) = listing(asked) {
            return reply;
        }
        let file = file(&asked.path);
        if file != WEIGHTS || !is_first.swap(false, Ordering::SeqCst) {
            return Reply::part(asked, file);
        }
        let (sender, pieces) = channel();
        thread::spawn(move || {
            for piece in WEIGHTS.chunks(WEIGHTS.len() / 20) {
                thread::sleep(pause);
                // A client that went away needs no more.
                _ = sender.send(piece.to_vec());
            }
        });
        Reply::in_pieces("application/octet-stream", Some(WEIGHTS.len()), pieces)
    })
}

fn listing(asked: &Asked) -> Option<Reply> {
    if !asked.path.starts_with("/api/models/somebody/something/revision/main") {
        return None;
    }
    let blob = |name: &str| json!({ "rfilename": name, "size": 2, "blobId": format!("{:02x}26dfeeb6e641a33dae4961196235bdb965b21b", name.len()) });
    let weights = json!({
        "rfilename": "model.safetensors", "size": WEIGHTS.len(),
        "blobId": "0000000000000000000000000000000000000000",
        "lfs": { "sha256": SHA256, "size": WEIGHTS.len() },
    });
    let files = [blob("config.json"), blob("tokenizer.json"), weights];
    Some(Reply::new("application/json", json!({ "sha": COMMIT, "siblings": files }).to_string()))
}

fn file(path: &str) -> &'static [u8] {
    if path.ends_with("model.safetensors") { WEIGHTS } else { b"{}" }
}

/// `lens` with a network and this hub.
pub(crate) fn online(place: &Place, server: &FakeServer, arguments: &[&str]) -> process::Command {
    let mut lens = place.process(arguments);
    lens.env_remove("LENS_OFFLINE").env("HF_ENDPOINT", &server.url);
    lens
}

pub(crate) const PULL: [&str; 3] = ["models", "pull", "somebody/something"];

#[test]
fn a_download_shows_its_size_first() {
    let (place, server) = (Place::new(), hub());
    assert_snapshot!(transcript(&online(&place, &server, &PULL).output().unwrap()));
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
    shell.env_remove("LENS_OFFLINE").env("HF_ENDPOINT", &server.url);
    // No file may grow beyond 100 blocks of 512 bytes, and the system reports it as an error instead of a signal.
    let script = format!(
        "trap '' XFSZ; ulimit -f 100; exec '{}' -q models pull somebody/something",
        env!("CARGO_BIN_EXE_lens")
    );
    let output = shell.args(["-c", &script]).output().unwrap();
    assert_snapshot!(transcript(&output));
    let weights = fs_err::read_dir(place.path(BLOBS))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(SHA256));
    assert_eq!(weights.count(), 0);
}

#[test]
fn two_programs_that_pull_the_same_model_download_it_once() {
    let (place, server) = (Place::new(), slow_hub(Duration::from_millis(20)));
    let pulls = [(); 2].map(|()| {
        online(&place, &server, &PULL).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    });
    for mut pull in pulls {
        assert!(pull.wait().unwrap().success());
    }
    let weights = server.asked().into_iter().filter(|asked| asked.path.ends_with("model.safetensors"));
    assert_eq!(weights.count(), 1);
    let mut blobs: Vec<_> =
        fs_err::read_dir(place.path(BLOBS)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    blobs.sort();
    assert_eq!(blobs.len(), 3, "three whole files and no parts: {blobs:?}");
    place.lens(&["models", "verify"]).assert().success();
}
