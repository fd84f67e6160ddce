//! Clients at the same time get, bit for bit, what each would get alone: nano behind a real `lens serve`.

use crate::{
    place::{Place, example},
    serving::{Server, ask},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::thread;

const PICTURES: [&str; 8] = [
    "beach.jpg",
    "contradicting-colours.png",
    "meme.jpg",
    "menu.png",
    "page.png",
    "shapes.png",
    "sign-turned.jpg",
    "sign.jpg",
];

/// A request to a route.
type Request = (&'static str, String);

fn image(name: &str) -> String {
    // What a picture is does not depend on the name of its type.
    format!("data:image/png;base64,{}", STANDARD.encode(example(name)))
}

fn of_each(route: &'static str, body: impl Fn(String) -> Value) -> Vec<Request> {
    PICTURES.iter().map(|name| (route, body(image(name)).to_string())).collect()
}

fn alone(server: &Server, requests: &[Request]) -> Vec<Value> {
    requests.iter().map(|request| answer(&server.address, request)).collect()
}

fn at_once(server: &Server, requests: &[Request]) -> Vec<Value> {
    thread::scope(|scope| {
        let asking = |request| scope.spawn(move || answer(&server.address, request));
        let asked: Vec<_> = requests.iter().map(asking).collect();
        asked.into_iter().map(|answer| answer.join().unwrap()).collect()
    })
}

fn answer(address: &str, (route, body): &Request) -> Value {
    let (status, answer) = ask(address, "POST", route, "", body);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

/// The value of a line of `/metrics`.
fn number(server: &Server, name: &str) -> u64 {
    let metrics = server.get("/metrics").1;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
    line.trim().parse().unwrap()
}

/// All of an evidence record but the times, as bytes.
fn record(mut evidence: Value) -> String {
    evidence.as_object_mut().unwrap().shift_remove("timings").unwrap();
    evidence.to_string()
}

#[test]
fn evidence_vectors_and_answers_are_the_same_bits_in_any_company() {
    let places = [Place::new(), Place::new()];
    let [one, many] = places.each_ref().map(|place| Server::start(place, &[], &[("LENS_OFFLINE", "true")]));

    let looks = of_each("/v1/evidence", |image| json!({"image": image}));
    let expected: Vec<String> = alone(&one, &looks).into_iter().map(record).collect();
    let found: Vec<String> = at_once(&many, &looks).into_iter().map(record).collect();
    assert_eq!(found, expected);
    assert_eq!(number(&one, "lens_batch_pictures_count"), 8);
    assert!(number(&many, "lens_batch_pictures_count") < 8, "none were looked at together");

    // 32-bit numbers as they are.
    let vectors = of_each("/v1/embeddings", |image| json!({"input": image, "encoding_format": "base64"}));
    assert_eq!(at_once(&many, &vectors), alone(&one, &vectors));
    let whole = json!({"input": PICTURES.map(image), "encoding_format": "base64"});
    let whole = answer(&many.address, &("/v1/embeddings", whole.to_string()));
    for (datum, single) in whole["data"].as_array().unwrap().iter().zip(alone(&one, &vectors)) {
        assert_eq!(datum["embedding"], single["data"][0]["embedding"]);
    }

    let questions =
        of_each("/v1/ask", |image| json!({"images": [image], "question": "What is written there?"}));
    let text = |reply: &Value| reply["answer"].to_string();
    let expected: Vec<String> = alone(&one, &questions).iter().map(text).collect();
    assert_eq!(at_once(&many, &questions).iter().map(text).collect::<Vec<_>>(), expected);
    assert!(expected.iter().all(|answer| answer.contains("log_prob")), "{expected:?}");
    assert!(number(&many, "lens_answer_batch_questions_count") < 8, "none were answered together");
    for server in [one, many] {
        assert_eq!(server.end(), Some(0));
    }
}
