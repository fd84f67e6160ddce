//! Which files are taken.

use crate::hub::{Repository, RepositoryKind, Wanted, http::encode, listing::Listing};
use serde_json::json;

#[test]
fn a_model_is_its_safetensors_and_the_texts_beside_them() {
    let cases: [(&[&str], &[&str]); 3] = [
        (
            &[
                "README.md",
                "model.safetensors",
                "config.json",
                "tokenizer.json",
                "merges.txt",
                "flax.msgpack",
            ],
            &["config.json", "tokenizer.json", "merges.txt", "model.safetensors"],
        ),
        (
            &[
                "config.json",
                "spiece.model",
                "model.safetensors.index.json",
                "onnx/model.onnx",
                "model-00002-of-00002.safetensors",
                "model-00001-of-00002.safetensors",
            ],
            &[
                "config.json",
                "spiece.model",
                "model.safetensors.index.json",
                "model-00002-of-00002.safetensors",
                "model-00001-of-00002.safetensors",
            ],
        ),
        (
            &["open_clip_config.json", "tokenizer.json", "open_clip_model.safetensors", "x.bin.index.json"],
            &["open_clip_config.json", "tokenizer.json", "open_clip_model.safetensors"],
        ),
    ];
    for (files, selected) in cases {
        assert_eq!(Wanted::Model.select(files).unwrap(), selected);
    }
}

#[test]
fn what_a_model_lacks_is_said() {
    let cases: [(&[&str], &str); 3] = [
        (
            &["config.json", "tokenizer.json", "pytorch_model.bin", "sub/model.safetensors"],
            "only `pytorch_model.bin`, a pickle, which LENS never opens",
        ),
        (
            &[
                "config.json",
                "tokenizer.json",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
            ],
            "no whole set of weights, config.json and tokenizer",
        ),
        (&["config.json"], "no weights"),
    ];
    for (files, lack) in cases {
        assert_eq!(Wanted::Model.select(files).unwrap_err(), lack);
    }
}

#[test]
fn patterns_choose_files_of_safe_types() {
    let wanted = Wanted::Files(vec!["data/train-*.parquet|*/train/*.parquet".to_owned()]);
    let main = ["README.md", "data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"];
    assert_eq!(wanted.select(&main).unwrap(), [main[1]]);
    assert_eq!(wanted.select(&["default/train/0000.parquet"]).unwrap(), ["default/train/0000.parquet"]);
    let lack = wanted.select(&["a/b/train/0000.parquet", "data/train-0.bin"]).unwrap_err();
    assert_eq!(lack, "no file data/train-*.parquet or */train/*.parquet");
    let both = Wanted::Files(vec!["*det*.rten".to_owned(), "*rec*.rten".to_owned()]);
    assert!(both.select(&["det.rten"]).is_err());
    assert_eq!(both.select(&["det.rten", "rec.rten", "x.pkl"]).unwrap(), ["det.rten", "rec.rten"]);
}

#[test]
fn names_that_could_lead_elsewhere_are_refused() {
    for name in ["../etc", "a/b/c", "a//b", "/a", "a/..", "a b/c", "a--b/c", ""] {
        assert!(Repository::new(RepositoryKind::Model, name).is_err(), "{name}");
    }
    assert!(Repository::new(RepositoryKind::Model, "gpt2").is_ok());
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let file = |path: &str| json!({"rfilename": path, "size": 1, "blobId": commit});
    let files =
        ["ok.json", "../up.json", "/abs.json", "a/../../b.json", "a\\b.json", "sub/ok.json"].map(file);
    let listing = Listing::read(json!({"sha": commit, "siblings": files}), "hub").unwrap();
    let paths: Vec<&str> = listing.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["ok.json", "sub/ok.json"]);
    let hash = json!({"rfilename": "x.json", "size": 1, "blobId": "../../../../etc/passwd"});
    assert!(Listing::read(json!({"sha": commit, "siblings": [hash]}), "hub").unwrap().files.is_empty());
    assert!(Listing::read(json!({"sha": "../..", "siblings": []}), "hub").is_err());
}

#[test]
fn a_revision_is_one_part_of_a_path() {
    assert_eq!(encode("refs/pr/15", false), "refs%2Fpr%2F15");
    assert_eq!(encode("a b/ü.txt", true), "a%20b/%C3%BC.txt");
}
