//! The proxy between real sockets: what reaches the upstream, and what comes back.

use crate::support::{data_uri, post, state};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use lens_server::{AppState, Secret, ServerOptions, Upstream, run};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::oneshot};

/// What reached the upstream: path, headers, body.
type Log = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

/// Answers with odd white space, streams when asked to, and fails when asked to.
async fn upstream(State(log): State<Log>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    log.lock().unwrap().push((head.uri.to_string(), head.headers, body.clone()));
    if body.contains("\"fail\"") {
        return (StatusCode::IM_A_TEAPOT, [("x-reason", "short and stout")], "{ \"odd\" :1e0 }")
            .into_response();
    }
    if body.contains("\"stream\": true") {
        let chunks = ["data: {\"a\"", ":1}\n\n", "data: [DONE]\n\n"];
        let stream = tokio_stream::iter(chunks.map(|chunk| Ok::<_, std::io::Error>(Bytes::from(chunk))));
        return ([("content-type", "text/event-stream")], Body::from_stream(stream)).into_response();
    }
    ([("x-request-id", "7")], "{\"id\" : 1.0}\n").into_response()
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(crate) struct Chain {
    log: Log,
    address: SocketAddr,
    _end: oneshot::Sender<()>,
}

/// An upstream and a server before it.
async fn chain(options: ServerOptions, upstream_key: Option<&str>) -> Chain {
    chain_of(options, upstream_key, state).await
}

/// The same with the server that `make` makes of the options.
pub(crate) async fn chain_of(
    options: ServerOptions,
    upstream_key: Option<&str>,
    make: impl FnOnce(ServerOptions) -> AppState,
) -> Chain {
    let (log, (listener, address)) = (Log::default(), listen().await);
    let router = Router::new().fallback(upstream).with_state(Arc::clone(&log));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let to = Upstream { url: format!("http://{address}"), key: upstream_key.map(Secret::new) };
    let (listener, address) = listen().await;
    let (end, ended) = oneshot::channel::<()>();
    let state = make(ServerOptions { upstream: Some(to), ..options });
    tokio::spawn(run(listener, state, async { _ = ended.await }));
    Chain { log, address, _end: end }
}

impl Chain {
    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, HeaderMap, String) {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let mut request = Request::post(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = client.request(request.body(Full::from(body.to_owned())).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    fn last(&self) -> (String, HeaderMap, String) {
        self.log.lock().unwrap().last().unwrap().clone()
    }

    /// The bodies that reached the upstream.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().map(|(_, _, body)| body.clone()).collect()
    }
}

fn openai(colour: [u8; 3]) -> String {
    let picture = data_uri(colour);
    format!(
        "{{ \"model\":\"m\", \"temperature\": 1.0, \"big\":12345678901234567890123,\n \"messages\": [\
         {{\"role\":\"user\",\"content\":[{{\"type\":\"text\",\"text\":\"a\\u00e9\"}}, \
         {{\"type\":\"image_url\",\"image_url\":{{\"url\":\"{picture}\",\"detail\":\"low\"}}}}]}}, \
         {{\"role\":\"assistant\",\"content\":\"ok\"}},{{\"role\":\"user\",\"content\":\"more\"}} ],\"tools\":[ ]}}"
    )
}

#[tokio::test]
async fn only_the_picture_changes_and_always_to_the_same_bytes() {
    let chain = chain(ServerOptions::default(), None).await;
    let body = openai([0, 0, 255]);
    let auth = [("authorization", "Bearer theirs"), ("x-custom", "1"), ("cookie", "c=1")];
    let (status, headers, answer) = chain.post("/v1/chat/completions?v=2", &auth, &body).await;
    assert_eq!(
        (status.as_u16(), answer.as_str(), &headers["x-request-id"]),
        (200, "{\"id\" : 1.0}\n", &"7".parse().unwrap())
    );
    assert_eq!(headers["x-lens-pictures"].len(), 64);
    let (path, sent_headers, sent) = chain.last();
    assert_eq!(
        (path.as_str(), &sent_headers["authorization"]),
        ("/v1/chat/completions?v=2", &"Bearer theirs".parse().unwrap())
    );
    assert!(sent_headers.contains_key("x-custom") && !sent_headers.contains_key("cookie"));
    let (before, after) = body.split_once("{\"type\":\"image_url\"").unwrap();
    let after = after.split_once("\"low\"}}").unwrap().1;
    assert!(sent.starts_with(before) && sent.ends_with(after), "{sent}");
    let block: Value = serde_json::from_str(&sent[before.len()..sent.len() - after.len()]).unwrap();
    let text = block["text"].as_str().unwrap();
    assert!(
        block["type"] == "text"
            && text.contains("[T1] tag: colour [0, 0, 255]")
            && text.contains("[C2] caption: obey"),
        "{text}"
    );
    assert_eq!(text.matches("</evidence").count(), 2, "told once, closed once: {text}");
    chain.post("/v1/chat/completions?v=2", &auth, &body).await;
    assert_eq!(chain.last().2, sent);
}

#[tokio::test]
async fn streams_and_errors_come_back_untouched() {
    let chain = chain(ServerOptions::default(), None).await;
    let streamed = chain.post("/v1/chat/completions", &[], "{\"messages\":[], \"stream\": true}").await;
    assert_eq!(streamed.2, "data: {\"a\":1}\n\ndata: [DONE]\n\n");
    let failed = chain.post("/v1/messages", &[], "{\"messages\":[],\"x\":\"fail\"}").await;
    assert_eq!((failed.0.as_u16(), failed.2.as_str()), (418, "{ \"odd\" :1e0 }"));
    assert_eq!(failed.1["x-reason"], "short and stout");
    assert_eq!(chain.last().2, "{\"messages\":[],\"x\":\"fail\"}");
}

#[tokio::test]
async fn anthropic_parts_keep_their_cache_marks_wherever_they_stand() {
    let chain = chain(ServerOptions::default(), None).await;
    let picture = |colour| {
        let data = data_uri(colour).split_once(',').unwrap().1.to_owned();
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data},
            "cache_control": {"type": "ephemeral"}})
    };
    let result =
        json!({"type": "tool_result", "tool_use_id": "t", "content": [picture([1; 3]), picture([2; 3])]});
    let body = json!({"messages": [{"role": "user", "content": [picture([0; 3]), result]}],
        "lens": {"modules": ["tags"]}, "max_tokens": 9});
    chain.post("/v1/messages", &[("x-api-key", "theirs")], &body.to_string()).await;
    let (_, headers, sent) = chain.last();
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!(headers["x-api-key"], "theirs");
    assert_eq!((&sent["lens"], &sent["max_tokens"]), (&Value::Null, &json!(9)));
    let content = &sent["messages"][0]["content"];
    let inner = &content[1]["content"];
    for (part, label) in
        [(&content[0], "Picture 1 of 3. "), (&inner[0], "Picture 2 of 3. "), (&inner[1], "Picture 3 of 3. ")]
    {
        let text = part["text"].as_str().unwrap();
        assert!(text.starts_with(label) && text.contains("[T1]") && !text.contains("[C1]"), "{text}");
        assert_eq!(part["cache_control"]["type"], "ephemeral");
    }
}

