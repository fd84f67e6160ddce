//! Endpoints that answer.

use super::fake::{SECRET, ask, options, remote, sent, stream, whole};
use crate::{
    Cancel, Decoding, Llm, Prompt,
    fake_http::FakeServer,
    llm::{Finish, remote::Remote},
};
use serde_json::json;
use std::{
    thread,
    time::{Duration, Instant},
};

#[test]
fn an_answer_streams_and_its_pieces_are_its_text() {
    let server = FakeServer::start(|_| stream(&["A ", "red ", "ca", "r."], "stop"));
    let prompts = [Prompt::new("one"), Prompt::new("two")];
    let mut pieces = Vec::new();
    let decoding = Decoding { max_new_tokens: Some(20), seed: 4, ..Decoding::default() };
    let answers = remote(&server)
        .answer(
            &prompts,
            &decoding,
            &mut |index, piece| pieces.push((index, piece.to_owned())),
            &Cancel::new(),
        )
        .unwrap();
    assert_eq!(answers.len(), 2);
    assert_eq!(
        (answers[1].text.as_str(), answers[1].tokens, answers[1].finish),
        ("A red car.", Some(7), Finish::Stop)
    );
    let second: String =
        pieces.iter().filter(|(index, _)| *index == 1).map(|(_, piece)| piece.as_str()).collect();
    assert_eq!((second.as_str(), pieces.len()), ("A red car.", 8));

    let request = &server.requests()[1];
    assert_eq!(request.path, "/v1/chat/completions");
    assert_eq!(request.headers["authorization"], format!("Bearer {SECRET}"));
    assert_eq!(
        sent(request),
        json!({
            "model": "small", "messages": [{"role": "user", "content": "two"}], "stream": true,
            "temperature": 0.0, "seed": 4, "max_tokens": 20,
        })
    );
}

#[test]
fn the_system_text_is_its_own_message() {
    let server = FakeServer::start(|_| whole("yes"));
    assert_eq!(ask(&remote(&server)).unwrap().text, "yes");
    assert_eq!(
        sent(&server.requests()[0])["messages"],
        json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is it?"}])
    );
}

#[test]
fn an_endpoint_that_does_not_stream_answers_too() {
    let server = FakeServer::start(|_| whole(" Two cats. "));
    let mut pieces = String::new();
    let answers = remote(&server)
        .answer(
            &[Prompt::new("?")],
            &Decoding::default(),
            &mut |_, piece| pieces.push_str(piece),
            &Cancel::new(),
        )
        .unwrap();
    assert_eq!(
        (answers[0].text.as_str(), answers[0].tokens, pieces.trim()),
        ("Two cats.", Some(3), "Two cats.")
    );
}

#[test]
fn a_cut_answer_says_so() {
    let server = FakeServer::start(|_| stream(&["Once"], "length"));
    assert_eq!(ask(&remote(&server)).unwrap().finish, Finish::Length);
}

#[test]
fn a_raised_flag_ends_a_silent_request_at_once() {
    let server = FakeServer::start(|_| {
        thread::sleep(Duration::from_secs(4));
        whole("too late")
    });
    let (cancel, start) = (Cancel::new(), Instant::now());
    let raise = cancel.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        raise.raise();
    });
    let prompts = [Prompt::new("one"), Prompt::new("two")];
    let answers = remote(&server).answer(&prompts, &Decoding::default(), &mut |_, _| (), &cancel).unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(answers.iter().map(|answer| answer.finish).collect::<Vec<_>>(), [Finish::Cancelled; 2]);
    assert_eq!(server.requests().len(), 1, "the second is not asked");
}

#[test]
fn a_flag_raised_in_the_middle_keeps_what_came() {
    let server = FakeServer::start(|_| stream(&["one ", "two ", "three"], "stop"));
    let cancel = Cancel::new();
    let mut on_token = |_: usize, _: &str| cancel.raise();
    let answers =
        remote(&server).answer(&[Prompt::new("?")], &Decoding::default(), &mut on_token, &cancel).unwrap();
    assert_eq!((answers[0].text.as_str(), answers[0].finish), ("one", Finish::Cancelled));
}

#[test]
fn it_tells_who_it_is_and_nothing_secret() {
    let server = FakeServer::start(|_| whole(""));
    let remote = Remote::new(options(&server)).unwrap();
    let info = remote.info();
    assert_eq!((info.name.as_str(), info.context_tokens, info.chat), ("small", 900, true));
    assert_eq!(remote.score(&Prompt::new("x"), &["a"]).unwrap(), None);
    assert!(!info.gives_likelihoods);
    assert!(!format!("{remote:?} {info:?}").contains(SECRET));
    assert!(server.requests().is_empty(), "nothing is asked before the first question");
}
