//! A server on loopback that answers what a test tells it to, and remembers what it was asked.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, mpsc::Receiver},
    thread,
};

/// What came in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: String,
    /// The first byte that is wanted.
    pub(crate) from: usize,
    pub(crate) body: String,
}

/// What goes out.
pub(crate) struct Reply {
    kind: &'static str,
    /// The first byte that is sent.
    from: usize,
    length: Option<usize>,
    body: Body,
}

enum Body {
    Whole(Vec<u8>),
    Pieces(Receiver<Vec<u8>>),
}

impl Reply {
    pub(crate) fn new(kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { kind, from: 0, length: Some(body.len()), body: Body::Whole(body) }
    }

    /// Sends each piece when it comes; the answer ends when the sender goes. `length` is what is promised.
    pub(crate) fn in_pieces(kind: &'static str, length: Option<usize>, pieces: Receiver<Vec<u8>>) -> Self {
        Self { kind, from: 0, length, body: Body::Pieces(pieces) }
    }

    /// The part of a file that a request asks for.
    pub(crate) fn part(asked: &Asked, file: &[u8]) -> Self {
        Self { from: asked.from, ..Self::new("application/octet-stream", &file[asked.from..]) }
    }
}

pub(crate) struct FakeServer {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FakeServer {
    /// Serves until the test process ends.
    pub(crate) fn start(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (heard, reply) = (Arc::clone(&asked), Arc::new(reply));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (heard, reply) = (Arc::clone(&heard), Arc::clone(&reply));
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    let request = read(&stream);
                    heard.lock().unwrap().push(request.clone());
                    write(stream, reply(&request));
                });
            }
        });
        Self { url, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut from, mut authorization) = (0, 0, String::new());
    while line.trim() != "" {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let header = line.to_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if let Some(value) = header.strip_prefix("range: bytes=") {
            from = value.trim().trim_end_matches('-').parse().unwrap();
        }
        if let Some(value) = line.strip_prefix("authorization: ") {
            value.trim().clone_into(&mut authorization);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Asked { path, authorization, from, body: String::from_utf8(body).unwrap() }
}

/// A client that went away is the client's affair.
fn write(mut stream: TcpStream, Reply { kind, from, length, body }: Reply) {
    let length = length.map(|length| format!("content-length: {length}\r\n")).unwrap_or_default();
    let head = format!("content-type: {kind}\r\nconnection: close\r\n{length}");
    let status = if from == 0 {
        "200 OK".to_owned()
    } else {
        format!("206 Partial Content\r\ncontent-range: bytes {from}-/*")
    };
    let mut sent = stream.write_all(format!("HTTP/1.1 {status}\r\n{head}\r\n").as_bytes());
    match body {
        Body::Whole(body) => sent = sent.and_then(|()| stream.write_all(&body)),
        Body::Pieces(pieces) => {
            for piece in pieces {
                sent = sent.and_then(|()| stream.write_all(&piece));
            }
        }
    }
    _ = sent;
}
