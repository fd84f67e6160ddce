//! A model behind an OpenAI-compatible endpoint that gets the pixels: what LENS is compared with.

use base64::{Engine, prelude::BASE64_STANDARD};
use lens::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use std::{fmt, thread, time::Duration};

/// Further tries when the endpoint is busy.
const RETRIES: u32 = 4;

/// Where the model is.
#[derive(Clone, PartialEq, Eq)]
pub struct VlmOptions {
    /// Up to and with `/v1`.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// Sent as a bearer token to this endpoint only.
    pub key: Option<String>,
    /// The most tokens of an answer.
    pub max_tokens: usize,
}

impl fmt::Debug for VlmOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VlmOptions({}#{})", self.base_url, self.model)
    }
}

impl VlmOptions {
    /// `BASE_URL#MODEL`.
    ///
    /// # Errors
    /// `Config` when the model's name is missing.
    pub fn parse(address: &str, key: Option<String>) -> Result<Self> {
        let (base_url, model) = address.split_once('#').ok_or_else(|| {
            Error::new(ErrorKind::Config, "--vlm")
                .expected("BASE_URL#MODEL, such as http://localhost:11434/v1#llava")
                .found(format!("`{address}`"))
        })?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Self { base_url, model: model.to_owned(), key, max_tokens: 64 })
    }
}

/// The model.
#[derive(Debug)]
pub struct Vlm {
    options: VlmOptions,
    agent: ureq::Agent,
}

impl Vlm {
    /// A model that is not connected to yet.
    #[must_use]
    pub fn new(options: VlmOptions) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // Key and pictures go where the user said, and nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_mins(5)))
            .build()
            .new_agent();
        Self { options, agent }
    }

    /// `BASE_URL#MODEL`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}#{}", self.options.base_url, self.options.model)
    }

    /// What the model says about a picture of this media type.
    ///
    /// # Errors
    /// `Remote` when the endpoint does not answer as agreed.
    pub fn ask(&self, media_type: &str, picture: &[u8], question: &str) -> Result<String> {
        let body = self.body(media_type, picture, question);
        let mut pause = Duration::from_secs(1);
        for attempt in 0.. {
            match self.post(&body) {
                Err((error, true)) if attempt < RETRIES => {
                    drop(error);
                    thread::sleep(pause);
                    pause *= 2;
                }
                other => return other.map_err(|(error, _)| error),
            }
        }
        Err(self.error().found("no answer"))
    }

    fn body(&self, media_type: &str, picture: &[u8], question: &str) -> Value {
        let uri = format!("data:{media_type};base64,{}", BASE64_STANDARD.encode(picture));
        let content = json!([
            {"type": "image_url", "image_url": {"url": uri}},
            {"type": "text", "text": question},
        ]);
        json!({
            "model": self.options.model,
            "messages": [{"role": "user", "content": content}],
            "temperature": 0,
            "max_tokens": self.options.max_tokens,
        })
    }

    /// One try; true with an error when another may succeed.
    fn post(&self, body: &Value) -> Result<String, (Error, bool)> {
        let mut request = self.agent.post(format!("{}/chat/completions", self.options.base_url));
        if let Some(key) = &self.options.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let mut response = request
            .send_json(body)
            .map_err(|error| (self.error().found(error.to_string()).because(error), true))?;
        let status = response.status();
        let text = response.body_mut().read_to_string().unwrap_or_default();
        if !status.is_success() {
            let again = status.as_u16() == 429 || status.is_server_error();
            let start: String = text.chars().take(200).collect();
            return Err((self.error().found(format!("status {status}: {start}")), again));
        }
        let reply: Value = serde_json::from_str(&text).unwrap_or_default();
        let answer = reply.pointer("/choices/0/message/content").and_then(Value::as_str);
        answer
            .map(|text| text.trim().to_owned())
            .ok_or_else(|| (self.error().found("no answer in it"), false))
    }

    fn error(&self) -> Error {
        Error::new(ErrorKind::Remote, format!("the vision model at {}", self.options.base_url))
            .expected("an answer as OpenAI's chat completions give it")
    }
}

#[cfg(test)]
mod tests {
    use super::{Vlm, VlmOptions};
    use lens::ErrorKind;
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    /// Answers one request with `status` and `body`, and gives what it read.
    fn endpoint(status: &'static str, body: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/v1#eye", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut text, mut buffer) = (String::new(), [0; 4096]);
            while !text.contains("max_tokens") {
                let read = stream.read(&mut buffer).unwrap();
                text += &String::from_utf8_lossy(&buffer[..read]);
            }
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
            .unwrap();
            text
        });
        (address, server)
    }

    fn ask(address: &str) -> lens::Result<String> {
        let options = VlmOptions::parse(address, Some("secret".into())).unwrap();
        Vlm::new(options).ask("image/png", b"pixels", "What is it?")
    }

    #[test]
    fn the_pixels_are_sent_and_the_answer_comes() {
        let (address, server) = endpoint("200 OK", r#"{"choices":[{"message":{"content":" a dog "}}]}"#);
        assert_eq!(ask(&address).unwrap(), "a dog");
        let request = server.join().unwrap();
        assert!(request.contains("data:image/png;base64,cGl4ZWxz") && request.contains("What is it?"));
        assert!(request.contains("Bearer secret"));
    }

    #[test]
    fn a_refusal_is_told() {
        let (address, server) = endpoint("400 Bad Request", "no such model");
        let error = ask(&address).unwrap_err();
        server.join().unwrap();
        assert_eq!(error.kind(), ErrorKind::Remote);
        assert!(error.to_string().contains("no such model"));
    }
}