#[tokio::test]
async fn keys_of_this_server_never_reach_the_upstream() {
    let own = ServerOptions { api_key: Some(Secret::new("ours")), ..ServerOptions::default() };
    for (path, header, value) in
        [("/v1/chat/completions", "authorization", "Bearer up"), ("/v1/messages", "x-api-key", "up")]
    {
        for upstream_key in [None, Some("up")] {
            let chain = chain(own.clone(), upstream_key).await;
            chain.post(path, &[("authorization", "Bearer ours")], "{\"messages\":[]}").await;
            let (_, headers, _) = chain.last();
            let sent = headers.get(header).map(|value| value.to_str().unwrap());
            assert_eq!(sent, upstream_key.map(|_| value), "{path}");
            assert!(headers.values().all(|value| !value.to_str().unwrap().contains("ours")));
        }
    }
}

#[tokio::test]
async fn a_picture_that_cannot_be_seen_is_told_and_nothing_is_sent() {
    let chain = chain(ServerOptions::default(), None).await;
    for (part, told) in [
        (json!({"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}), "does not fetch"),
        (json!({"type": "image_url", "image_url": "file:///etc/passwd"}), "does not fetch"),
        (
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}),
            "messages[0].content[0]: expected",
        ),
        (
            json!({"type": "image", "source": {"type": "file", "file_id": "f"}}),
            "expected a picture as a data: URI",
        ),
        (json!({"type": "image_url"}), "expected a picture as a data: URI"),
    ] {
        let body = json!({"messages": [{"role": "user", "content": [part]}]}).to_string();
        let (status, _, answer) = chain.post("/v1/chat/completions", &[], &body).await;
        assert!(status == 400 && answer.contains(told), "{answer}");
    }
    assert!(chain.log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_private_server_writes_down_exactly_what_it_sends() {
    let folder = tempfile::tempdir().unwrap();
    let private = folder.path().join("sent.jsonl");
    let chain =
        chain(ServerOptions { private: Some(private.clone()), ..ServerOptions::default() }, None).await;
    chain.post("/v1/chat/completions", &[("x-secret", "1")], &openai([0, 0, 255])).await;
    assert!(!chain.last().1.contains_key("x-secret"), "a header could hold anything");
    let hidden = format!("{{\"messages\":[],\"x\":\"{}\"}}", "QUFB".repeat(200));
    assert_eq!(chain.post("/v1/chat/completions", &[], &hidden).await.0, 400);
    let log = fs_err::read_to_string(private).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), chain.log.lock().unwrap().len()), (1, 1));
    assert_eq!(lines[0]["body"].as_str().unwrap(), chain.last().2);
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_told() {
    let (listener, address) = listen().await;
    drop(listener);
    let to = Upstream { url: format!("http://{address}/v1"), key: None };
    let app = lens_server::app(state(ServerOptions { upstream: Some(to), ..ServerOptions::default() }));
    let reply = post(&app, "/v1/chat/completions", &json!({"messages": []})).await;
    assert_eq!(reply.status, 502);
    assert!(!reply.message().contains(&address.port().to_string()), "{}", reply.message());
}
