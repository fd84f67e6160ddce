//! The same picture gives the same evidence, however it comes in.

use crate::place::{Place, example, json_lines, stdout};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// The canonical part of the record, as it stands on the line.
fn canonical(line: &str) -> Value {
    let mut record = json_lines(line).remove(0);
    let object = record.as_object_mut().unwrap();
    for key in ["source", "timings", "environment"] {
        object.shift_remove(key);
    }
    record
}

#[test]
fn a_path_a_pipe_and_a_data_uri_are_the_same_picture() {
    let place = Place::new();
    place.example("sign.jpg");
    let bytes = example("sign.jpg");
    let see = ["-q", "--json", "see"];
    let path = stdout(place.lens(&[&see[..], &["sign.jpg"]].concat()));
    // A fresh home: nothing comes from the store.
    let other = Place::new();
    let mut piped = other.lens(&[&see[..], &["-"]].concat());
    piped.write_stdin(bytes.clone());
    let piped = stdout(piped);
    let third = Place::new();
    let uri = format!("data:image/jpeg;base64,{}", STANDARD.encode(&bytes));
    let uri = stdout(third.lens(&[&see[..], &[uri.as_str()]].concat()));
    assert_eq!(canonical(&path), canonical(&piped));
    assert_eq!(canonical(&path), canonical(&uri));
}

#[test]
fn a_picture_turned_by_exif_is_seen_upright() {
    let place = Place::new();
    place.example("sign.jpg");
    place.example("sign-turned.jpg");
    let text = stdout(place.lens(&["-q", "--json", "see", "sign.jpg", "sign-turned.jpg"]));
    let records = json_lines(&text);
    assert_ne!(records[0]["image"]["sha256"], records[1]["image"]["sha256"], "other bytes");
    for key in ["width", "height"] {
        assert_eq!(records[0]["image"][key], records[1]["image"][key]);
    }
}

#[test]
fn threads_and_company_change_nothing() {
    let place = Place::new();
    for name in ["sign.jpg", "shapes.png", "menu.png"] {
        place.example(name);
    }
    let alone = stdout(place.lens(&["-q", "--json", "--threads", "1", "see", "menu.png"]));
    let other = Place::new();
    for name in ["sign.jpg", "shapes.png", "menu.png"] {
        other.example(name);
    }
    let together = stdout(other.lens(&["-q", "--json", "--threads", "2", "see", "."]));
    let menu = together.lines().find(|line| json_lines(line)[0]["source"] == "./menu.png").unwrap();
    assert_eq!(canonical(&alone), canonical(menu));
}
