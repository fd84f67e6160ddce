//! Clients that are slow, gone, or want too much, over real sockets.

use crate::support::{FirstPixel, data_uri, seeing};
use lens_server::{AppState, ServerLimits, ServerOptions, run};
use serde_json::json;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::{Instant, timeout},
};

/// Long enough for a busy machine; no test waits for it when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    address: SocketAddr,
    _end: oneshot::Sender<()>,
}

impl Server {
    async fn start(slowness: Duration, limits: ServerLimits) -> Self {
        let module = FirstPixel { slowness, ..FirstPixel::default() };
        Self::of(seeing(module, ServerOptions { limits, ..ServerOptions::default() })).await
    }

    pub(crate) async fn of(state: AppState) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel::<()>();
        tokio::spawn(run(listener, state, async { _ = ended.await }));
        Self { address, _end: end }
    }

    pub(crate) async fn connect(&self, head: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    /// A whole request on a connection of its own.
    pub(crate) async fn ask(&self, request: &str) -> String {
        rest(&mut self.connect(request).await).await
    }

    async fn is_well(&self) {
        let answer = self.ask("GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    pub(crate) async fn metrics(&self) -> String {
        self.ask("GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await
    }
}

/// Everything until the server closes. A reset after the answer is a way to close.
async fn rest(stream: &mut TcpStream) -> String {
    let (mut all, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = timeout(PATIENCE, stream.read(&mut piece)).await.expect("the server closes") {
        all.extend_from_slice(&piece[..read]);
    }
    String::from_utf8(all).unwrap()
}

fn head(path: &str, length: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n{length}\r\n\r\n"
    )
}

pub(crate) fn post(path: &str, body: &str) -> String {
    head(path, &format!("content-length: {}", body.len())) + body
}

fn short() -> ServerLimits {
    ServerLimits { request_time: Duration::from_millis(300), connections: 2, ..ServerLimits::default() }
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let server = Server::start(Duration::ZERO, short()).await;
    let start = Instant::now();
    // Both connections that the server takes.
    let mut slow = [server.connect("GET / HTTP/1.1\r\nho").await, server.connect("").await];
    for stream in &mut slow {
        rest(stream).await;
    }
    assert!(start.elapsed() >= Duration::from_millis(300));
    server.is_well().await;
}

#[tokio::test]
async fn a_connection_that_asks_nothing_more_is_closed() {
    let server = Server::start(Duration::ZERO, short()).await;
    let answer = server.ask("GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Asks for more than the buffers of sockets hold, and reads so many bytes with a rest before each. What came, and whether
/// it was all.
async fn read_slowly(server: &Server, rests: &[Duration]) -> (usize, bool) {
    const REQUESTS: usize = 1000;
    let document =
        server.ask("GET /openapi.json HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    let mut stream =
        server.connect(&"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(REQUESTS)).await;
    let (mut piece, mut read) = (vec![0; 1 << 20], 0);
    for rest in rests {
        tokio::time::sleep(*rest).await;
        read += stream.read(&mut piece).await.unwrap();
    }
    while let Ok(more @ 1..) = timeout(PATIENCE, stream.read(&mut piece)).await.expect("the server closes") {
        read += more;
    }
    (read, read > REQUESTS * (document.len() - 100))
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut_off_and_a_slow_one_is_not() {
    let unread_time = Duration::from_secs(1);
    let limits = ServerLimits { unread_time, ..short() };
    let server = Server::start(Duration::ZERO, limits).await;
    let (read, is_all) = read_slowly(&server, &[unread_time * 3]).await;
    assert!(!is_all, "{read} bytes were kept for a client that took none");
    let (read, is_all) = read_slowly(&server, &[unread_time / 3; 6]).await;
    assert!(is_all, "{read} bytes reached a client that takes its time");
    server.is_well().await;
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut_off_and_told() {
    let server = Server::start(Duration::ZERO, short()).await;
    for path in ["/v1/chat/completions", "/v1/evidence", "/v1/ask"] {
        let mut stream = server.connect(&(head(path, "content-length: 100") + "{\"messages\"")).await;
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{path}: {answer}");
        assert!(answer.contains("\"type\":\"error\""), "{path}: {answer}");
    }
    server.is_well().await;
}

#[tokio::test]
async fn a_client_that_drips_is_cut_off_all_the_same() {
    let server = Server::start(Duration::ZERO, short()).await;
    let mut stream = server.connect(&head("/v1/ask", "content-length: 100000")).await;
    let start = Instant::now();
    while stream.write_all(b" ").await.is_ok() && start.elapsed() < PATIENCE {
        let mut piece = [0; 4096];
        if let Ok(Ok(read)) = timeout(Duration::from_millis(50), stream.read(&mut piece)).await {
            assert!(read == 0 || piece.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&piece));
            break;
        }
    }
    assert!(start.elapsed() < PATIENCE, "each byte starts no new time");
    server.is_well().await;
}

#[tokio::test]
async fn a_client_that_disappears_leaves_nothing_behind() {
    let limits = ServerLimits { batch: 1, queue: 2, ..ServerLimits::default() };
    let server = Server::start(Duration::from_millis(200), limits).await;
    for round in 0..4 {
        for colour in 0..3_u8 {
            let body = json!({"images": [data_uri([round, colour, 0])], "question": "q"}).to_string();
            drop(server.connect(&post("/v1/ask", &body)).await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
    let body = json!({"images": [data_uri([99, 0, 0])], "question": "q"}).to_string();
    let start = Instant::now();
    let mut answer = server.ask(&post("/v1/ask", &body)).await;
    while answer.starts_with("HTTP/1.1 429") && start.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = server.ask(&post("/v1/ask", &body)).await;
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let metrics = server.metrics().await;
    assert!(metrics.contains("lens_queue_pictures 0\n"), "{metrics}");
    assert!(metrics.contains("lens_abandoned_total"), "{metrics}");
}

#[tokio::test]
async fn a_gigabyte_is_refused_before_it_is_read() {
    let server = Server::start(Duration::ZERO, ServerLimits::default()).await;
    for path in ["/v1/chat/completions", "/v1/evidence", "/v1/messages", "/mcp", "/nowhere"] {
        let answer = server.ask(&head(path, "content-length: 1073741824")).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
    }
    server.is_well().await;
}

#[tokio::test]
async fn an_endless_body_is_refused_at_the_limit_and_told() {
    let limits = ServerLimits { body_bytes: 1 << 20, ..ServerLimits::default() };
    let server = Server::start(Duration::ZERO, limits).await;
    for path in ["/v1/chat/completions", "/v1/evidence", "/v1/ask"] {
        let (mut from, mut to) = server.connect(&head(path, "transfer-encoding: chunked")).await.into_split();
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        // As clients do that first send everything: only when nothing more is taken does it look for an answer.
        let mut sent = 0;
        while sent < 128 << 20 && to.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 0x10000;
        }
        let mut answer = vec![0; 4096];
        let read = timeout(PATIENCE, from.read(&mut answer)).await.expect("an answer").unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]);
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
    }
    server.is_well().await;
}

#[tokio::test]
async fn ten_thousand_pictures_are_refused_at_once() {
    let server = Server::start(Duration::from_mins(1), ServerLimits::default()).await;
    let part = json!({"type": "image_url", "image_url": {"url": data_uri([1, 2, 3])}});
    let chat = json!({"messages": [{"role": "user", "content": vec![part; 10_000]}]}).to_string();
    let answer = server.ask(&post("/v1/chat/completions", &chat)).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("more than 64 pictures"), "{answer}");
    let ask = json!({"images": vec![data_uri([1, 2, 3]); 10_000], "question": "q"}).to_string();
    let answer = server.ask(&post("/v1/ask", &ask)).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("at most 64"), "{answer}");
    server.is_well().await;
}
