//! Who may call, by which name, with how much.

use crate::support::{data_uri, get, post, send, server, state};
use axum::{body::Body, http::Request};
use lens_server::{Secret, ServerLimits, ServerOptions, app, document};
use serde_json::{Value, json};

fn with_key() -> ServerOptions {
    ServerOptions { api_key: Some(Secret::new("sesame")), ..ServerOptions::default() }
}

/// Every route of the description, the page's and one that does not exist.
fn routes() -> Vec<(String, String)> {
    let document = serde_json::from_str::<Value>(&document().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut routes: Vec<(String, String)> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    assert!(routes.len() >= 12, "{routes:?}");
    routes.push(("POST".into(), "/mcp".into()));
    for path in ["/", "/docs", "/mcp", "/openapi.json", "/assets/index.html", "/nowhere"] {
        routes.push(("GET".into(), path.into()));
    }
    routes
}

#[tokio::test]
async fn no_route_answers_without_the_key() {
    let app = app(state(with_key()));
    for (method, path) in routes() {
        let ask = |key: Option<(&str, &str)>| {
            let mut request =
                Request::builder().method(method.as_str()).uri(&path).header("host", "localhost");
            if let Some((name, value)) = key {
                request = request.header(name, value);
            }
            request.body(Body::empty()).unwrap()
        };
        assert_eq!(send(&app, ask(None)).await.status, 401, "{method} {path}");
        assert_eq!(
            send(&app, ask(Some(("authorization", "Bearer wrong")))).await.status,
            401,
            "{method} {path}"
        );
        for key in [("authorization", "Bearer sesame"), ("x-api-key", "sesame")] {
            assert_ne!(send(&app, ask(Some(key))).await.status, 401, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn no_route_answers_another_name_or_page() {
    let app = server();
    for (method, path) in routes() {
        let ask = |host: &str, origin: &str| {
            let request = Request::builder().method(method.as_str()).uri(&path);
            request.header("host", host).header("origin", origin).body(Body::empty()).unwrap()
        };
        assert_eq!(send(&app, ask("evil.example", "http://evil.example")).await.status, 403, "{path}");
        let reply = send(&app, ask("localhost:5367", "https://evil.example")).await;
        assert_eq!(reply.status, 403, "{path}");
        assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{path}");
    }
}

#[tokio::test]
async fn a_named_origin_may_call_and_needs_the_key_too() {
    let origin = "https://app.example";
    let app = app(state(ServerOptions { allowed_origins: vec![origin.into()], ..with_key() }));
    let ask = |method: &str| {
        let request = Request::builder().method(method).uri("/v1/models").header("host", "localhost");
        request
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .body(Body::empty())
            .unwrap()
    };
    let preflight = send(&app, ask("OPTIONS")).await;
    assert_eq!(
        (preflight.status.as_u16(), &preflight.headers["access-control-allow-origin"]),
        (200, &origin.parse().unwrap())
    );
    assert_eq!(send(&app, ask("GET")).await.status, 401);
}

#[tokio::test]
async fn too_much_is_refused_and_told() {
    struct Case(&'static str, Value, u16, &'static str);
    let limits =
        ServerLimits { body_bytes: 4000, images: 2, text_chars: 5, texts: 2, ..ServerLimits::default() };
    let app = app(state(ServerOptions { limits, ..ServerOptions::default() }));
    let image = data_uri([0, 0, 255]);
    let part = json!({"type": "image_url", "image_url": {"url": image}});
    let chat = |parts: usize| json!({"messages": [{"role": "user", "content": vec![part.clone(); parts]}]});
    let cases = [
        Case("/v1/chat/completions", chat(3), 400, "more than 2 pictures"),
        Case("/v1/chat/completions", chat(30), 413, ""),
        Case("/v1/ask", json!({"images": vec![image.clone(); 3], "question": "q"}), 400, "images: at most 2"),
        Case("/v1/ask", json!({"images": [image], "question": "longer"}), 400, "question: at most 5"),
        Case(
            "/v1/classify",
            json!({"image": image, "labels": ["a", "b", "c"]}),
            400,
            "labels: expected 1 to 2",
        ),
        Case("/v1/classify", json!({"image": image, "labels": []}), 400, "labels"),
        Case("/v1/embeddings", json!({"input": ["a", "b", "c"]}), 400, "input: expected 1 to 2"),
        Case("/v1/embeddings", json!({"input": ["longer"]}), 400, "input[0]: at most 5"),
    ];
    for Case(path, body, status, told) in cases {
        let reply = post(&app, path, &body).await;
        assert_eq!(reply.status, status, "{path} {}", reply.text());
        assert!(reply.message().contains(told), "{path} {}", reply.text());
    }
}

#[tokio::test]
async fn a_body_that_says_it_is_huge_is_not_read() {
    let request =
        Request::post("/v1/evidence").header("host", "localhost").header("content-length", "1000000000");
    let reply = send(&server(), request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (reply.status.as_u16(), reply.json()["error"]["type"].as_str()),
        (413, Some("request_too_large"))
    );
}

#[tokio::test]
async fn broken_json_is_told_everywhere() {
    let app = server();
    for (method, path) in routes().into_iter().filter(|(method, path)| method == "POST" && path != "/mcp") {
        for body in
            ["", "{", "[]", "null", "3", "{\"messages\":3}", "{\"messages\":[3]}", "{\"image\":3}", "\u{0}"]
        {
            let request = Request::builder().method(method.as_str()).uri(&path).header("host", "localhost");
            let request = request.header("content-type", "application/json").body(Body::from(body)).unwrap();
            let reply = send(&app, request).await;
            let client_error = reply.status.is_client_error() || reply.status == 501;
            assert!(client_error && !reply.message().is_empty(), "{path} {body}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn errors_have_one_form() {
    let app = server();
    for (path, status) in [("/nowhere", 404), ("/v1/ask", 405), ("/v1/evidence/ab", 404)] {
        let reply = get(&app, path).await;
        let json = reply.json();
        assert_eq!((reply.status.as_u16(), json["type"].as_str()), (status, Some("error")), "{path}");
        assert_eq!(json["error"]["type"].as_str(), Some("not_found_error"), "{path}");
    }
}
