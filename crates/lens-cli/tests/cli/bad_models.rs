//! Models that cannot be used exactly as they are: refused, with the file and the field.

use crate::place::Place;
use insta::assert_snapshot;
use lens_nano::{BLIP, CLIP, File};

/// A place whose CLIP is a folder: nano's files with changes.
fn with_clip(change: impl Fn(&File) -> Vec<u8>) -> Place {
    let place = Place::new();
    for file in CLIP {
        place.write(&format!("clip/{}", file.name), change(file));
    }
    place.write("home/config.toml", "[parts]\nclip = \"./clip\"\n");
    place.example("shapes.png");
    place
}

#[test]
fn a_folder_serves_as_well_as_the_program_itself() {
    let place = with_clip(|file| file.bytes.to_vec());
    place.lens(&["-q", "see", "shapes.png"]).assert().success();
}

#[test]
fn weights_that_are_cut() {
    let place = with_clip(|file| match file.name {
        "model.safetensors" => file.bytes[..file.bytes.len() / 2].to_vec(),
        _ => file.bytes.to_vec(),
    });
    assert_snapshot!(place.run(&["-q", "see", "shapes.png"]));
}

#[test]
fn an_activation_that_is_unknown() {
    let place = with_clip(|file| match file.name {
        "config.json" => String::from_utf8_lossy(file.bytes).replace("\"gelu\"", "\"mish\"").into_bytes(),
        _ => file.bytes.to_vec(),
    });
    assert_snapshot!(place.run(&["-q", "see", "shapes.png"]));
}

#[test]
fn a_tokenizer_of_another_model() {
    let other = BLIP.iter().find(|file| file.name == "tokenizer.json").unwrap();
    let place =
        with_clip(|file| if file.name == other.name { other.bytes.to_vec() } else { file.bytes.to_vec() });
    assert_snapshot!(place.run(&["-q", "see", "shapes.png"]));
}

#[test]
fn a_folder_that_is_no_model() {
    let place = Place::new();
    place.example("shapes.png");
    place.write("clip/readme.txt", "nothing here");
    place.write("home/config.toml", "[parts]\nclip = \"./clip\"\n");
    assert_snapshot!(place.run(&["-q", "see", "shapes.png"]));
}
