//! The same picture gives the same evidence, however it comes in.

use crate::place::{Place, example, json_lines, stdout};
use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ExtendedColorType, ImageEncoder, RgbImage, codecs::png::PngEncoder, imageops};
use serde_json::Value;
use std::collections::HashSet;

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

/// What is seen depends on the upright pixels alone; which file it was is told by the hash of its bytes. JPEG, turned and
/// encoded again, has other pixels: this holds where the format keeps them.
#[test]
fn a_picture_turned_by_exif_gives_the_same_evidence() {
    let place = Place::new();
    let upright = image::load_from_memory(&example("menu.png")).unwrap().to_rgb8();
    // Orientation 6: to be turned a quarter clockwise, 3: upside down; 5: to be mirrored along the diagonal.
    let turned = [
        ("upright.png", upright.clone(), 1),
        ("quarter.png", imageops::rotate270(&upright), 6),
        ("half.png", imageops::rotate180(&upright), 3),
        ("mirrored.png", imageops::rotate270(&imageops::flip_horizontal(&upright)), 5),
    ];
    for (name, pixels, orientation) in &turned {
        place.write(name, png(pixels, *orientation));
    }
    let names = turned.map(|(name, ..)| name);
    let text = stdout(place.lens(&[&["-q", "--json", "see"][..], &names].concat()));
    let mut hashes = HashSet::new();
    let items: HashSet<String> = text
        .lines()
        .map(|line| {
            let mut record = canonical(line);
            let hash = record["image"].as_object_mut().unwrap().shift_remove("sha256");
            assert!(hashes.insert(hash.unwrap().to_string()), "the bytes differ");
            record.to_string()
        })
        .collect();
    assert_eq!((hashes.len(), items.len()), (4, 1), "{items:?}");
}

/// A lossless picture with an EXIF orientation.
fn png(pixels: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif).unwrap();
    encoder.write_image(pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
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
