//! `lens serve` with real sockets and real signals.

use crate::{
    fake_server::{FakeServer, Reply},
    place::{Place, example, transcript},
    remote::endpoint,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// A running `lens serve`.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(place: &Place, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lens"))
            .args(["-q", "serve", "--bind", "0"])
            .args(arguments)
            .env("LENS_HOME", place.path("home"))
            .envs(environment.iter().copied())
            .current_dir(place.path("."))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().to_owned();
        Self { child, address }
    }

    /// Status and body.
    fn ask(&self, method: &str, path: &str, header: &str, body: &str) -> (u16, String) {
        ask(&self.address, method, path, header, body)
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, "", "")
    }

    /// SIGTERM; gives the exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

pub(crate) fn ask(address: &str, method: &str, path: &str, header: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{header}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn chat() -> String {
    let url = format!("data:image/png;base64,{}", STANDARD.encode(example("shapes.png")));
    let picture = json!({"type": "image_url", "image_url": {"url": url}});
    json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "How many?"}, picture]}]})
        .to_string()
}

#[test]
fn the_page_of_serve() {
    assert_snapshot!(Place::new().run(&["serve", "--help"]));
}

#[test]
fn the_models_inside_answer_and_sigterm_ends() {
    let place = Place::new();
    let server = Server::start(&place, &[], &[("LENS_OFFLINE", "true")]);
    assert_eq!(server.get("/health"), (200, "ok\n".to_owned()));
    while server.get("/ready").0 != 200 {
        let (status, told) = server.get("/ready");
        assert!(status == 200 || (status == 503 && told.contains("being loaded")), "{told}");
    }
    assert_eq!(server.get("/ready"), (200, "ready\n".to_owned()), "loaded is loaded");
    assert!(server.get("/").1.contains("<!doctype html>"));
    let (status, body) = server.ask("POST", "/v1/chat/completions", "", &chat());
    assert_eq!(status, 200, "{body}");
    let reply: Value = serde_json::from_str(&body).unwrap();
    assert!(!reply["choices"][0]["message"]["content"].as_str().unwrap().is_empty(), "{body}");
    assert_eq!(server.end(), Some(0));
}

#[test]
fn what_was_accepted_is_finished_after_sigterm() {
    let place = Place::new();
    let upstream = FakeServer::start(|_| {
        thread::sleep(Duration::from_millis(700));
        Reply::new("application/json", "{\"id\" : 7}")
    });
    let server = Server::start(&place, &["--upstream", &upstream.url], &[]);
    let address = server.address.clone();
    let asking = thread::spawn(move || ask(&address, "POST", "/v1/chat/completions", "", &chat()));
    while upstream.asked().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(server.end(), Some(0));
    assert_eq!(asking.join().unwrap(), (200, "{\"id\" : 7}".to_owned()));
    let sent = &upstream.asked()[0].body;
    assert!(sent.contains("<evidence ") && !sent.contains("base64"), "{sent}");
}

#[test]
fn a_key_from_a_file_guards_and_one_from_the_environment_goes_upstream() {
    let place = Place::new();
    place.write("key.txt", "sesame\n");
    let upstream = FakeServer::start(|_| Reply::new("application/json", "{}"));
    let arguments = ["--upstream", &upstream.url, "--api-key-file", "key.txt", "--private", "sent.jsonl"];
    let server = Server::start(&place, &arguments, &[("LENS_UPSTREAM_KEY", "theirs")]);
    assert_eq!(server.get("/health").0, 401);
    let (status, _) = server.ask("POST", "/v1/chat/completions", "authorization: Bearer sesame\r\n", &chat());
    assert_eq!(status, 200);
    assert_eq!(upstream.asked()[0].authorization, "Bearer theirs");
    let log = fs_err::read_to_string(place.path("sent.jsonl")).unwrap();
    let line: Value = serde_json::from_str(log.trim()).unwrap();
    assert_eq!(line["body"].as_str().unwrap(), upstream.asked()[0].body);
    assert_eq!(server.end(), Some(0));
}

