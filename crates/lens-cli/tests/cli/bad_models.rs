//! Models that cannot be used exactly as they are: refused, with the file and the field.

use crate::place::{Place, golden};
use insta::assert_snapshot;

const FILES: [&str; 4] = ["config.json", "preprocessor_config.json", "tokenizer.json", "model.safetensors"];

/// A place whose CLIP is a folder: a tiny one, with `change` made to the file `name`.
fn with_clip(name: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> Place {
    let place = Place::new();
    for file in FILES {
        let bytes = golden(&format!("clip-gelu/{file}"));
        place.write(&format!("clip/{file}"), if file == name { change(bytes) } else { bytes });
    }
    place.write("home/config.toml", "[parts]\nclip = \"./clip\"\n");
    place.example("shapes.png");
    place
}

fn see(place: &Place) -> String {
    place.run(&["-q", "see", "shapes.png"])
}

#[test]
fn a_folder_serves_as_well_as_the_program_itself() {
    let place = with_clip("", |bytes| bytes);
    for _ in 0..2 {
        place.lens(&["-q", "see", "shapes.png"]).assert().success();
    }
    let kept = fs_err::read_dir(place.path("home/fingerprints")).unwrap().count();
    assert_eq!(kept, 1, "its fingerprint is computed once");
}

#[test]
fn weights_that_are_cut() {
    assert_snapshot!(see(&with_clip("model.safetensors", |bytes| bytes[..bytes.len() / 2].to_vec())));
}

#[test]
fn weights_that_are_no_safetensors() {
    let pickle = |_| b"PK\x03\x04 a pickle in a zip archive".to_vec();
    assert_snapshot!(see(&with_clip("model.safetensors", pickle)));
}

#[test]
fn an_activation_that_is_unknown() {
    let mish = |bytes| String::from_utf8(bytes).unwrap().replace("\"gelu\"", "\"mish\"").into_bytes();
    assert_snapshot!(see(&with_clip("config.json", mish)));
}

#[test]
fn a_tokenizer_of_another_model() {
    assert_snapshot!(see(&with_clip("tokenizer.json", |_| golden("blip/tokenizer.json"))));
}

/// What a library panics on is an error like any other, without the library's own noise.
#[test]
fn a_tokenizer_that_the_library_panics_on() {
    let panics = br#"{"version": "1.0", "added_tokens": [], "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"},
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}}"#;
    assert_snapshot!(see(&with_clip("tokenizer.json", |_| panics.to_vec())));
}

#[test]
fn a_folder_that_is_no_model() {
    let place = Place::new();
    place.example("shapes.png");
    place.write("clip/readme.txt", "nothing here");
    place.write("home/config.toml", "[parts]\nclip = \"./clip\"\n");
    assert_snapshot!(see(&place));
}
