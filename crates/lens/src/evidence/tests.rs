use super::{
    Caption, CaptionKind, Collector, Evidence, Fingerprint, ImageInfo, Item, OcrLine, PixelBox, Tag,
};
use crate::ErrorKind;

fn tag(text: &str) -> Tag {
    Tag { text: text.to_owned(), cosine: 0.25, probability: 0.5, ..Tag::default() }
}

fn record(milliseconds: f64) -> Evidence {
    let mut record = Collector::new(ImageInfo { sha256: "ab".repeat(32), width: 4, height: 3 });
    record.looked("tags", Fingerprint::new().with("top_k", &5), milliseconds);
    record.add("tags", Item::Tag(tag("dog")));
    record.add("tags", Item::Tag(tag("grass")));
    record.add("attributes", Item::Attribute(tag("which has fur")));
    let caption = Caption {
        text: "a dog".into(),
        kind: CaptionKind::Sampled,
        count: 2,
        log_prob: -1.5,
        ..Caption::default()
    };
    record.add("captions", Item::Caption(caption));
    let bounds = PixelBox { x: 0, y: 1, width: 2, height: 1 };
    let line = OcrLine { text: "Hi".into(), characters: vec![0.5, 1.0], bounds, ..OcrLine::default() };
    record.add("ocr", Item::Ocr(line));
    record.add("ocr", Item::Note("read with care".into()));
    record.environment("threads", &milliseconds);
    record.finish()
}

#[test]
fn items_are_numbered_within_their_kind() {
    let record = record(1.0);
    let ids = |tags: &[Tag]| tags.iter().map(|tag| tag.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&record.tags), ["T1", "T2"]);
    assert_eq!(ids(&record.attributes), ["A1"]);
    assert_eq!((record.captions[0].id.as_str(), record.ocr[0].id.as_str()), ("C1", "O1"));
}

#[test]
fn timings_and_environment_are_not_canonical() {
    let (quick, slow) = (record(1.0), record(2.0));
    assert_ne!(quick.to_json().unwrap(), slow.to_json().unwrap());
    assert_eq!(quick.canonical_bytes().unwrap(), slow.canonical_bytes().unwrap());
    assert_eq!(quick.id().unwrap(), slow.id().unwrap());
}

#[test]
fn a_changed_score_changes_the_id() {
    let mut changed = record(1.0);
    changed.tags[0].cosine += 1e-6;
    assert_ne!(changed.id().unwrap(), record(1.0).id().unwrap());
}

#[test]
fn the_canonical_form_is_fixed() {
    let expected = concat!(
        r#"{"version":1,"image":{"sha256":"abababababababababababababababababababababababababababababababab","width":4,"height":3},"#,
        r#""tags":[{"id":"T1","text":"dog","cosine":0.25,"probability":0.5},{"id":"T2","text":"grass","cosine":0.25,"probability":0.5}],"#,
        r#""attributes":[{"id":"A1","text":"which has fur","cosine":0.25,"probability":0.5}],"#,
        r#""captions":[{"id":"C1","text":"a dog","kind":"sampled","count":2,"log_prob":-1.5}],"#,
        r#""ocr":[{"id":"O1","text":"Hi","confidence":0.0,"characters":[0.5,1.0],"box":{"x":0,"y":1,"width":2,"height":1}}],"#,
        r#""notes":[{"module":"ocr","text":"read with care"}],"modules":{"tags":{"top_k":"5"}}}"#,
    );
    assert_eq!(String::from_utf8(record(1.0).canonical_bytes().unwrap()).unwrap(), expected);
}

#[test]
fn a_record_is_read_back_whole() {
    let record = record(1.0);
    assert_eq!(Evidence::from_json(&record.to_json().unwrap()).unwrap(), record);
}

#[test]
fn a_record_of_another_version_is_refused() {
    let json = record(1.0).to_json().unwrap().replace("\"version\":1", "\"version\":2");
    let error = Evidence::from_json(&json).unwrap_err();
    assert_eq!((error.kind(), error.finding()), (ErrorKind::Input, Some("2")));
}

#[test]
fn a_score_that_is_no_number_is_refused() {
    let mut broken = record(1.0);
    broken.captions[0].log_prob = f32::NEG_INFINITY;
    assert_eq!(broken.to_json().unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn the_documented_schema_is_the_records() {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Evidence)).unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/evidence.schema.json");
    if std::env::var_os("LENS_BLESS").is_some() {
        fs_err::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).unwrap();
        fs_err::write(path, &schema).unwrap();
    }
    let written = fs_err::read_to_string(path).unwrap();
    assert!(
        written == schema,
        "docs/evidence.schema.json is old: run the tests with LENS_BLESS=1 and look at the diff"
    );
}
