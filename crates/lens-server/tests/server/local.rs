//! Chats that the server's own language model answers.

use crate::support::{data_uri, events, post, send, server};
use lens::Lens;
use lens_server::{AppState, ServerOptions, app};
use serde_json::{Value, json};

fn openai(extra: &Value) -> Value {
    let picture = json!({"type": "image_url", "image_url": {"url": data_uri([0, 0, 255])}});
    let mut body = json!({"model": "any", "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Which colour?"}, picture]}]});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn an_openai_chat_is_answered() {
    let reply = post(&server(), "/v1/chat/completions", &openai(&json!({}))).await.json();
    let choice = &reply["choices"][0];
    assert_eq!(
        (&choice["message"]["content"], &choice["finish_reason"]),
        (&json!("it is blue"), &json!("stop"))
    );
    assert_eq!(
        (&reply["usage"]["completion_tokens"], &reply["model"], &reply["lens"]),
        (&json!(3), &json!("fake"), &Value::Null)
    );
}

#[tokio::test]
async fn evidence_and_prompt_are_given_when_wished_for() {
    let reply =
        post(&server(), "/v1/chat/completions", &openai(&json!({"lens": {"evidence": true}}))).await.json();
    let prompt = &reply["lens"]["prompt"]["prompt"];
    assert!(prompt["text"].as_str().unwrap().contains("colour [0, 0, 255]"));
    assert!(prompt["system"].as_str().unwrap().ends_with("Be brief."));
    assert_eq!(reply["lens"]["evidence"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_openai_stream_has_its_pieces() {
    let body = openai(&json!({"stream": true, "stream_options": {"include_usage": true}}));
    let reply = post(&server(), "/v1/chat/completions", &body).await;
    assert_eq!(reply.headers["content-type"], "text/event-stream");
    let data: Vec<String> = events(reply.text()).into_iter().map(|(_, data)| data).collect();
    assert_eq!(data.last().unwrap(), "[DONE]");
    let chunks: Vec<Value> =
        data[..data.len() - 1].iter().map(|data| serde_json::from_str(data).unwrap()).collect();
    let text: String =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, "it is blue");
    assert_eq!(chunks[chunks.len() - 2]["choices"][0]["finish_reason"], "stop");
    assert_eq!(chunks.last().unwrap()["usage"]["completion_tokens"], 3);
}

#[tokio::test]
async fn an_anthropic_message_is_answered_whole_and_in_pieces() {
    let data = data_uri([0, 0, 255]).split_once(',').unwrap().1.to_owned();
    let picture =
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}});
    let content = json!([picture, {"type": "text", "text": "Which?"}]);
    let mut body =
        json!({"model": "any", "max_tokens": 9, "messages": [{"role": "user", "content": content}]});
    let reply = post(&server(), "/v1/messages", &body).await.json();
    assert_eq!(
        (&reply["content"][0]["text"], &reply["stop_reason"]),
        (&json!("it is blue"), &json!("end_turn"))
    );
    body["stream"] = json!(true);
    let reply = post(&server(), "/v1/messages", &body).await;
    let names: Vec<String> = events(reply.text()).into_iter().map(|(name, _)| name).collect();
    let pieces = ["content_block_delta"; 3];
    let expected = [
        &["message_start", "content_block_start"][..],
        &pieces,
        &["content_block_stop", "message_delta", "message_stop"],
    ];
    assert_eq!(names, expected.concat());
}

#[tokio::test]
async fn a_search_with_beams_gives_its_text_at_the_end() {
    // The fake tells its pieces whatever the beams; what counts is that the text is whole.
    let body = openai(&json!({"stream": true, "lens": {"beams": 4}}));
    let reply = post(&server(), "/v1/chat/completions", &body).await;
    assert!(reply.text().contains("blue") && reply.text().ends_with("data: [DONE]\n\n"));
}

#[tokio::test]
async fn without_a_language_model_that_is_told() {
    let app = app(AppState::new(Lens::builder().build().unwrap(), ServerOptions::default()).unwrap());
    let cases = [
        ("/v1/chat/completions", openai(&json!({}))),
        ("/v1/messages/count_tokens", openai(&json!({}))),
        ("/v1/ask", json!({"images": [], "question": "q"})),
        ("/v1/classify", json!({"image": data_uri([0; 3]), "labels": ["a"]})),
        ("/v1/embeddings", json!({"input": "a"})),
    ];
    for (path, body) in cases {
        let reply = post(&app, path, &body).await;
        assert_eq!(reply.status, 501, "{path} {}", reply.text());
    }
    let request = axum::http::Request::get("/v1/models").header("host", "localhost");
    let models = send(&app, request.body(axum::body::Body::empty()).unwrap()).await.json();
    assert_eq!(models["data"], json!([]));
}