#[test]
fn another_language_model_answers_where_it_is_named() {
    let place = Place::new();
    let far = endpoint("seven of them");
    let another = format!("{}/v1#far", far.url);
    let server = Server::start(&place, &["--another-llm", &another], &[]);
    let models: Value = serde_json::from_str(&server.get("/v1/models").1).unwrap();
    assert_eq!((&models["data"][0]["id"], &models["data"][1]["id"]), (&json!("nano"), &json!("far")));
    let url = format!("data:image/png;base64,{}", STANDARD.encode(example("shapes.png")));
    let named = |llm: &str| json!({"images": [url], "question": "How many?", "llm": llm}).to_string();
    for (llm, asked) in [("nano", 0), ("far", 1)] {
        let (status, body) = server.ask("POST", "/v1/ask", "", &named(llm));
        let reply: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &reply["llm"]["name"], far.asked().len()), (200, &json!(llm), asked), "{body}");
        assert_eq!(reply["answer"]["text"] == "seven of them", llm == "far", "{body}");
    }
    assert!(far.asked()[0].body.contains("<evidence "), "it converses, so its prompt is fenced");
    let mut chat: Value = serde_json::from_str(&chat()).unwrap();
    chat["model"] = json!("far");
    let (_, body) = server.ask("POST", "/v1/chat/completions", "", &chat.to_string());
    let reply: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(reply["choices"][0]["message"]["content"], "seven of them", "{body}");
    let (status, body) = server.ask("POST", "/v1/ask", "", &named("near"));
    assert!(status == 400 && body.contains("expected one of nano, far, found `near`"), "{body}");
    assert_eq!(server.end(), Some(0));
}

#[test]
fn another_language_model_that_cannot_be_had_is_refused() {
    let (one, other) = ("http://127.0.0.1:1/v1#twin", "http://127.0.0.1:2/v1#twin");
    let twins = ["serve", "--bind", "0", "--another-llm", one, "--another-llm", other];
    let output = Place::new().process(&twins).env_remove("LENS_OFFLINE").output().unwrap();
    let told = "config error: language models: expected different names, found `twin` twice";
    assert!(output.status.code() == Some(4) && transcript(&output).contains(told), "{}", transcript(&output));
    let offline = Place::new().run(&["serve", "--bind", "0", "--another-llm", one]);
    assert!(offline.starts_with("exit code: 4") && offline.contains("because LENS is offline"), "{offline}");
}

#[test]
fn an_agent_looks_over_stdin_and_stdout() {
    let place = Place::new();
    place.example("shapes.png");
    let mut agent = Command::new(env!("CARGO_BIN_EXE_lens"))
        .args(["-q", "mcp"])
        .env("LENS_HOME", place.path("home"))
        .env("LENS_OFFLINE", "true")
        .current_dir(place.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (agent.stdin.take().unwrap(), BufReader::new(agent.stdout.take().unwrap()));
    let client = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    writeln!(stdin, "{}", json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client}))
        .unwrap();
    let mut hear = || {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()
    };
    assert_eq!(hear()["result"]["serverInfo"]["name"], "lens");
    writeln!(stdin, "{}", json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).unwrap();
    for (image, error) in [("shapes.png", false), ("../home", true), ("/etc/passwd", true)] {
        let call = json!({"name": "see_image", "arguments": {"image": image}});
        writeln!(stdin, "{}", json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}))
            .unwrap();
        let result = hear()["result"].clone();
        assert_eq!(result["isError"], error, "{image}: {result}");
        assert_eq!(result["content"][0]["text"].as_str().unwrap().contains("<evidence "), !error, "{result}");
    }
    drop(stdin);
    assert_eq!(agent.wait().unwrap().code(), Some(0));
}

#[test]
fn pictures_of_the_web_are_no_part_of_being_offline() {
    assert_snapshot!(Place::new().run(&["serve", "--remote-images"]));
}

#[test]
fn an_address_for_everyone_is_refused() {
    assert_snapshot!(Place::new().run(&["serve", "--bind", "0.0.0.0:0"]));
}

#[test]
fn an_upstream_is_no_part_of_being_offline() {
    assert_snapshot!(Place::new().run(&["serve", "--upstream", "http://127.0.0.1:1"]));
}

#[test]
fn a_key_file_that_is_missing() {
    assert_snapshot!(Place::new().run(&["serve", "--api-key-file", "key.txt"]));
}

#[test]
fn a_key_is_not_taken_from_the_command_line() {
    let output = Place::new().lens(&["serve", "--api-key", "sesame"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
}
