//! Answers in the words of the API.

use crate::{
    Cancel, Decoding, Llm, Prompt, Result,
    fake_http::{FakeRequest, FakeResponse, FakeServer},
    llm::{
        Answer,
        remote::{EndpointOptions, Key, Remote},
    },
};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const SECRET: &str = "sk-very-secret";

pub(super) fn options(server: &FakeServer) -> EndpointOptions {
    EndpointOptions {
        base_url: format!("{}/v1", server.url()),
        model: "small".to_owned(),
        key: Some(Key::new(SECRET)),
        context_tokens: 1000,
        answer_tokens: 100,
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(5),
        retries: 2,
        pause: Duration::from_millis(1),
    }
}

pub(super) fn remote(server: &FakeServer) -> Remote {
    Remote::new(options(server)).unwrap()
}

pub(super) fn ask(remote: &Remote) -> Result<Answer> {
    let prompts = [Prompt { system: Some("Be brief.".to_owned()), text: "What is it?".to_owned() }];
    remote
        .answer(&prompts, &Decoding::default(), &mut |_, _| (), &Cancel::new())
        .map(|mut answers| answers.remove(0))
}

pub(super) fn sent(request: &FakeRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// Pieces as events, and `finish` as the reason of the last.
pub(super) fn stream(pieces: &[&str], finish: &str) -> FakeResponse {
    let mut body = ": the first line is a comment\r\n\r\n".to_owned();
    body.push_str(&event(&json!({"choices": [{"delta": {"role": "assistant"}, "finish_reason": null}]})));
    for piece in pieces {
        body.push_str(&event(&json!({"choices": [{"delta": {"content": piece}, "finish_reason": null}]})));
    }
    body.push_str(&event(&json!({"choices": [{"delta": {}, "finish_reason": finish}]})));
    body.push_str(&event(&json!({"choices": [], "usage": {"completion_tokens": 7}})));
    body.push_str("data: [DONE]\n\n");
    events(body)
}

pub(super) fn event(json: &Value) -> String {
    format!("data: {json}\n\n")
}

pub(super) fn events(body: impl Into<Vec<u8>>) -> FakeResponse {
    FakeResponse::new(200, body).header("Content-Type", "text/event-stream; charset=utf-8")
}

pub(super) fn whole(text: &str) -> FakeResponse {
    let body = json!({
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"completion_tokens": 3},
    });
    FakeResponse::new(200, body.to_string()).header("Content-Type", "application/json")
}

pub(super) fn refusal(status: u16, error: &Value) -> FakeResponse {
    FakeResponse::new(status, json!({"error": error}).to_string()).header("Content-Type", "application/json")
}
