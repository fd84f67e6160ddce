use super::{folder, open, safetensors, words};
use lens_nn::{Error, ErrorKind, weights::Checkpoint};
use serde::Deserialize;

fn refusal(files: &[(&str, &[u8])]) -> Error {
    open(&folder(files)).tensors().unwrap_err()
}

#[test]
fn shards_are_one_set_of_tensors() {
    let index = br#"{"metadata": {"total_size": 8}, "weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"#;
    let [one, two] = [safetensors(&[("a", &[1], &[1.0])]), safetensors(&[("b", &[1], &[2.0])])];
    let index: (&str, &[u8]) = ("model.safetensors.index.json", index);
    let folder = folder(&[index, ("model-1.safetensors", &one), ("model-2.safetensors", &two)]);
    let tensors = open(&folder).tensors().unwrap();
    assert_eq!(tensors.root().read("a", &[1]).unwrap(), [1.0]);
    assert_eq!(tensors.root().read("b", &[1]).unwrap(), [2.0]);
}

#[test]
fn shards_that_do_not_fit_their_index_are_refused() {
    struct Case(&'static str, &'static str);
    let cases = [
        Case(r#"{"weight_map": {"a": "two.safetensors"}}"#, "two.safetensors: expected the file, found none"),
        Case(
            r#"{"weight_map": {"a": "../one.safetensors"}}"#,
            "tensor `a`: expected the name of a file beside the index, found `../one.safetensors`",
        ),
        Case(
            r#"{"weight_map": {"a": "/one.safetensors"}}"#,
            "tensor `a`: expected the name of a file beside the index, found `/one.safetensors`",
        ),
        Case(
            r#"{"weight_map": {"a": "three.safetensors", "b": "one.safetensors"}}"#,
            "tensor `a`: expected it in three.safetensors, found it in one.safetensors",
        ),
        Case(
            r#"{"weight_map": {"a": "one.safetensors", "a": "one.safetensors"}}"#,
            "field `weight_map`: `a` is there twice at line 1 column 63",
        ),
        Case(
            r#"{"weight_map": 7}"#,
            "field `weight_map`: invalid type: integer `7`, expected an object at line 1 column 16",
        ),
        Case("{}", "model.safetensors.index.json: missing field `weight_map` at line 1 column 2"),
    ];
    let one = safetensors(&[("a", &[1], &[1.0])]);
    let three = safetensors(&[("c", &[1], &[3.0])]);
    for Case(index, message) in cases {
        let error = refusal(&[
            ("model.safetensors.index.json", index.as_bytes()),
            ("one.safetensors", &one),
            ("three.safetensors", &three),
        ]);
        assert!(error.to_string().ends_with(message), "{error}");
    }
}

#[test]
fn an_index_may_name_copies_that_were_dropped() {
    let index: &[u8] = br#"{"weight_map": {"shared": "one.safetensors", "copy": "one.safetensors"}}"#;
    let one = safetensors(&[("shared", &[1], &[1.0])]);
    let folder = folder(&[("model.safetensors.index.json", index), ("one.safetensors", &one)]);
    let tensors = open(&folder).tensors().unwrap();
    assert!(tensors.contains("shared") && !tensors.contains("copy"));
}

#[test]
fn a_tensor_in_two_shards_is_refused() {
    let index: &[u8] = br#"{"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}"#;
    let one = safetensors(&[("a", &[1], &[1.0])]);
    let two = safetensors(&[("a", &[1], &[1.0]), ("b", &[1], &[1.0])]);
    let error = refusal(&[
        ("model.safetensors.index.json", index),
        ("one.safetensors", &one),
        ("two.safetensors", &two),
    ]);
    assert!(error.to_string().ends_with("found tensor `a`, which is also in one.safetensors"), "{error}");
}

#[test]
fn pickle_is_never_opened() {
    let error = refusal(&[("pytorch_model.bin", b"\x80\x02")]);
    assert_eq!(error.kind(), ErrorKind::Weights);
    assert_eq!(error.finding(), Some("only `pytorch_model.bin`"));
    assert!(error.advice().is_some_and(|advice| advice.contains("safe_serialization")));
    assert_eq!(refusal(&[]).finding(), Some("none of them"));
}

#[test]
fn open_clip_names_are_found() {
    let weights = safetensors(&[("visual.proj", &[1], &[1.0])]);
    for name in ["open_clip_model.safetensors", "open_clip_pytorch_model.safetensors"] {
        let folder = folder(&[("open_clip_pytorch_model.bin", b""), (name, &weights)]);
        assert!(open(&folder).tensors().unwrap().contains("visual.proj"));
    }
}

#[cfg(unix)]
#[test]
fn links_of_the_hugging_face_cache_are_followed() {
    let blobs = folder(&[("0a1b", &safetensors(&[("w", &[1], &[1.0])]))]);
    let snapshot = folder(&[]);
    let link = snapshot.path().join("model.safetensors");
    std::os::unix::fs::symlink(blobs.path().join("0a1b"), link).unwrap();
    assert!(open(&snapshot).tensors().unwrap().contains("w"));
}

#[derive(Debug, Deserialize)]
struct Config {
    #[expect(dead_code, reason = "only its absence is tested")]
    text_config: Text,
}

#[derive(Debug, Deserialize)]
struct Text {
    #[expect(dead_code, reason = "only its absence is tested")]
    width: usize,
}

#[test]
fn a_config_error_names_file_and_field() {
    struct Case(&'static str, &'static str);
    let cases = [
        Case(
            r#"{"text_config": {"width": "wide"}}"#,
            "config.json, field `text_config.width`: invalid type: string \"wide\", expected usize at line 1 column 32",
        ),
        Case(
            r#"{"text_config": {}}"#,
            "config.json, field `text_config`: missing field `width` at line 1 column 18",
        ),
        Case(r#"{"text_config""#, "config.json: EOF while parsing an object at line 1 column 14"),
        Case(r#"{"text_config": {"width": 1}} x"#, "config.json: trailing characters at line 1 column 31"),
    ];
    for Case(json, message) in cases {
        let folder = folder(&[("config.json", json.as_bytes())]);
        let error = open(&folder).json::<Config>("config.json").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(words(&error, folder.path()), message);
    }
    let folder = folder(&[]);
    let error = open(&folder).json::<Config>("config.json").unwrap_err();
    assert_eq!(words(&error, folder.path()), "config.json: expected the file, found none");
}

#[test]
fn nothing_outside_the_folder_can_be_named() {
    let folder = folder(&[("config.json", b"{}")]);
    let checkpoint = open(&folder);
    assert!(checkpoint.file("config.json").unwrap().is_some());
    assert!(checkpoint.file("absent.json").unwrap().is_none());
    for name in ["../config.json", "/etc/passwd", ".", "", "a/b", "config.json/"] {
        assert!(checkpoint.file(name).is_err(), "{name:?}");
    }
}

#[test]
fn a_model_that_is_not_a_folder_is_refused() {
    let folder = folder(&[("config.json", b"{}")]);
    for path in [folder.path().join("absent"), folder.path().join("config.json")] {
        assert_eq!(Checkpoint::open(&path).unwrap_err().kind(), ErrorKind::Config);
    }
}

#[test]
fn embedded_files_have_plain_names_once() {
    assert!(Checkpoint::embedded("tiny", &[("a", b""), ("a", b"")]).is_err());
    assert!(Checkpoint::embedded("tiny", &[("../a", b"")]).is_err());
}
