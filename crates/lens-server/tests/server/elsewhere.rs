//! A language model behind an endpoint that may never answer, over real sockets.

use crate::{
    sockets::{PATIENCE, Server, post},
    support::{FirstPixel, data_uri},
};
use lens::{
    Lens,
    llm::remote::{EndpointOptions, Remote},
    testing::ColourEmbedder,
};
use lens_server::{AppState, ServerLimits, ServerOptions};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

/// Answers every question but those with the word "hang", whose connections it keeps and forgets.
struct Endpoint {
    url: String,
    hanging: Arc<Mutex<Vec<TcpStream>>>,
}

impl Endpoint {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let hanging: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let kept = Arc::clone(&hanging);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(stream.unwrap(), &kept));
            }
        });
        Self { url, hanging }
    }

    fn hanging(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.hanging.lock().unwrap()
    }

    async fn hears(&self, questions: usize) {
        let start = Instant::now();
        while self.hanging().len() < questions {
            assert!(start.elapsed() < PATIENCE, "the question never arrived");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn serve(mut stream: TcpStream, hanging: &Mutex<Vec<TcpStream>>) {
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    // The body ends with the last brace.
    while !request.ends_with(b"}") {
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "a request that ends early");
        request.extend_from_slice(&piece[..read]);
    }
    if String::from_utf8_lossy(&request).contains("hang") {
        hanging.lock().unwrap().push(stream);
        return;
    }
    let answer =
        json!({"choices": [{"message": {"content": "a red wall"}, "finish_reason": "stop"}]}).to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length";
    write!(stream, "{head}: {}\r\n\r\n{answer}", answer.len()).unwrap();
}

/// A server that reads through the endpoint, which would wait for an answer longer than this test runs.
async fn server(endpoint: &Endpoint, answers: usize) -> Server {
    let remote = Remote::new(EndpointOptions {
        base_url: endpoint.url.clone(),
        model: "far".to_owned(),
        key: None,
        context_tokens: 4096,
        answer_tokens: 100,
        connect_timeout: PATIENCE,
        read_timeout: Duration::from_hours(1),
        retries: 0,
        pause: Duration::ZERO,
    });
    let lens = Lens::builder().module(FirstPixel::default()).embedder(Arc::new(ColourEmbedder));
    let limits = ServerLimits { answers, ..ServerLimits::default() };
    let options = ServerOptions { limits, ..ServerOptions::default() };
    Server::of(AppState::new(lens.llm(remote.unwrap()).build().unwrap(), options).unwrap()).await
}

fn ask(question: &str) -> String {
    post("/v1/ask", &json!({"images": [data_uri([200, 0, 0])], "question": question}).to_string())
}

#[tokio::test]
async fn a_question_that_is_never_answered_holds_up_nothing_else() {
    let endpoint = Endpoint::start();
    let server = server(&endpoint, 8).await;
    let labels =
        |question| json!({"image": data_uri([200, 0, 0]), "labels": ["red", "blue"], "question": question});
    let _hanging = [
        server.connect(&ask("hang")).await,
        server.connect(&post("/v1/classify", &labels("hang").to_string())).await,
    ];
    endpoint.hears(2).await;
    let chat = json!({"messages": [{"role": "user", "content": "Which?"}]}).to_string();
    for (request, told) in [
        (ask("Which?"), "a red wall"),
        (post("/v1/chat/completions", &chat), "a red wall"),
        (post("/v1/classify", &labels("Which?").to_string()), "\"basis\":\"match\""),
        (post("/v1/embeddings", "{\"input\": \"red\"}"), "[1.0,0.0,0.0]"),
    ] {
        let answer = server.ask(&request).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(told), "{answer}");
    }
    assert_eq!(endpoint.hanging().len(), 2, "nothing was asked twice");
}

#[tokio::test]
async fn a_client_that_goes_frees_its_place_at_a_hung_endpoint() {
    let endpoint = Endpoint::start();
    let server = server(&endpoint, 2).await;
    for round in 1..=3 {
        let clients = [server.connect(&ask("hang")).await, server.connect(&ask("hang")).await];
        endpoint.hears(2 * round).await;
        assert!(server.ask(&ask("Which?")).await.starts_with("HTTP/1.1 429"), "both places are taken");
        drop(clients);
        let start = Instant::now();
        while !server.metrics().await.contains("lens_open_questions 0\n") {
            assert!(start.elapsed() < PATIENCE, "the places are still taken");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(server.ask(&ask("Which?")).await.contains("a red wall"));
    }
}
