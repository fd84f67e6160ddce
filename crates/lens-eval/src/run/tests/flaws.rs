//! Broken data of every kind in one run: each named and counted in the report.

use crate::{Ended, Models, Options, Task, report, run::run};
use lens::{
    Cancel, Lens, Store,
    testing::{FakeLlm, FakeModule},
};
use std::path::Path;

const FORM: &str = "version = 1\n[evidence]\nmodules = [\"tags\"]\n[prompt]\nquestion = \"What?\"\n";

fn task(name: &str, kind: &str, data: &str) -> Task {
    let head = format!("name = \"{name}\"\ntitle = \"{name}\"\nkind = \"{kind}\"\n");
    Task::parse(name, &format!("{head}{FORM}[data]\nsplit = \"test\"\n{data}")).unwrap()
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, bytes).unwrap();
}

fn picture() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(4, 4).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// One whole meme; a line that is cut, a label that does not exist, an id twice, and a picture that is not there.
fn memes(folder: &Path) -> Task {
    write(&folder.join("memes/1.png"), picture());
    let lines = [
        r#"{"id": 1, "img": "1.png", "label": 1, "text": "look"}"#,
        r#"{"id": 2, "img": "1.png", "lab"#,
        r#"{"id": 3, "img": "1.png", "label": 5, "text": ""}"#,
        r#"{"id": 1, "img": "1.png", "label": 0, "text": ""}"#,
        r#"{"id": 5, "img": "5.png", "label": 0, "text": ""}"#,
    ];
    write(&folder.join("memes/test.jsonl"), lines.join("\n"));
    task("memes", "binary", "layout = \"hateful\"\nclasses = [\"not hateful\", \"hateful\"]")
}

/// A whole sample, one whose picture is none, and the rest of the archive cut off.
fn shards(folder: &Path) -> Task {
    write(&folder.join("shards/classnames.txt"), "cat\ndog\n");
    let mut builder = tar::Builder::new(Vec::new());
    let good = picture();
    for (name, bytes) in [
        ("a.cls", b"0".as_slice()),
        ("a.png", &good),
        ("b.cls", b"1"),
        ("b.png", b"no picture"),
        ("c.png", &[7; 4000]),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append_data(&mut header, name, bytes).unwrap();
    }
    let whole = builder.into_inner().unwrap();
    write(&folder.join("shards/test/0.tar"), &whole[..whole.len() - 3000]);
    task("shards", "classification", "layout = \"webdataset\"")
}

/// A question with nine answers, which is scored all the same, and one with none.
fn questions(folder: &Path) -> Task {
    write(&folder.join("questions/test/7.png"), picture());
    let question = |id: u32| format!(r#"{{"question_id": {id}, "image_id": 7, "question": "What?"}}"#);
    write(&folder.join("questions/q.json"), format!(r#"{{"questions": [{},{}]}}"#, question(1), question(2)));
    let nine = [r#"{"answer": "red"}"#; 9].join(",");
    let answers = format!(r#"{{"annotations": [{{"question_id": 1, "answers": [{nine}]}}]}}"#);
    write(&folder.join("questions/a.json"), answers);
    let files = "files = [\"q.json\", \"a.json\"]\nimage_path = \"{split}/{id}.png\"";
    task("questions", "vqa", &format!("layout = \"vqa\"\n{files}"))
}

#[test]
fn each_flaw_is_named_and_counted_in_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    let store = Store::open(&folder.path().join("evidence.sqlite"), 1 << 24);
    let open = |_: &[lens::config::Layer]| {
        Lens::builder().module(FakeModule::seeing("tags", vec![])).llm(FakeLlm::saying("red")).build()
    };
    let tasks = vec![memes(&data), shards(&data), questions(&data)];
    let options = Options { max_broken: 0.5, ..Options::new(tasks, data, &out) };
    let models = Models { open: &open, store: &store, vlm: None };
    let Ended::Broken(error) = run(&options, &models, &mut |_| (), &Cancel::new()).unwrap() else {
        panic!("more than half of two sets is broken");
    };
    assert!(error.thing().contains("shards"), "the last set that is too broken: {error}");
    report::write(&[&out], &out).unwrap();
    for name in ["report.md", "summary.md"] {
        let report = fs_err::read_to_string(out.join(name)).unwrap();
        for row in [
            "missing image | lens | 1 | 5: ",
            "label outside the list | lens | 1 | 3: ",
            "invalid JSON | lens | 1 | line 2: ",
            "duplicated id | lens | 1 | 1: the id `1` stands before",
            "truncated tar | lens | 1 | 0.tar: ",
            "unreadable image | lens | 1 | b: ",
            "not ten answers | lens | 1 | 1: 9 answers | yes |",
            "missing field | lens | 1 | 2: question 2 has no answers | no |",
        ] {
            assert!(report.contains(row), "{name} lacks `{row}`:\n{report}");
        }
    }
}
