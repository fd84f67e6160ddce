//! The whole path on the models inside the program: what holds whatever they have learned.

use crate::place::{Place, json_lines, stdout};
use serde_json::Value;
use std::process::Stdio;

fn record(command: assert_cmd::Command) -> Value {
    json_lines(&stdout(command)).remove(0)
}

fn place() -> Place {
    let place = Place::new();
    place.example("shapes.png");
    place.example("menu.png");
    place.example("contradicting-colours.png");
    place.write("labels.txt", "circle\n\nmenu\nbeach\n");
    place
}

/// Keys that must be there, and hold something of their type.
#[track_caller]
fn assert_answered(record: &Value) {
    assert!(record["question"].is_string() && record["answer"].is_string(), "{record}");
    let by = &record["answered_by"];
    assert_eq!(by["llm"], "nano");
    assert!(by["finish"] == "stop" || by["finish"] == "length", "{by}");
    assert!(by["tokens"].as_u64().unwrap() > 0 && by["log_prob"].as_f64().unwrap() < 0.0, "{by}");
    let prompt = &record["prompt"];
    assert_eq!(prompt["template"], "default");
    assert!(prompt["tokens"].as_u64().unwrap() > 0 && prompt["dropped"].is_array());
}

#[track_caller]
fn assert_numbered(record: &Value) {
    for (kind, letter) in [("tags", 'T'), ("attributes", 'A'), ("captions", 'C'), ("ocr", 'O')] {
        for (index, item) in record[kind].as_array().unwrap().iter().enumerate() {
            assert_eq!(item["id"], format!("{letter}{}", index + 1), "{item}");
        }
    }
    let likelihood = |caption: &Value| caption["log_prob"].as_f64().unwrap() < 0.0;
    let captions = record["captions"].as_array().unwrap();
    assert!(captions.iter().all(|caption| likelihood(caption) && caption["clip_similarity"].is_number()));
    assert_eq!(captions[0]["kind"], "beam");
    assert_eq!(captions.iter().map(|caption| caption["count"].as_u64().unwrap()).sum::<u64>(), 11);
}

#[test]
fn a_question_is_answered_from_the_evidence() {
    let place = place();
    let ask = || place.lens(&["-q", "ask", "shapes.png", "How many circles are there?"]);
    let text = stdout(ask());
    let mut json = ask();
    json.arg("--json");
    let record = record(json);
    assert_answered(&record);
    assert_numbered(&record);
    assert_eq!(text, format!("{}\n", record["answer"].as_str().unwrap()), "the same in both forms");
}

#[test]
fn several_pictures_have_one_answer_each_or_together() {
    let place = place();
    let arguments = ["-q", "--json", "ask", "shapes.png", "menu.png", "What is it?"];
    let each = json_lines(&stdout(place.lens(&arguments)));
    let sources: Vec<&Value> = each.iter().map(|record| &record["source"]).collect();
    assert_eq!(sources, ["shapes.png", "menu.png"]);
    for record in &each {
        assert_answered(record);
    }
    let together = record(place.lens(&[&arguments[..], &["--together"]].concat()));
    assert_answered(&together);
    assert_eq!(together["images"].as_array().unwrap().len(), 2);
    assert_numbered(&together["images"][1]);
}

#[test]
fn a_seed_draws_other_captions_and_the_same_seed_the_same() {
    let place = place();
    let see = |seed: &str| {
        let record =
            record(place.lens(&["-q", "--json", "--seed", seed, "see", "contradicting-colours.png"]));
        (record["captions"].clone(), record["tags"].clone())
    };
    let (one, two, again) = (see("1"), see("2"), see("1"));
    assert_eq!(one, again);
    assert_ne!(one.0, two.0);
    assert_eq!(one.1, two.1, "tags are not drawn");
}

