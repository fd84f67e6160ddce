//! Endpoints that do not.

use super::fake::{SECRET, ask, event, events, options, refusal, remote, sent, whole};
use crate::{
    ErrorKind,
    fake_http::{FakeResponse, FakeServer},
    llm::remote::Remote,
};
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// Answers with the first responses in order, then with the last again and again.
fn in_order(responses: Vec<FakeResponse>) -> FakeServer {
    let next = AtomicUsize::new(0);
    FakeServer::start(move |_| {
        let index = next.fetch_add(1, Ordering::Relaxed).min(responses.len() - 1);
        responses[index].clone()
    })
}

#[test]
fn what_passes_is_tried_again() {
    let busy = refusal(429, &json!({"message": "slow down"})).header("Retry-After", "0");
    let broken = events(event(&json!({"choices": [{"delta": {}}]})));
    for passing in [busy, FakeResponse::new(500, "oops"), FakeResponse::new(503, ""), broken] {
        let server = in_order(vec![passing.clone(), passing, whole("at last")]);
        assert_eq!(ask(&remote(&server)).unwrap().text, "at last");
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn retry_after_is_waited_for_and_a_long_one_is_not() {
    let busy = |seconds: &str| refusal(429, &json!({"message": "slow down"})).header("Retry-After", seconds);
    let server = in_order(vec![busy("1"), whole("ok")]);
    let start = Instant::now();
    assert!(ask(&remote(&server)).is_ok());
    assert!(start.elapsed() >= Duration::from_secs(1));

    let server = in_order(vec![busy("3600")]);
    let error = ask(&remote(&server)).unwrap_err();
    assert_eq!((error.kind(), error.finding()), (ErrorKind::Overloaded, Some("status 429: slow down")));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn what_stays_is_an_error_with_advice() {
    struct Case {
        response: FakeResponse,
        kind: ErrorKind,
        found: &'static str,
        hint: &'static str,
        requests: usize,
    }
    let case = |response, kind, found, hint, requests| Case { response, kind, found, hint, requests };
    let page = || FakeResponse::new(200, "<html>Log in").header("Content-Type", "text/html");
    let quoted = json!({"message": format!("Incorrect API key provided: {SECRET}")});
    let too_long = json!({"message": "too long", "code": "context_length_exceeded"});
    for Case { response, kind, found, hint, requests } in [
        case(page(), ErrorKind::Remote, "an HTML page", "ends in /v1", 1),
        case(FakeResponse::new(200, "<p>"), ErrorKind::Remote, "an HTML page", "ends in /v1", 1),
        case(FakeResponse::new(200, "{}"), ErrorKind::Remote, "an answer without a choice", "ends in /v1", 1),
        case(events("data: nonsense\n\n"), ErrorKind::Remote, "expected", "ends in /v1", 1),
        case(
            refusal(401, &quoted),
            ErrorKind::Remote,
            "Incorrect API key provided: [key]",
            "endpoint.key_env",
            1,
        ),
        case(
            refusal(404, &json!("no model small")),
            ErrorKind::Remote,
            "404: no model small",
            "name of the model",
            1,
        ),
        case(refusal(400, &too_long), ErrorKind::Input, "too long", "endpoint.context_tokens", 1),
        case(
            refusal(500, &json!({"message": "out of memory"})),
            ErrorKind::Remote,
            "500: out of memory",
            "log",
            3,
        ),
        case(
            FakeResponse::new(308, "").header("Location", "http://elsewhere/v1/chat/completions"),
            ErrorKind::Remote,
            "status 308",
            "redirects",
            1,
        ),
    ] {
        let server = in_order(vec![response]);
        let error = ask(&remote(&server)).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.finding().is_some_and(|text| text.contains(found)), "{error}, not {found}");
        assert!(error.advice().is_some_and(|text| text.contains(hint)), "{error}: {:?}", error.advice());
        assert_eq!(server.requests().len(), requests, "{error}");
    }
}

#[test]
fn an_error_in_the_middle_of_a_stream_is_not_an_answer() {
    let piece = event(&json!({"choices": [{"delta": {"content": "A red"}}]}));
    let error = event(&json!({"error": {"message": "the model crashed"}}));
    let server = in_order(vec![events(format!("{piece}{error}"))]);
    assert_eq!(ask(&remote(&server)).unwrap_err().finding(), Some("the model crashed"));

    let mut cut = events(piece);
    cut.content_length = Some(10_000);
    let server = in_order(vec![cut]);
    let error = ask(&remote(&server)).unwrap_err();
    assert_eq!((error.kind(), error.expectation()), (ErrorKind::Remote, Some("a whole answer")));
    assert_eq!(server.requests().len(), 1, "a piece was passed on, so it is not asked again");
}

#[test]
fn parameters_that_a_model_does_not_know_are_left_out() {
    let unknown =
        |name: &str| refusal(400, &json!({"message": "no", "param": name, "code": "unsupported_parameter"}));
    let server = in_order(vec![unknown("temperature"), unknown("seed"), whole("ok")]);
    assert_eq!(ask(&remote(&server)).unwrap().text, "ok");
    let last = sent(&server.requests()[2]);
    assert!(last.get("temperature").is_none() && last.get("seed").is_none(), "{last}");

    let server = in_order(vec![unknown("messages")]);
    assert_eq!(ask(&remote(&server)).unwrap_err().finding(), Some("it refuses `messages`"));
}

#[test]
fn a_silent_endpoint_is_given_up() {
    let server = FakeServer::start(|_| {
        std::thread::sleep(Duration::from_secs(20));
        whole("too late")
    });
    let mut options = options(&server);
    (options.read_timeout, options.retries) = (Duration::from_millis(100), 1);
    let start = Instant::now();
    let error = ask(&Remote::new(options).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Remote, "{error}");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn nobody_there_is_a_remote_error() {
    let server = FakeServer::start(|_| whole(""));
    let mut options = options(&server);
    options.base_url = "http://127.0.0.1:1/v1".to_owned();
    let error = ask(&Remote::new(options.clone()).unwrap()).unwrap_err();
    assert_eq!((error.kind(), error.thing()), (ErrorKind::Remote, "the endpoint http://127.0.0.1:1/v1"));

    options.base_url = "localhost:11434/v1".to_owned();
    assert_eq!(Remote::new(options).unwrap_err().kind(), ErrorKind::Config);
}
