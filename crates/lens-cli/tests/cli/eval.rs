//! `lens eval` with the real program and nano, on small drawn pictures.

use crate::place::Place;
use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const TASK: &str = r#"
name = "drawn"
title = "Drawn colours"
version = 1
kind = "classification"
[data]
layout = "folders"
split = "test"
train = "train"
[evidence]
modules = ["tags", "captions"]
tags_are_classes = true
clip_templates = ["a photo of a {}"]
[prompt]
question = "What is in this picture?"
[settings.captions]
count = 1
beams = 1
[settings.answer]
max_new_tokens = 3
beams = 1
"#;

/// Twelve pictures of two colours to measure, four to show.
fn place() -> Place {
    let place = Place::new();
    place.write("drawn.toml", TASK);
    for (split, numbers) in [("test", 0..6u8), ("train", 6..8)] {
        for (name, colour) in [("red square", [200, 30, 30]), ("blue square", [30, 30, 200])] {
            for number in numbers.clone() {
                place.write(&format!("data/{split}/{name}/{number}.bmp"), bitmap(colour, number * 8));
            }
        }
    }
    place
}

/// A square of a colour on white, 32 x 32, as an uncompressed bitmap.
fn bitmap(colour: [u8; 3], shade: u8) -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    for number in [54 + 32 * 32 * 3u32, 0, 54, 40, 32, 32, 0x0018_0001, 0, 0, 0, 0, 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    for place in 0..32 * 32 {
        let inside = (8..24).contains(&(place % 32)) && (8..24).contains(&(place / 32));
        let pixel = if inside { colour.map(|value: u8| value.saturating_add(shade)) } else { [255; 3] };
        bytes.extend([pixel[2], pixel[1], pixel[0]]);
    }
    bytes
}

fn arguments(out: &str) -> Vec<&str> {
    let systems = "lens,clip,llm-only";
    vec![
        "eval",
        "run",
        "drawn.toml",
        "--data",
        "data",
        "--out",
        out,
        "--system",
        systems,
        "--shots",
        "0,1",
        "--batch",
        "2",
        "--threads",
        "1",
    ]
}

/// All files of a run but its times.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let kept = entries.filter(|path| !path.ends_with("times.jsonl"));
    kept.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs_err::read(&path).unwrap()))
        .collect()
}

/// Bytes of all samples so far.
fn written(folder: &Path) -> u64 {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    let samples = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("samples_"));
    samples.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
}

