//! A language model elsewhere that fails, at one sample or at all.

use super::{
    endpoint::{Endpoint, Reply, Request, nowhere},
    place::Place,
};
use crate::{Ended, FlawKind, Options, report};
use lens::{
    ErrorKind,
    llm::remote::{EndpointOptions, Remote},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A reader that tries twice.
fn reader(base_url: &str) -> Remote {
    let options = EndpointOptions {
        base_url: base_url.to_owned(),
        model: "reader".to_owned(),
        key: None,
        context_tokens: 4096,
        answer_tokens: 64,
        connect_timeout: Duration::from_secs(10),
        read_timeout: Duration::from_mins(1),
        retries: 1,
        pause: Duration::from_millis(1),
    };
    Remote::new(options).unwrap()
}

/// The colour in the evidence that the question comes with; none in the easy question.
fn colour(request: &Request) -> Option<&'static str> {
    let prompt = request.body["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
    ["red", "green", "blue"].into_iter().find(|colour| prompt.contains(colour))
}

fn answer(request: &Request) -> Reply {
    Reply::Answer(colour(request).unwrap_or("white").to_owned())
}

#[test]
fn a_sample_that_it_fails_at_is_a_row_and_the_run_goes_on() {
    let endpoint = Endpoint::start(|request, before| match (colour(request), before) {
        (Some("green"), _) => Reply::Status("500 Internal Server Error", ""),
        (Some("red"), 0) => Reply::Status("503 Service Unavailable", "retry-after: 0\r\n"),
        _ => answer(request),
    });
    let place = Place::new();
    let options = Options { max_broken: 0.4, ..place.options("out") };
    let run = || place.run_with(&options, || reader(&endpoint.base_url)).unwrap();
    assert!(matches!(run(), Ended::Whole), "a third of the samples is broken, and more may be");
    for line in place.lines("out", "lens") {
        let flaw = line.error.map(|flaw| (flaw.kind, flaw.detail.contains("status 500")));
        let expected = (line.target == "green").then_some((FlawKind::NotAnswered, true));
        assert_eq!(flaw, expected, "{}", line.doc_id);
        assert!(expected.is_some() || line.filtered_resps == [line.target]);
    }
    report::write(&[&place.path("out")], &place.path("out")).unwrap();
    let report = fs_err::read_to_string(place.path("out/report.md")).unwrap();
    assert!(report.contains("not answered | lens | 3 |") && report.contains("6 of 9"), "{report}");
    let asked = endpoint.requests().len();
    assert!(matches!(run(), Ended::Whole));
    assert_eq!(endpoint.requests().len(), asked, "the second start has nothing left to ask");
    let strict = place.run_with(&place.options("strict"), || reader(&endpoint.base_url)).unwrap();
    assert!(matches!(strict, Ended::Broken(_)), "none may be broken");
}

#[test]
fn one_that_answers_nothing_ends_the_run_which_goes_on_later() {
    let is_up = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_up);
    let endpoint = Endpoint::start(move |request, _| {
        if switch.load(Ordering::SeqCst) { answer(request) } else { Reply::Status("401 Unauthorized", "") }
    });
    let place = Place::new();
    let run = || place.run_with(&place.options("out"), || reader(&endpoint.base_url));
    let error = run().unwrap_err();
    assert!(error.kind() == ErrorKind::Remote && error.advice().unwrap().contains("endpoint.key"), "{error}");
    assert_eq!(place.lines("out", "lens").len(), 0, "no sample is blamed");
    is_up.store(true, Ordering::SeqCst);
    assert!(matches!(run().unwrap(), Ended::Whole));
    assert!(place.lines("out", "lens").iter().all(|line| line.filtered_resps == [line.target.clone()]));
    let error = place.run_with(&place.options("nobody"), || reader(&nowhere())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Remote);
}
