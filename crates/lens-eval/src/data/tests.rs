//! Every layout, whole and broken.

use super::{Dataset, Row, Truth};
use crate::{FlawKind, Task};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::path::Path;
use tempfile::TempDir;

const PICTURE: &[u8] = b"not decoded here, long enough for the table of VLMEvalKit to be a picture";

fn task(kind: &str, data: &str) -> Task {
    let text = format!(
        "name = \"t\"\ntitle = \"T\"\nversion = 1\nkind = \"{kind}\"\n[evidence]\nmodules = [\"tags\"]\n[prompt]\n\
         [data]\nsplit = \"test\"\n{data}"
    );
    Task::parse("t", &text).unwrap()
}

fn write(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.path().join(name);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, bytes).unwrap();
}

fn open(task: &Task, path: &Path) -> Dataset {
    Dataset::open(task, path, &task.data.split).unwrap()
}

fn flaws(dataset: &Dataset) -> Vec<(&str, FlawKind)> {
    let flaw = |row: &'_ Row| row.sample.as_ref().err().map(|flaw| flaw.kind);
    dataset.rows.iter().filter_map(|row| Some((row.id.as_str(), flaw(row)?))).collect()
}

fn class(dataset: &Dataset, row: usize) -> &str {
    match &dataset.rows[row].sample.as_ref().unwrap().truth {
        Truth::Class(class) => &dataset.classes[*class],
        Truth::Texts(_) => panic!("no class"),
    }
}

#[test]
fn folders_are_classes_in_other_words_where_the_task_wants_them() {
    let folder = tempfile::tempdir().unwrap();
    for name in
        ["test/cat/1.jpg", "test/cat/2.png", "test/dogs/1.jpg", "test/dogs/notes.txt", "train/cat/9.jpg"]
    {
        write(&folder, name, PICTURE);
    }
    let dataset =
        open(&task("classification", "layout = \"folders\"\nrename = {dogs = \"dog\"}"), folder.path());
    assert_eq!(dataset.classes, ["cat", "dog"]);
    let ids: Vec<&str> = dataset.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["cat/1.jpg", "cat/2.png", "dogs/1.jpg"]);
    assert_eq!(class(&dataset, 2), "dog");
    let sample = dataset.rows[0].sample.as_ref().unwrap();
    assert_eq!(&*dataset.images.read(&sample.image).unwrap(), PICTURE);
    let known = open(&task("classification", "layout = \"folders\"\nclasses = [\"cat\"]"), folder.path());
    assert_eq!(flaws(&known), [("dogs/1.jpg", FlawKind::LabelOutsideList)]);
}

fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn webdataset_shards_are_read_in_order_and_a_cut_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "classnames.txt", "cat\ndog\n");
    write(&folder, "zeroshot_classification_templates.txt", "a photo of a {c}\n");
    write(&folder, "test/10.tar", tar(&[("s9.jpg", PICTURE), ("s9.cls", b"7")]));
    write(
        &folder,
        "test/2.tar",
        tar(&[("s1.cls", b"1"), ("s1.jpg", PICTURE), ("s2.jpg", PICTURE), ("s2.cls", b"cat\n")]),
    );
    let cut = tar(&[("s3.cls", b"0"), ("s3.jpg", PICTURE), ("s4.jpg", &[7; 4000])]);
    write(&folder, "test/3.tar", &cut[..cut.len() - 3000]);
    let dataset = open(&task("classification", "layout = \"webdataset\""), folder.path());
    assert_eq!(dataset.templates, ["a photo of a {}"]);
    assert_eq!((class(&dataset, 0), class(&dataset, 1), class(&dataset, 2)), ("dog", "cat", "cat"));
    assert_eq!(flaws(&dataset), [("3.tar", FlawKind::TruncatedTar), ("s9", FlawKind::LabelOutsideList)]);
    let sample = dataset.rows[1].sample.as_ref().unwrap();
    assert_eq!(&*dataset.images.read(&sample.image).unwrap(), PICTURE);
}