fn start(place: &Place, home: &str, out: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lens"));
    command
        .args(arguments(out))
        .env_clear()
        .env("LENS_HOME", home)
        .env("LENS_OFFLINE", "true")
        .current_dir(place.path("."))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Kills the program once `due` says so. False: it ended before.
fn kill_when(child: &mut Child, due: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !due() {
        assert!(start.elapsed() < Duration::from_mins(5), "the run hangs");
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

/// Numbers in 0..1 without a pattern (Weyl's sequence).
fn scattered(count: u32) -> impl Iterator<Item = f64> {
    (1..=count).map(|number| (f64::from(number) * 0.618_033_988_749_895).fract())
}

#[test]
fn a_run_killed_at_twenty_points_ends_with_the_same_bytes() {
    let place = place();
    let mut whole = start(&place, "home-whole", "whole");
    assert!(whole.wait().unwrap().success());
    let all = written(&place.path("whole"));
    // Five kills while pictures are looked at, by time; fifteen by what is written, in its order.
    let mut kills = 0;
    for share in scattered(5) {
        let wait = Duration::from_secs_f64(0.1 + share);
        let since = Instant::now();
        kills += u32::from(kill_when(&mut start(&place, "home", "cut"), || since.elapsed() > wait));
    }
    let mut marks: Vec<u64> = scattered(15).map(|share| (share * all as f64) as u64).collect();
    marks.sort_unstable();
    for mark in marks {
        kills +=
            u32::from(kill_when(&mut start(&place, "home", "cut"), || written(&place.path("cut")) >= mark));
    }
    assert!(kills >= 15, "only {kills} of twenty kills met a running program");
    assert!(start(&place, "home", "cut").wait().unwrap().success());
    let (whole, cut) = (files(&place.path("whole")), files(&place.path("cut")));
    assert_eq!(whole.keys().collect::<Vec<_>>(), cut.keys().collect::<Vec<_>>());
    for (name, bytes) in &whole {
        assert!(cut[name] == *bytes, "{name} differs");
    }
}

#[test]
fn a_report_names_what_ran_and_shows_every_sample() {
    let place = place();
    let output = place.lens(&arguments("out")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && text.contains("drawn (accuracy)") && text.contains("llm-only"),
        "{text}"
    );
    let page = fs_err::read_to_string(place.path("out/report.html")).unwrap();
    assert_eq!(page.matches("data:image/jpeg;base64,").count(), 12);
    let results: serde_json::Value =
        serde_json::from_str(&fs_err::read_to_string(place.path("out/results.json")).unwrap()).unwrap();
    assert_eq!(results["n-samples"]["drawn"]["effective"], 12);
    assert!(results["results"]["drawn"]["accuracy_stderr,clip"].is_number());
    let clip = fs_err::read_to_string(place.path("out/clip_benchmark_drawn_clip.json")).unwrap();
    assert!(clip.contains("\"mean_per_class_recall\""));
    assert!(place.path("out/plot_drawn_shots.svg").is_file());
    let summary = fs_err::read_to_string(place.path("out/summary.md")).unwrap();
    assert!(
        summary.contains("| llm-only, 1 demonstration (rices) | ")
            && summary.contains("| tags, each listed one | ")
    );
}

const LETTERS: &str = r#"
name = "letters"
title = "Letters"
version = 1
kind = "vqa"
[data]
layout = "vqa"
split = "test"
files = ["questions.json", "annotations.json"]
image_path = "{id}.jpg"
[evidence]
modules = ["tags", "ocr"]
[prompt]
"#;

#[test]
fn letters_in_a_picture_reach_the_prompt_unless_they_are_left_out() {
    let place = Place::new();
    place.example("sign.jpg");
    place.write("letters.toml", LETTERS);
    let question =
        r#"{"questions": [{"question_id": 1, "image_id": "sign", "question": "What does it say?"}]}"#;
    place.write("questions.json", question);
    let answers = [r#"{"answer": "no parking"}"#; 10].join(",");
    place.write(
        "annotations.json",
        format!(r#"{{"annotations": [{{"question_id": 1, "answers": [{answers}]}}]}}"#),
    );
    let run = ["eval", "run", "letters.toml", "--data", ".", "--out", "out", "--ablate", "leave-one-out"];
    place.lens(&run).assert().success();
    let prompt = |condition: &str| {
        let lines =
            fs_err::read_to_string(place.path(&format!("out/samples_letters_{condition}.jsonl"))).unwrap();
        let line: serde_json::Value = serde_json::from_str(&lines).unwrap();
        line["arguments"][0].as_str().unwrap().to_owned()
    };
    for (condition, reads) in [("lens", true), ("lens-ocr", true), ("lens-tags", false)] {
        let prompt = prompt(condition);
        assert_eq!(prompt.contains("PARKING"), reads, "{condition}: {prompt}");
    }
}

/// Whether the pictures show what their folders say does not matter here: probabilities are fitted to what they find.
#[test]
fn a_fitted_temperature_is_drawn_and_used_from_then_on() {
    let place = place();
    for (drawn, named) in [("red square", "banana"), ("blue square", "ball")] {
        fs_err::rename(place.path(&format!("data/test/{drawn}")), place.path(&format!("data/test/{named}")))
            .unwrap();
    }
    let tags = || {
        let output = place
            .lens(&["--json", "see", "data/test/ball/0.bmp"])
            .env("LENS_TAGS_THRESHOLD", "-1")
            .output()
            .unwrap();
        let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        record["tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag["probability"].as_f64().unwrap())
            .collect::<Vec<_>>()
    };
    let before = tags();
    let calibrate = ["--json", "eval", "calibrate", "drawn.toml", "--data", "data", "--out", "calibration"];
    let output = place.lens(&calibrate).env("LENS_TAGS_THRESHOLD", "-1").output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((found["samples"].as_u64(), found["statements"].as_u64()), (Some(12), Some(60)), "{found}");
    assert!(found["temperature"].as_f64().unwrap() > 0.0);
    for file in ["reliability_before.svg", "reliability_after.svg", "calibration.json"] {
        assert!(place.path(&format!("calibration/{file}")).is_file(), "{file}");
    }
    assert_ne!(before, tags());
}

#[test]
fn a_task_that_does_not_exist_is_refused() {
    let place = Place::new();
    let output = place.lens(&["eval", "run", "petz", "--data", ".", "--out", "out"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("lens eval list"));
}
