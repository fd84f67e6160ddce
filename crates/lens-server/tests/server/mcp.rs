//! The Model Context Protocol at `/mcp`, as a client's bytes.

use crate::support::{data_uri, post, send, server, state};
use axum::{Router, body::Body, http::Request};
use lens_server::{ServerOptions, app};
use serde_json::{Value, json};

async fn call(app: &Router, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let request = Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-06-18");
    let reply = send(app, request.body(Body::from(body)).unwrap()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["result"].clone()
}

async fn tool(app: &Router, name: &str, arguments: Value) -> (bool, String) {
    let result = call(app, "tools/call", json!({"name": name, "arguments": arguments})).await;
    let text = result["content"][0]["text"].as_str().unwrap().to_owned();
    (result["isError"].as_bool().unwrap(), text)
}

#[tokio::test]
async fn the_tools_are_told() {
    let app = server();
    let client = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let hello = call(&app, "initialize", client).await;
    assert_eq!(hello["serverInfo"]["name"], "lens");
    let tools = call(&app, "tools/list", json!({})).await;
    let mut names: Vec<&str> =
        tools["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ask_image", "read_text", "see_image"]);
    for tool in tools["tools"].as_array().unwrap() {
        assert!(tool["description"].as_str().unwrap().len() > 20, "{tool}");
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
    }
}

#[tokio::test]
async fn an_agent_looks_reads_and_asks() {
    let app = server();
    let image = data_uri([0, 0, 255]);
    let (error, seen) = tool(&app, "see_image", json!({"image": image})).await;
    assert!(!error && seen.contains("colour [0, 0, 255]") && seen.contains("[C1] caption: a wall"), "{seen}");
    assert!(seen.contains("<evidence ") && seen.trim_end().ends_with('>'), "{seen}");
    let (error, words) = tool(&app, "read_text", json!({"image": image})).await;
    assert!(!error && !words.contains("[C1]"), "{words}");
    let question = json!({"images": [image], "question": "Which colour?"});
    assert_eq!(tool(&app, "ask_image", question).await, (false, "it is blue".to_owned()));
}

#[tokio::test]
async fn files_are_those_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("a.png"), crate::support::png([0, 0, 255])).unwrap();
    let media_root = Some(folder.path().to_owned());
    let options = ServerOptions { media_root, ..ServerOptions::default() };
    let app = app(state(options));
    let (error, seen) = tool(&app, "see_image", json!({"image": "a.png"})).await;
    assert!(!error && seen.contains("colour [0, 0, 255]"), "{seen}");
    for image in ["/etc/passwd", "../a.png", "file:///etc/passwd", "https://example.com/a.png", "sha256:0"] {
        let (error, told) = tool(&app, "see_image", json!({"image": image})).await;
        assert!(error && told.starts_with("image") || told.contains("SHA-256"), "{image}: {told}");
    }
    let body = json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "Which?"}, {"type": "image_url", "image_url": {"url": "a.png"}}]}]});
    assert_eq!(post(&app, "/v1/chat/completions", &body).await.status, 200, "chats name files too");
}

#[tokio::test]
async fn without_a_language_model_only_asking_fails() {
    let lens = lens::Lens::builder().module(crate::support::captions()).build().unwrap();
    let app = app(lens_server::AppState::new(lens, ServerOptions::default()).unwrap());
    let image = data_uri([0; 3]);
    assert!(!tool(&app, "see_image", json!({"image": image})).await.0);
    let (error, told) = tool(&app, "ask_image", json!({"images": [image], "question": "q"})).await;
    assert!(error && told.contains("language model"), "{told}");
}
