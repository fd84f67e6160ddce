//! An OpenAI-compatible server on a real socket that does as it is told.

use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    pub(super) body: Value,
}

impl Request {
    /// A text in the body.
    pub(super) fn text(&self, pointer: &str) -> String {
        self.body.pointer(pointer).unwrap().as_str().unwrap().to_owned()
    }
}

/// What goes out.
pub(super) enum Reply {
    Answer(String),
    /// A status with its reason, and further lines of the head.
    Status(&'static str, &'static str),
    /// Half of an answer, and the connection is cut.
    Cut,
}

/// The server. Its threads end with the process.
pub(super) struct Endpoint {
    /// Up to and with `/v1`.
    pub(super) base_url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Endpoint {
    /// `reply` is told how often the same body came before.
    pub(super) fn start(reply: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (log, reply) = (Arc::clone(&requests), Arc::new(reply));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, reply) = (Arc::clone(&log), Arc::clone(&reply));
                thread::spawn(move || serve(stream.unwrap(), &*reply, &log));
            }
        });
        Self { base_url, requests }
    }

    /// What came so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// Somewhere that nobody listens.
pub(super) fn nowhere() -> String {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://{address}/v1")
}

fn serve(mut stream: TcpStream, reply: &dyn Fn(&Request, usize) -> Reply, log: &Mutex<Vec<Request>>) {
    let request = read(&stream);
    let before = {
        let mut log = log.lock().unwrap();
        let before = log.iter().filter(|one| one.body == request.body).count();
        log.push(request.clone());
        before
    };
    let (status, extra, body) = match reply(&request, before) {
        Reply::Answer(text) => {
            let body = json!({"choices": [{"message": {"role": "assistant", "content": text}}]});
            ("200 OK", "", body.to_string())
        }
        Reply::Status(status, extra) => (status, extra, json!({"error": {"message": "not now"}}).to_string()),
        Reply::Cut => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"choices\": [").unwrap();
            return;
        }
    };
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{extra}\r\n{body}")
        .unwrap();
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let (mut head, mut line) = (HashMap::new(), String::new());
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap().to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.split_once(':') else { break };
        head.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; head["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Request {
        path,
        authorization: head.remove("authorization"),
        body: serde_json::from_slice(&body).unwrap(),
    }
}
