//! Language models and hubs over the network: all of it on loopback.

use crate::{
    fake_server::{Asked, FakeServer, Reply},
    place::{Place, json_lines, stdout, transcript},
};
use insta::{assert_snapshot, with_settings};
use serde_json::Value;
use std::{
    io::{BufReader, Read, Write},
    process::{Command, Stdio},
    sync::{Mutex, mpsc::channel},
};

/// A chat endpoint that says `text`, in pieces when it is asked to stream.
pub(crate) fn endpoint(text: &'static str) -> FakeServer {
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
            body += &event(piece);
        }
        Reply::new("text/event-stream", body + END)
    })
}

/// A piece of an answer as it streams.
fn event(piece: &str) -> String {
    format!("data: {}\n\n", serde_json::json!({ "choices": [{ "delta": { "content": piece } }] }))
}

/// The end of an answer as it streams.
const END: &str = "data: {\"choices\": [{\"delta\": {}, \"finish_reason\": \"stop\"}]}\n\ndata: [DONE]\n\n";

/// The program with a network and this language model.
pub(crate) fn online(place: &Place, server: &FakeServer, arguments: &[&str]) -> Command {
    let mut lens = place.process(arguments);
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
    let mut lens = assert_cmd::Command::from_std(online(&place, &server, &["-q", "chat", "shapes.png"]));
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
    stdout(online(&place, &server, &["-q", "vocab", "describe", "birds.txt", "-o", "out.txt"]));
    let text = fs_err::read_to_string(place.path("out.txt")).unwrap();
    assert_eq!(text, "owl which has big eyes\nheron which has long legs\nheron which is a grey back\n");
    assert_eq!(server.asked().len(), 1, "the owl was described before");
}

#[test]
fn an_answer_is_printed_while_it_comes() {
    let place = Place::new();
    place.example("shapes.png");
    let (sender, pieces) = channel();
    let pieces = Mutex::new(Some(pieces));
    let server = FakeServer::start(move |_| {
        let pieces = pieces.lock().unwrap().take().unwrap();
        Reply::in_pieces("text/event-stream", None, pieces)
    });
    let mut lens = online(&place, &server, &["-q", "ask", "shapes.png", "What is it?"]);
    let mut lens = lens.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(lens.stdout.take().unwrap());
    // The next piece leaves the endpoint only when the one before is on the screen.
    for piece in ["a ", "red ", "circle"] {
        sender.send(event(piece).into_bytes()).unwrap();
        let mut printed = vec![0; piece.len()];
        stdout.read_exact(&mut printed).unwrap();
        assert_eq!(String::from_utf8(printed).unwrap(), piece);
    }
    sender.send(END.into()).unwrap();
    drop(sender);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "\n");
    assert!(lens.wait().unwrap().success());
}

#[test]
fn a_question_that_fails_leaves_the_chat_open() {
    let place = Place::new();
    place.example("shapes.png");
    let server = FakeServer::start(|asked| {
        if asked.body.contains("Which colour?") {
            return Reply::new("text/html", "<html>");
        }
        Reply::new("text/event-stream", event("a circle") + END)
    });
    let mut chat = online(&place, &server, &["-q", "--json", "chat", "shapes.png"]);
    let mut chat = chat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    chat.stdin.take().unwrap().write_all(b"Which colour?\nWhat is it?\n").unwrap();
    let output = chat.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let records = json_lines(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(
        (&records[0]["question"], &records[0]["error"]["kind"]),
        (&"Which colour?".into(), &"remote".into())
    );
    assert_eq!(records[1]["answer"], "a circle");
}
