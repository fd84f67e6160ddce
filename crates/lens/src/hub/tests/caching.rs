//! What is downloaded, what is not, and where it lies.

use super::fake_hub::{
    COMMIT, MODEL, NAME, answer, hub, listing, options, quiet, request, weights, weights_hash,
};
use crate::{
    Home,
    fake_http::{FakeResponse, FakeServer},
    hub::{Hub, HubOptions, Progress},
};
use std::{ops::ControlFlow, path::PathBuf};

#[test]
fn a_model_is_downloaded_once_into_the_layout_of_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(answer);
    let hub = hub(folder.path(), &server);
    let mut plans = Vec::new();
    let mut last = (0, 0);
    let snapshot = hub
        .fetch(&request(&[]), &mut |progress| {
            match progress {
                Progress::Plan { files, bytes, .. } => plans.push((files, bytes)),
                Progress::Bytes { done, total, .. } => last = (done, total),
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    let total = weights().len() as u64 + 4;
    assert_eq!(plans, [(3, total)], "told before the first byte");
    assert_eq!(last, (total, total));

    let root = folder.path().join("models/models--org--model");
    assert_eq!(snapshot, root.join("snapshots").join(COMMIT));
    assert_eq!(fs_err::read(snapshot.join("model.safetensors")).unwrap(), weights());
    assert_eq!(fs_err::read(root.join("blobs").join(weights_hash())).unwrap(), weights());
    assert_eq!(fs_err::read_to_string(root.join("refs/main")).unwrap(), COMMIT);
    assert!(!snapshot.join("pytorch_model.bin").exists());

    let asked = server.requests().len();
    assert_eq!(hub.fetch(&request(&[]), &mut quiet).unwrap(), snapshot);
    assert_eq!(hub.cached(&request(&[COMMIT])), Some(snapshot));
    assert_eq!(server.requests().len(), asked, "what is there is not asked for");
    assert!(server.requests().iter().all(|request| request.headers["authorization"] == "Bearer hf_secret"));
}

#[test]
fn files_of_the_shared_cache_are_used_and_completed_there() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(answer);
    let root = folder.path().join("shared/models--org--model");
    let snapshot = root.join("snapshots").join(COMMIT);
    fs_err::create_dir_all(root.join("refs")).unwrap();
    fs_err::create_dir_all(&snapshot).unwrap();
    fs_err::write(root.join("refs/main"), COMMIT).unwrap();
    fs_err::write(snapshot.join("config.json"), "{}").unwrap();
    fs_err::write(snapshot.join("model.safetensors"), weights()).unwrap();

    let hub = hub(folder.path(), &server);
    assert_eq!(hub.cached(&request(&[])), None, "no tokenizer yet");
    assert_eq!(hub.fetch(&request(&[]), &mut quiet).unwrap(), snapshot);
    let paths: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths.len(), 2, "the list and the tokenizer: {paths:?}");
    assert!(!folder.path().join("models").exists());
}

#[test]
fn the_next_revision_is_asked_when_main_has_no_safetensors() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|request| match request.path.split_once("/revision/") {
        Some((_, "main?blobs=true")) => FakeResponse::new(200, listing(&MODEL[..3]).to_string()),
        Some((_, "refs%2Fpr%2F15?blobs=true")) => FakeResponse::new(200, listing(&MODEL).to_string()),
        Some(_) => FakeResponse::new(404, "").header("X-Error-Code", "RevisionNotFound"),
        None => answer(request),
    });
    let hub = hub(folder.path(), &server);
    let snapshot = hub.fetch(&request(&["main", "refs/pr/15"]), &mut quiet).unwrap();
    assert!(snapshot.join("model.safetensors").exists());
    let noted = folder.path().join("models/models--org--model/refs/refs/pr/15");
    assert_eq!(fs_err::read_to_string(noted).unwrap(), COMMIT);

    let error = hub.pull(&request(&["main", "refs/pr/99"]), &mut quiet).unwrap_err();
    assert_eq!(
        error.finding(),
        Some(
            "main has only `pytorch_model.bin`, a pickle, which LENS never opens; refs/pr/99 does not exist"
        )
    );
    assert!(error.advice().is_some_and(|hint| hint.contains("REPOSITORY@refs/pr/NUMBER")));
}