fn questions(ids: &[u32]) -> String {
    let one = |id: &u32| format!(r#"{{"question_id": {id}, "image_id": 7, "question": "What?"}}"#);
    format!(r#"{{"questions": [{}]}}"#, ids.iter().map(one).collect::<Vec<_>>().join(","))
}

fn annotations(counts: &[(u32, usize)]) -> String {
    let answers = |n: usize| vec![r#"{"answer": "red"}"#; n].join(",");
    let one = |(id, n): &(u32, usize)| format!(r#"{{"question_id": {id}, "answers": [{}]}}"#, answers(*n));
    format!(r#"{{"annotations": [{}]}}"#, counts.iter().map(one).collect::<Vec<_>>().join(","))
}

#[test]
fn questions_and_annotations_meet_by_their_id() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "q.json", questions(&[1, 2, 3, 1]));
    write(&folder, "a.json", annotations(&[(1, 10), (2, 9)]));
    let form =
        "layout = \"vqa\"\nfiles = [\"q.json\", \"a.json\"]\nimage_path = \"{split}/COCO_{id:012}.jpg\"";
    let dataset = open(&task("vqa", form), folder.path());
    assert_eq!(flaws(&dataset), [("3", FlawKind::MissingField), ("1", FlawKind::DuplicateId)]);
    let nine = dataset.rows[1].sample.as_ref().unwrap();
    assert_eq!((nine.remarks[0].kind, nine.remarks[0].detail.as_str()), (FlawKind::AnswerCount, "9 answers"));
    let missing = dataset.images.read(&nine.image).unwrap_err();
    assert_eq!(missing.kind, FlawKind::MissingImage);
    assert!(missing.detail.contains("test/COCO_000000000007.jpg"), "{}", missing.detail);
    write(&folder, "q.json", "{\"questions\": [");
    let error = Dataset::open(&task("vqa", form), folder.path(), "test").unwrap_err();
    assert!(error.thing().ends_with("q.json"), "{error}");
}

#[test]
fn a_okvqa_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let entry = r#"{"question_id": "x", "image_id": 5, "question": "Who?", "direct_answers": ["a","a","a","a","a","a","a","a","a","b"]}"#;
    write(&folder, "one.json", format!("[{entry}, {{\"question_id\": 3}}]"));
    let dataset = open(&task("vqa", "layout = \"vqa\"\nfiles = [\"one.json\"]"), folder.path());
    assert_eq!(dataset.rows[0].sample.as_ref().unwrap().right(&[]).len(), 10);
    assert_eq!(flaws(&dataset), [("entry 1", FlawKind::InvalidJson)]);
}

#[test]
fn memes_are_lines_and_a_broken_line_is_one_sample() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        r#"{"id": 42, "img": "img/42.png", "label": 1, "text": "look"}"#,
        r#"{"id": 43, "img": "img/43.png", "label": 0"#,
        r#"{"id": 44, "img": "img/44.png", "label": 5, "text": ""}"#,
        r#"{"id": 42, "img": "img/42.png", "label": 1, "text": "look"}"#,
    ];
    write(&folder, "test.jsonl", lines.join("\n"));
    let form = "layout = \"hateful\"\nclasses = [\"not hateful\", \"hateful\"]";
    let dataset = open(&task("binary", form), folder.path());
    assert_eq!(class(&dataset, 0), "hateful");
    assert_eq!(dataset.rows[0].sample.as_ref().unwrap().text.as_deref(), Some("look"));
    let expected = [
        ("line 2", FlawKind::InvalidJson),
        ("44", FlawKind::LabelOutsideList),
        ("42", FlawKind::DuplicateId),
    ];
    assert_eq!(flaws(&dataset), expected);
}

#[test]
fn tables_hold_pictures_and_options() {
    let folder = tempfile::tempdir().unwrap();
    let picture = BASE64_STANDARD.encode(PICTURE);
    let table = format!(
        "index\timage\tquestion\tanswer\tA\tB\n1\t{picture}\tWhich?\tB\tcat\tdog\n2\t1\tWhich?\tA\tcat\tdog\n\
         3\t{picture}\tHow many?\tfour\t\t\n4\t9\tWhich?\tA\tcat\tdog\n5\t{picture}\tWhich?\tZ\tcat\tdog\n"
    );
    write(&folder, "test.tsv", table);
    let dataset = open(&task("vqa", "layout = \"tsv\""), folder.path());
    let right: Vec<Vec<&str>> =
        dataset.rows.iter().filter_map(|row| Some(row.sample.as_ref().ok()?.right(&[]))).collect();
    assert_eq!(right, [["dog"], ["cat"], ["four"]]);
    assert_eq!(flaws(&dataset), [("4", FlawKind::MissingImage), ("5", FlawKind::LabelOutsideList)]);
    let second = dataset.rows[1].sample.as_ref().unwrap();
    assert_eq!(&*dataset.images.read(&second.image).unwrap(), PICTURE);
}