#[test]
fn labels_are_sorted_by_both_models() {
    let place = place();
    let arguments = ["-q", "--json", "classify", "shapes.png", "--labels", "labels.txt"];
    let usual = record(place.lens(&arguments));
    assert_eq!(usual["llm_basis"], "likelihood");
    for model in ["clip", "llm"] {
        let scores: Vec<f64> =
            usual[model].as_array().unwrap().iter().map(|label| label["score"].as_f64().unwrap()).collect();
        assert!(scores.len() == 3 && scores.is_sorted_by(|a, b| a >= b), "{model}: {scores:?}");
        let sum: f64 =
            usual[model].as_array().unwrap().iter().map(|label| label["probability"].as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{model}: {sum}");
    }
    let same = record(place.lens(&[&arguments[..], &["--template", "a photo of a {}"]].concat()));
    assert_eq!(usual["clip"], same["clip"], "the preset's own template");
    let other = record(place.lens(&[&arguments[..], &["--template", "the word {}"]].concat()));
    assert_ne!(usual["clip"], other["clip"]);
    let best = record(place.lens(&[&arguments[..], &["--top", "1"]].concat()));
    assert_eq!((best["clip"].as_array().unwrap().len(), &best["clip"][0]), (1, &usual["clip"][0]));
}

#[test]
fn a_chat_has_a_turn_for_each_line() {
    let place = place();
    let mut chat = place.lens(&["-q", "--json", "chat", "shapes.png"]);
    chat.write_stdin("What is it?\n\n  Which colour?  \n");
    let turns = json_lines(&stdout(chat));
    let questions: Vec<&Value> = turns.iter().map(|turn| &turn["question"]).collect();
    assert_eq!(questions, ["What is it?", "Which colour?"]);
    for turn in &turns {
        assert_answered(turn);
    }
    let tokens = |turn: &Value| turn["prompt"]["tokens"].as_u64().unwrap();
    assert!(tokens(&turns[1]) > tokens(&turns[0]), "the second prompt holds the first turn");
}

#[test]
fn two_programs_share_one_home() {
    let place = place();
    let sees = ["shapes.png", "menu.png"]
        .map(|name| place.process(&["-q", "see", name]).stdout(Stdio::null()).spawn().unwrap());
    for mut see in sees {
        assert!(see.wait().unwrap().success());
    }
    assert_eq!(record(place.lens(&["--json", "cache", "stats"]))["entries"], 2);
}

/// Root may write everywhere, so the home is where nobody can write.
#[cfg(target_os = "linux")]
#[test]
fn a_home_that_cannot_be_written_costs_only_the_memory() {
    let place = place();
    let mut see = place.lens(&["-q", "--json", "see", "shapes.png"]);
    see.env("LENS_HOME", "/proc/lens");
    assert_numbered(&record(see));
}

#[test]
fn a_bench_tells_how_near_each_model_is_to_what_the_machine_can_do() {
    let report = json_lines(&stdout(Place::new().lens(&["--threads", "1", "bench", "--json"]))).remove(0);
    assert_eq!(report["threads"], 1);
    assert!(report["peak_operations"].as_f64().unwrap() > 0.0);
    let speeds = report["speeds"].as_array().unwrap();
    assert_eq!(speeds.len(), 4, "pictures, texts, captions, answers: {report}");
    assert!(speeds.iter().all(|speed| speed["per_second"].as_f64().unwrap() > 0.0), "{report}");
}

#[test]
fn the_terms_of_the_weights_are_named() {
    let place = Place::new();
    for arguments in
        [&["models", "list"][..], &["models", "list", "--json"], &["doctor"], &["doctor", "--json"]]
    {
        let told = stdout(place.lens(arguments));
        assert!(told.replace('\n', "").contains("LICENSE-WEIGHTS"), "{arguments:?}: {told}");
        let mut arguments = arguments.to_vec();
        arguments.extend(["--preset", "base"]);
        assert!(!stdout(place.lens(&arguments)).contains("LICENSE-WEIGHTS"), "{arguments:?}");
    }
}
