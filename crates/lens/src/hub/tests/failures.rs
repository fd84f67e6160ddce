//! What can go wrong on the way.

use super::fake_hub::{
    COMMIT, MODEL, NAME, answer, hub, listing, options, quiet, ranged, request, weights, weights_hash,
};
use crate::{
    ErrorKind,
    fake_http::{FakeRequest, FakeResponse, FakeServer},
    hub::Hub,
};
use std::sync::atomic::{AtomicUsize, Ordering};

fn asks_for_weights(request: &FakeRequest) -> bool {
    request.path.ends_with("/model.safetensors")
}

#[test]
fn the_token_stays_with_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let storage = FakeServer::start(|request| ranged(request, &weights()));
    let elsewhere = storage.url_as_localhost();
    let server = FakeServer::start(move |request| {
        if asks_for_weights(request) {
            return FakeResponse::new(302, "").header("Location", format!("{elsewhere}/signed?key=1"));
        }
        answer(request)
    });
    let snapshot = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap();
    assert_eq!(fs_err::read(snapshot.join("model.safetensors")).unwrap(), weights());
    let requests = storage.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/signed?key=1");
    assert_eq!(requests[0].headers.get("authorization"), None);
}

#[test]
fn a_wrong_hash_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|request| {
        let mut damaged = weights();
        damaged[7] ^= 1;
        if asks_for_weights(request) { ranged(request, &damaged) } else { answer(request) }
    });
    let error = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Remote);
    assert_eq!(error.thing(), format!("{NAME}, model.safetensors"));
    assert_eq!(error.expectation(), Some(format!("SHA-256 {}", weights_hash()).as_str()));
    assert_no_weights(folder.path());
}

/// Neither a whole nor a partial file of weights, nor a link to one.
#[track_caller]
fn assert_no_weights(folder: &std::path::Path) {
    let root = folder.join("models/models--org--model");
    let blobs = fs_err::read_dir(root.join("blobs")).unwrap();
    let left: Vec<_> = blobs.map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().starts_with(&weights_hash())), "{left:?}");
    assert!(root.join("snapshots").join(COMMIT).join("model.safetensors").symlink_metadata().is_err());
}

#[test]
fn a_connection_that_breaks_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let tries = AtomicUsize::new(0);
    let server = FakeServer::start(move |request| {
        if !asks_for_weights(request) {
            return answer(request);
        }
        let mut response = ranged(request, &weights());
        match tries.fetch_add(1, Ordering::Relaxed) {
            0 => return FakeResponse::new(503, "busy"),
            1 => {
                response.content_length = Some(response.body.len());
                response.body.truncate(100_000);
            }
            _ => {}
        }
        response
    });
    let snapshot = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap();
    assert_eq!(fs_err::read(snapshot.join("model.safetensors")).unwrap(), weights());
    let ranges: Vec<_> = server
        .requests()
        .iter()
        .filter(|r| asks_for_weights(r))
        .map(|r| r.headers.get("range").cloned())
        .collect();
    assert_eq!(ranges, [None, None, Some("bytes=100000-".to_owned())]);
}

#[test]
fn a_server_that_ignores_ranges_starts_over() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|request| {
        if asks_for_weights(request) { FakeResponse::new(200, weights()) } else { answer(request) }
    });
    let blobs = folder.path().join("models/models--org--model/blobs");
    fs_err::create_dir_all(&blobs).unwrap();
    fs_err::write(blobs.join(format!("{}.incomplete", weights_hash())), b"other bytes").unwrap();
    let snapshot = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap();
    assert_eq!(fs_err::read(snapshot.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn a_dead_hub_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|request| {
        if asks_for_weights(request) { FakeResponse::new(503, "") } else { answer(request) }
    });
    let error = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    let tries = server.requests().iter().filter(|request| asks_for_weights(request)).count();
    assert_eq!(tries, 5);
    let nobody = Hub::new(options(folder.path(), "http://127.0.0.1:1"));
    assert_eq!(nobody.fetch(&request(&[]), &mut quiet).unwrap_err().kind(), ErrorKind::Remote);
}

