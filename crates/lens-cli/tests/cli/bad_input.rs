//! Pictures, texts and settings that cannot be used: one clear error each, and its exit code.

use crate::place::{Place, example, json_lines};
use insta::assert_snapshot;

#[test]
fn a_file_that_is_not_there() {
    assert_snapshot!(Place::new().run(&["-q", "see", "missing.jpg"]));
}

#[test]
fn a_folder_without_pictures() {
    let place = Place::new();
    place.write("notes/todo.txt", "nothing");
    assert_snapshot!(place.run(&["-q", "see", "notes"]));
}

#[test]
fn a_pattern_that_names_nothing() {
    assert_snapshot!(Place::new().run(&["-q", "see", "*.webp"]));
}

#[test]
fn an_empty_file() {
    let place = Place::new();
    place.write("empty.png", "");
    assert_snapshot!(place.run(&["-q", "see", "empty.png"]));
}

#[test]
fn text_with_the_name_of_a_picture() {
    let place = Place::new();
    place.write("letter.jpg", "Dear Sir or Madam");
    assert_snapshot!(place.run(&["-q", "see", "letter.jpg"]));
}

#[test]
fn a_picture_that_would_fill_the_memory() {
    let place = Place::new();
    place.write("bomb.png", png_of(60_000, 60_000));
    assert_snapshot!(place.run(&["-q", "see", "bomb.png"]));
}

#[test]
fn a_url() {
    assert_snapshot!(Place::new().run(&["-q", "see", "https://example.org/cat.png"]));
}

#[test]
fn a_data_uri_that_is_cut() {
    assert_snapshot!(Place::new().run(&["-q", "see", "data:image/png;base64,iVBORw0KGgo="]));
}

#[test]
fn a_photograph_that_ends_early_gives_evidence_or_an_error() {
    let place = Place::new();
    let whole = example("beach.jpg");
    for part in [1, 2, 3, 20, 50, 90] {
        let name = format!("cut-{part}.jpg");
        place.write(&name, &whole[..whole.len() * part / 100]);
        let output = place.lens(&["-q", "--json", "see", &name]).output().unwrap();
        let record = json_lines(&String::from_utf8(output.stdout).unwrap()).remove(0);
        match output.status.code() {
            Some(0) => assert!(record["tags"].is_array(), "{part} %"),
            Some(3) => assert_eq!(record["error"]["kind"], "input", "{part} %"),
            other => panic!("{part} %: {other:?}"),
        }
    }
}

#[test]
fn a_bad_picture_among_good_ones() {
    let place = Place::new();
    place.example("shapes.png");
    place.example("page.png");
    place.write("bad.png", "no picture");
    let output = place.lens(&["-q", "--json", "see", "shapes.png", "bad.png", "page.png"]).output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    let records = json_lines(&String::from_utf8(output.stdout).unwrap());
    let sources: Vec<_> = records.iter().map(|record| record["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["shapes.png", "bad.png", "page.png"]);
    assert_eq!(records[1]["error"]["kind"], "input");
    assert!(records[0]["image"]["sha256"].is_string() && records[2]["captions"].is_array());
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("input error: bad.png: "));
}

#[test]
fn a_bad_picture_among_those_that_are_asked_about_together() {
    let place = Place::new();
    place.example("shapes.png");
    place.write("bad.png", "no picture");
    let ask = ["-q", "--json", "ask", "bad.png", "shapes.png", "What is it?", "--together"];
    let output = place.lens(&ask).output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    let records = json_lines(&String::from_utf8(output.stdout).unwrap());
    assert_eq!((&records[0]["source"], &records[0]["error"]["kind"]), (&"bad.png".into(), &"input".into()));
    assert_eq!((records[1]["images"].as_array().unwrap().len(), records.len()), (1, 2));
    assert!(records[1]["answer"].is_string());
    place.lens(&["-q", "ask", "bad.png", "bad.png", "What is it?", "--together"]).assert().code(3);
}

#[test]
fn a_chat_goes_on_about_the_pictures_that_can_be_used() {
    let place = Place::new();
    place.example("shapes.png");
    place.write("bad.png", "no picture");
    let mut chat = place.lens(&["-q", "--json", "chat", "bad.png", "shapes.png"]);
    let output = chat.write_stdin("What is it?\n").output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    let records = json_lines(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(records[0]["error"]["kind"], "input");
    assert!(records[1]["answer"].is_string());
    place.lens(&["-q", "chat", "bad.png"]).assert().code(3);
}

#[test]
fn an_error_that_ends_the_command_is_an_object_too() {
    let place = Place::new();
    assert_snapshot!(place.run(&["--json", "--preset", "bass", "doctor"]));
    let output = place.lens(&["--json", "ask", "What is it?"]).assert().code(2).get_output().clone();
    let record = json_lines(&String::from_utf8(output.stdout).unwrap()).remove(0);
    assert_eq!(record["error"]["kind"], "usage");
}

#[test]
fn labels_that_are_none() {
    let place = Place::new();
    place.write("labels.txt", "\n \n");
    place.example("shapes.png");
    assert_snapshot!(place.run(&["-q", "classify", "shapes.png", "--labels", "labels.txt"]));
}

#[test]
fn settings_that_do_not_exist() {
    let place = Place::new();
    place.write("home/config.toml", "[tags]\ntopk = 3\n");
    assert_snapshot!(place.run(&["doctor"]));
}

#[test]
fn settings_that_are_wrong_are_blamed_on_where_they_come_from() {
    struct Case {
        file: &'static str,
        variable: Option<(&'static str, &'static str)>,
        flag: &'static [&'static str],
        blamed: &'static str,
    }
    let cases = [
        Case { file: "preset = 3", variable: None, flag: &[], blamed: "config.toml" },
        Case { file: "", variable: Some(("LENS_SEED", "seven")), flag: &[], blamed: "LENS_SEED" },
        Case { file: "", variable: None, flag: &["--preset", "bass"], blamed: "preset" },
    ];
    for Case { file, variable, flag, blamed } in cases {
        let place = Place::new();
        place.write("home/config.toml", file);
        let mut lens = place.lens(&["doctor"]);
        lens.args(flag).envs(variable);
        let output = lens.assert().code(4).get_output().clone();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("config error: ") && stderr.contains(blamed), "{stderr}");
    }
}

/// A PNG of this size without any pixels: signature, IHDR, an empty IDAT, IEND.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    for (kind, data) in [(b"IHDR", header.as_slice()), (b"IDAT", &[]), (b"IEND", &[])] {
        let body = [&kind[..], data].concat();
        png.extend((data.len() as u32).to_be_bytes());
        png.extend(&body);
        png.extend(crc32(&body).to_be_bytes());
    }
    png
}

/// As in the PNG specification, annex D.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
