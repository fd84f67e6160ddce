//! Requests with something wrong at every place: each is told, none breaks the server.

use crate::support::{data_uri, get, send, server};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};

fn bodies() -> Vec<(&'static str, Value)> {
    let (image, question) = (data_uri([0, 0, 255]), "Which colour?");
    let part = json!({"type": "image_url", "image_url": {"url": image, "detail": "low"}});
    let source =
        json!({"type": "base64", "media_type": "image/png", "data": image.split_once(',').unwrap().1});
    let lens = json!({"modules": ["tags"], "counts": {"tags": 1}, "template": "default", "seed": 1, "tokens": 500,
        "beams": 1, "evidence": true});
    vec![
        (
            "/v1/chat/completions",
            json!({"model": "m", "stream": false, "stream_options": {"include_usage": true}, "max_tokens": 5,
                "temperature": 0.5, "n": 1, "lens": lens, "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": question}, part]}]}),
        ),
        (
            "/v1/messages",
            json!({"model": "m", "max_tokens": 5, "system": [{"type": "text", "text": "s"}], "messages": [
                {"role": "user", "content": [{"type": "image", "source": source}, {"type": "text", "text": question},
                    {"type": "tool_result", "content": [{"type": "image", "source": source}]}]}]}),
        ),
        (
            "/v1/ask",
            json!({"images": [image], "question": question, "lens": lens, "history": [{"question": "q", "answer": "a"}]}),
        ),
        ("/v1/evidence", json!({"image": image})),
        ("/v1/classify", json!({"image": image, "labels": ["red", "blue"], "question": question})),
        ("/v1/embeddings", json!({"input": ["blue", image], "encoding_format": "float"})),
    ]
}

fn wrong_values() -> Vec<Value> {
    let deep = (0..100).fold(json!([]), |inner, _| json!([inner]));
    vec![
        Value::Null,
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(true),
        json!(""),
        json!("\u{0}\u{202e}data:image/png;base64,"),
        json!([]),
        json!({}),
        deep,
    ]
}

/// The place of every value, outermost first.
fn places(value: &Value, place: &str, all: &mut Vec<String>) {
    all.push(place.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                places(value, &format!("{place}/{name}"), all);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, &format!("{place}/{index}"), all);
            }
        }
        _ => (),
    }
}

async fn told(app: &Router, path: &str, body: String, what: &str) {
    let request = Request::post(path).header("host", "localhost").header("content-type", "application/json");
    let reply = send(app, request.body(Body::from(body)).unwrap()).await;
    if reply.status == StatusCode::OK {
        return;
    }
    assert!(reply.status.is_client_error(), "{path} {what}: {} {}", reply.status, reply.text());
    assert!(!reply.message().is_empty(), "{path} {what}");
}

#[tokio::test]
async fn a_wrong_value_at_every_field_is_told() {
    let app = server();
    for (path, body) in bodies() {
        let mut all = Vec::new();
        places(&body, "", &mut all);
        for place in all {
            for wrong in wrong_values() {
                let mut broken = body.clone();
                *broken.pointer_mut(&place).unwrap() = wrong.clone();
                told(&app, path, broken.to_string(), &format!("{place} = {wrong}")).await;
            }
        }
    }
    assert_eq!(get(&app, "/health").await.status, 200);
}

#[tokio::test]
async fn a_body_that_ends_early_is_told() {
    let app = server();
    for (path, body) in bodies() {
        let text = body.to_string();
        for length in (0..text.len()).step_by(7) {
            let request =
                Request::post(path).header("host", "localhost").header("content-type", "application/json");
            let body = Body::from(text.as_bytes()[..length].to_vec());
            let reply = send(&app, request.body(body).unwrap()).await;
            assert!(reply.status.is_client_error() && !reply.message().is_empty(), "{path} {length}");
        }
    }
}