#[test]
fn refusals_say_what_to_do() {
    struct Case {
        status: u16,
        code: &'static str,
        token: bool,
        found: &'static str,
        hint: &'static str,
    }
    let case = |status, code, token, found, hint| Case { status, code, token, found, hint };
    for Case { status, code, token, found, hint } in [
        case(401, "GatedRepo", false, "gated", "agree to them on its page"),
        case(403, "GatedRepo", true, "gated", "agree to them on its page"),
        case(401, "RepoNotFound", false, "private, or not there", "set HF_TOKEN"),
        case(401, "RepoNotFound", true, "not open to the token", "may read this repository"),
        case(404, "", true, "no such file or repository", "spelling"),
        case(429, "", true, "too many requests", "wait"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = FakeServer::start(move |_| FakeResponse::new(status, "no").header("X-Error-Code", code));
        let mut options = options(folder.path(), &server.url());
        options.token = options.token.filter(|_| token);
        let error = Hub::new(options).fetch(&request(&[]), &mut quiet).unwrap_err();
        assert!(error.finding().is_some_and(|text| text.contains(found)), "{status}: {error}");
        assert!(error.advice().is_some_and(|text| text.contains(hint)), "{status}: {:?}", error.advice());
        assert!(!folder.path().join("models").exists());
    }
}

#[test]
fn a_page_instead_of_an_answer_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let login =
        |_: &FakeRequest| FakeResponse::new(200, "<!DOCTYPE html>Log in").header("Content-Type", "text/html");
    let server = FakeServer::start(login);
    let error = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap_err();
    assert_eq!((error.kind(), error.finding()), (ErrorKind::Remote, Some("an HTML page")));

    let server = FakeServer::start(
        move |request| {
            if asks_for_weights(request) { login(request) } else { answer(request) }
        },
    );
    let error = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap_err();
    assert_eq!(error.finding(), Some("an HTML page"));
    assert!(
        folder.path().join("models/models--org--model/snapshots").join(COMMIT).join("config.json").exists()
    );
}

/// `/dev/full` accepts no byte, as a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(answer);
    let blobs = folder.path().join("models/models--org--model/blobs");
    fs_err::create_dir_all(&blobs).unwrap();
    let partial = blobs.join(format!("{}.incomplete", weights_hash()));
    std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
    let error = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap_err();
    assert_eq!((error.kind(), error.finding()), (ErrorKind::Config, Some("a full disk")));
    assert!(error.expectation().is_some_and(|text| text.contains("300000 bytes")), "{error}");
    assert_no_weights(folder.path());
}

#[test]
fn offline_opens_no_socket() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(answer);
    let mut options = options(folder.path(), &server.url());
    options.offline = true;
    let offline = Hub::new(options);
    let error = offline.fetch(&request(&[]), &mut quiet).unwrap_err();
    assert_eq!((error.kind(), error.finding()), (ErrorKind::Config, Some("not there, and LENS is offline")));
    assert!(offline.pull(&request(&[]), &mut quiet).is_err());
    assert!(server.requests().is_empty());

    let snapshot = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap();
    let asked = server.requests().len();
    assert_eq!(offline.fetch(&request(&[]), &mut quiet).unwrap(), snapshot);
    assert_eq!(server.requests().len(), asked);
}

#[test]
fn a_file_longer_than_declared_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|request| {
        if asks_for_weights(request) {
            FakeResponse::new(200, [weights(), weights()].concat())
        } else {
            answer(request)
        }
    });
    let error = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap_err();
    assert_eq!(error.expectation(), Some("300000 bytes"));
    assert_no_weights(folder.path());
}

#[test]
fn a_hub_that_lists_nonsense_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for body in ["{}", "[1]", "not json", &listing(&MODEL).to_string().replace(COMMIT, "main")] {
        let body = body.to_owned();
        let server = FakeServer::start(move |_| FakeResponse::new(200, body.clone()));
        let error = hub(folder.path(), &server).fetch(&request(&[]), &mut quiet).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Remote, "{error}");
    }
}