#[test]
fn a_download_is_resumed_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(answer);
    let hub = hub(folder.path(), &server);
    let stopped = hub.fetch(&request(&[]), &mut |progress| match progress {
        Progress::Bytes { file: "model.safetensors", .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(stopped.unwrap_err().finding(), Some("the download was stopped"));
    let partial =
        folder.path().join(format!("models/models--org--model/blobs/{}.incomplete", weights_hash()));
    let kept = fs_err::metadata(&partial).unwrap().len();
    assert!(kept > 0 && kept < weights().len() as u64, "{kept}");

    let mut planned = None;
    let snapshot = hub
        .fetch(&request(&[]), &mut |progress| {
            if let Progress::Plan { bytes, .. } = progress {
                planned = Some(bytes);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(planned, Some(weights().len() as u64 - kept));
    assert_eq!(fs_err::read(snapshot.join("model.safetensors")).unwrap(), weights());
    let last = server.requests().pop().unwrap();
    assert_eq!(last.headers["range"], format!("bytes={kept}-"));
    assert!(!partial.exists());
}

#[test]
fn the_caches_are_listed_verified_and_cleaned() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeServer::start(answer);
    let hub = hub(folder.path(), &server);
    let snapshot = hub.fetch(&request(&[]), &mut quiet).unwrap();
    let all = hub.repositories();
    assert_eq!((all.len(), all[0].repository.name(), all[0].shared), (1, NAME, false));
    assert_eq!((all[0].bytes, all[0].revisions.as_slice()), (300_004 + 40, ["main".to_owned()].as_slice()));
    assert!(hub.verify(&all[0], &mut |_| ControlFlow::Continue(())).unwrap().is_empty());

    let mut damaged = weights();
    damaged[1000] ^= 1;
    fs_err::write(fs_err::canonicalize(snapshot.join("model.safetensors")).unwrap(), damaged).unwrap();
    let damages = hub.verify(&all[0], &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((damages.len(), damages[0].expected.clone()), (1, weights_hash()));

    assert_eq!(hub.remove(&all[0].repository).unwrap(), 300_044);
    assert!(hub.repositories().is_empty());
    assert_eq!(hub.remove(&all[0].repository).unwrap_err().finding(), Some("nothing"));
}

#[test]
fn the_environment_of_the_hub_is_honoured() {
    let home = Home::at("/home/lens");
    let of = |pairs: &'static [(&str, &str)]| {
        HubOptions::from_variables(&home, &|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    };
    let set = of(&[
        ("HF_HOME", "/hf"),
        ("HF_ENDPOINT", "https://mirror"),
        ("HF_TOKEN", "t"),
        ("HF_HUB_OFFLINE", "1"),
    ]);
    assert_eq!(
        (set.shared, set.endpoint.as_str(), set.offline),
        (Some(PathBuf::from("/hf/hub")), "https://mirror", true)
    );
    assert_eq!((set.models, set.token.as_deref()), (PathBuf::from("/home/lens/models"), Some("t")));
    assert_eq!(of(&[("HF_HOME", "/hf"), ("HF_HUB_CACHE", "/c")]).shared, Some(PathBuf::from("/c")));
    let bare = of(&[("XDG_CACHE_HOME", "/cache")]);
    assert_eq!(bare.shared, Some(PathBuf::from("/cache/huggingface/hub")));
    assert_eq!((bare.endpoint.as_str(), bare.offline, bare.token), ("https://huggingface.co", false, None));
}

#[test]
fn the_token_of_a_login_is_found() {
    struct Case<'a> {
        variables: &'a [(&'a str, &'a str)],
        token: Option<&'a str>,
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs_err::write(path("token"), "hf_login\n").unwrap();
    fs_err::write(path("other"), " hf_other ").unwrap();
    fs_err::write(path("empty"), "\n").unwrap();
    let of = |pairs: &[(&str, &str)]| {
        HubOptions::from_variables(&Home::at("/home/lens"), &|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
        .token
    };
    let home = ("HF_HOME", folder.path().to_str().unwrap());
    for Case { variables, token } in [
        Case { variables: &[home], token: Some("hf_login") },
        Case { variables: &[home, ("HF_TOKEN_PATH", &path("other"))], token: Some("hf_other") },
        Case { variables: &[home, ("HF_TOKEN_PATH", &path("empty"))], token: None },
        Case { variables: &[home, ("HF_TOKEN_PATH", &path("nowhere"))], token: None },
        Case { variables: &[home, ("HF_TOKEN", "hf_mine")], token: Some("hf_mine") },
    ] {
        assert_eq!(of(variables).as_deref(), token, "{variables:?}");
    }
}

#[test]
fn the_token_is_never_printed() {
    let options = options(std::path::Path::new("/x"), "https://hub");
    assert!(!format!("{:?}", Hub::new(options)).contains("hf_secret"));
}
