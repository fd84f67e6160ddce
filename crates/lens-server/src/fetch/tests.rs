use super::remote::Remote;
use crate::options::RemoteImages;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// A web of one server, on loopback.
async fn web() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/picture", get(|| async { "picture" }))
        .route("/large", get(|| async { "x".repeat(101) }))
        .route("/endless", get(endless))
        .route("/slow", get(std::future::pending::<()>))
        .route("/hops/{left}", get(hops))
        .route("/to/{*url}", get(|Path(url): Path<String>| async move { Redirect::temporary(&url) }))
        .route("/nowhere", get(|| async { StatusCode::FOUND }));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn endless() -> Response {
    let chunks =
        tokio_stream::iter(std::iter::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[0; 64]))));
    Body::from_stream(chunks).into_response()
}

async fn hops(Path(left): Path<u32>) -> Response {
    match left {
        0 => "picture".into_response(),
        _ => Redirect::temporary(&format!("/hops/{}", left - 1)).into_response(),
    }
}

fn remote(ports: Vec<u16>) -> Remote {
    let options = RemoteImages { ports, time: Duration::from_millis(500), redirects: 2 };
    Remote::new(options, 100)
}

fn loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

#[tokio::test]
async fn a_picture_is_fetched_and_what_leads_elsewhere_is_not() {
    struct Case(&'static str, Result<&'static str, &'static str>);
    let port = web().await.port();
    let remote = remote(vec![port]).connecting_to(loopback);
    let cases = [
        Case("/picture", Ok("picture")),
        Case("/hops/2", Ok("picture")),
        Case("/hops/3", Err("more than 2 redirects")),
        Case("/large", Err("more than 100 bytes")),
        Case("/endless", Err("more than 100 bytes")),
        Case("/slow", Err("did not come within 0.5 s")),
        Case("/missing", Err("status 404")),
        Case("/nowhere", Err("redirects to nowhere")),
        Case("/to/file:///etc/passwd", Err("only http: and https:")),
        Case("/to/http://10.0.0.1:PORT/picture", Err("not of the public internet")),
        Case("/to/http://169.254.169.254:PORT/", Err("not of the public internet")),
        Case("/to/http://127.0.0.1:1/picture", Err("not fetched from port 1")),
    ];
    for Case(path, expected) in cases {
        let path = path.replace("PORT", &port.to_string());
        let got = remote.get(&format!("http://127.0.0.1:{port}{path}"), "image").await;
        match (got, expected) {
            (Ok(bytes), Ok(text)) => assert_eq!(bytes, text.as_bytes(), "{path}"),
            (Err(error), Err(told)) => {
                assert!(
                    error.message.contains(told) && error.message.starts_with("image: "),
                    "{path}: {}",
                    error.message
                );
                assert_eq!(error.status, 400);
            }
            (got, _) => panic!("{path}: {got:?}"),
        }
    }
}

#[tokio::test]
async fn this_machine_is_closed_in_every_spelling() {
    let port = web().await.port();
    let remote = remote(vec![port]);
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ] {
        let error = remote.get(&format!("http://{host}:{port}/picture"), "image").await.unwrap_err();
        assert!(error.message.contains("not of the public internet"), "{host}: {}", error.message);
    }
    for url in [
        "file:///etc/passwd",
        "ftp://1.1.1.1/",
        "gopher://1.1.1.1/",
        "http://a@127.0.0.1/",
        "nothing",
        "http://",
    ] {
        assert!(remote.get(url, "image").await.is_err(), "{url}");
    }
}
