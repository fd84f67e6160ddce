//! Language models and hubs over the network: all of it on loopback.

use crate::{
    fake_server::{Asked, FakeServer, Reply},
    place::{Place, json_lines, stdout, transcript},
};
use assert_cmd::Command;
use insta::{assert_snapshot, with_settings};
use serde_json::Value;
use std::fmt::Write as _;

/// A chat endpoint that says `text`, in pieces when it is asked to stream.
fn endpoint(text: &'static str) -> FakeServer {
    FakeServer::start(move |asked| {
        let streams = asked.body.contains("\"stream\":true");
        if !streams {
            let body = serde_json::json!({
                "choices": [{ "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
            });
            return Reply::new("application/json", body.to_string());
        }
        let mut body = String::new();
        for piece in text.split_inclusive(' ') {
            let chunk = serde_json::json!({ "choices": [{ "delta": { "content": piece } }] });
            write!(body, "data: {chunk}\n\n").unwrap();
        }
        let end = serde_json::json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] });
        Reply::new("text/event-stream", body + &format!("data: {end}\n\ndata: [DONE]\n\n"))
    })
}

/// The program with a network and this language model.
fn online(place: &Place, server: &FakeServer, arguments: &[&str]) -> Command {
    let mut lens = place.lens(arguments);
    lens.env_remove("LENS_OFFLINE").env("LENS_ENDPOINT_MODEL", "fake");
    lens.env("LENS_LLM", format!("{}/v1", server.url)).env("LENS_ENDPOINT_RETRIES", "0");
    lens
}

fn messages(asked: &Asked) -> Vec<String> {
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    let text = |message: &Value| message["content"].as_str().unwrap().to_owned();
    body["messages"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn an_endpoint_reads_the_evidence_and_answers() {
    let place = Place::new();
    place.example("shapes.png");
    let server = endpoint("four of them");
    let lens = online(&place, &server, &["-q", "ask", "shapes.png", "How many?"]);
    assert_eq!(stdout(lens), "four of them\n");
    let read = messages(&server.asked()[0]).concat();
    assert!(read.contains("How many?"), "{read}");
    assert!(!server.asked()[0].body.contains("image_url"), "no pixels leave the machine");
}

#[test]
fn answers_of_several_pictures_carry_their_names() {
    let place = Place::new();
    place.example("shapes.png");
    place.example("page.png");
    let server = endpoint("yes");
    let lens = online(&place, &server, &["-q", "ask", "shapes.png", "page.png", "Is it?"]);
    assert_eq!(stdout(lens), "shapes.png: yes\npage.png: yes\n");
    let lens = online(&place, &server, &["-q", "ask", "shapes.png", "page.png", "Is it?", "--together"]);
    assert_eq!(stdout(lens), "yes\n");
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn an_answer_in_json_comes_with_all_that_it_rests_on() {
    let place = Place::new();
    place.example("shapes.png");
    let server = endpoint("yes");
    let lens = online(&place, &server, &["-q", "ask", "shapes.png", "Is it?", "--json"]);
    let record = json_lines(&stdout(lens)).remove(0);
    assert_eq!((&record["answer"], &record["question"]), (&Value::from("yes"), &Value::from("Is it?")));
    assert_eq!(record["answered_by"]["finish"], "stop");
    for key in ["image", "tags", "attributes", "captions", "ocr", "prompt"] {
        assert!(record.get(key).is_some(), "{key}");
    }
}

#[test]
fn labels_are_sorted_by_both_models() {
    let place = Place::new();
    place.example("beach.jpg");
    place.write("labels.txt", "kitchen\nbeach\n");
    let server = endpoint("It is a beach.");
    let classify = ["-q", "classify", "beach.jpg", "--labels", "labels.txt"];
    let record =
        json_lines(&stdout(online(&place, &server, &[&classify[..], &["--json"]].concat()))).remove(0);
    for model in ["clip", "llm"] {
        assert_eq!(record[model][0]["label"], "beach", "{model}: {record}");
    }
    assert_eq!(record["llm_basis"], "match", "an endpoint gives no likelihoods");
    let text = stdout(online(&place, &server, &classify));
    assert!(text.lines().nth(1).unwrap().contains("Language model (named)"), "{text}");
    assert_eq!(text.lines().nth(2).unwrap().matches("beach").count(), 2, "{text}");
}

#[test]
fn the_prompt_can_be_looked_at_without_asking() {
    let place = Place::new();
    place.example("shapes.png");
    let server = endpoint("never said");
    let prompt = stdout(online(&place, &server, &["-q", "ask", "shapes.png", "How many?", "--show-prompt"]));
    assert!(prompt.contains("How many?"), "{prompt}");
    assert!(server.asked().is_empty());
}

#[test]
fn a_chat_remembers_its_turns() {
    let place = Place::new();
    place.example("shapes.png");
    let server = endpoint("a circle");
    let mut lens = online(&place, &server, &["-q", "chat", "shapes.png"]);
    lens.write_stdin("What is it?\n\nWhich colour?\n");
    assert_eq!(stdout(lens), "a circle\na circle\n");
    let last = messages(&server.asked()[1]).concat();
    for part in ["What is it?", "a circle", "Which colour?"] {
        assert!(last.contains(part), "{part}: {last}");
    }
}

#[test]
fn an_endpoint_that_is_a_web_page() {
    let place = Place::new();
    place.example("shapes.png");
    let server = FakeServer::start(|_| Reply::new("text/html", "<!doctype html><title>Sign in</title>"));
    let output = online(&place, &server, &["-q", "ask", "shapes.png", "Why?"]).output().unwrap();
    with_settings!({filters => vec![(r"127\.0\.0\.1:\d+", "[SERVER]")]}, {
        assert_snapshot!(transcript(&output));
    });
}

#[test]
fn new_categories_are_described() {
    let place = Place::new();
    place.write("birds.txt", "owl\nheron\n");
    place.write("out.txt", "owl which has big eyes\n");
    let server = endpoint("- long legs\n- a grey back");
    online(&place, &server, &["-q", "vocab", "describe", "birds.txt", "-o", "out.txt"]).assert().success();
    let text = fs_err::read_to_string(place.path("out.txt")).unwrap();
    assert_eq!(text, "owl which has big eyes\nheron which has long legs\nheron which is a grey back\n");
    assert_eq!(server.asked().len(), 1, "the owl was described before");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_chat_with_what_was_said() {
    use std::{
        io::{BufRead, BufReader, Write},
        process::Stdio,
    };
    let place = Place::new();
    place.example("shapes.png");
    let server = endpoint("a circle");
    let mut chat = std::process::Command::new(env!("CARGO_BIN_EXE_lens"))
        .args(["-q", "chat", "shapes.png", "--llm", &format!("{}/v1", server.url)])
        .env("LENS_HOME", place.path("home"))
        .env("LENS_ENDPOINT_MODEL", "fake")
        .current_dir(place.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = chat.stdin.take().unwrap();
    stdin.write_all(b"What is it?\n").unwrap();
    let mut answer = String::new();
    BufReader::new(chat.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert_eq!(answer, "a circle\n");
    let pid = chat.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(chat.wait().unwrap().code(), Some(130));
    drop(stdin);
}
