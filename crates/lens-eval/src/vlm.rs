//! A model behind an OpenAI-compatible endpoint that gets the pixels: what LENS is compared with.

use crate::{Flaw, FlawKind};
use base64::{Engine, prelude::BASE64_STANDARD};
use lens::{Cancel, Error, ErrorKind, Result};
use serde_json::{Value, json};
use std::{fmt, io, thread, time::Duration};

/// The longest wait that an endpoint may ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Between two looks at whether the run was cancelled.
const NAP: Duration = Duration::from_millis(50);

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
    /// Further tries where one may succeed: the endpoint is busy, failed, or cut the connection.
    pub retries: u32,
    /// Before the second try, where the endpoint does not say; twice as long before each further one.
    pub pause: Duration,
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
        Ok(Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            model: model.to_owned(),
            key,
            max_tokens: 64,
            retries: 4,
            pause: Duration::from_secs(1),
        })
    }
}

/// The model.
#[derive(Debug)]
pub struct Vlm {
    options: VlmOptions,
    agent: ureq::Agent,
}

/// Why one try gave no answer.
enum Failure {
    /// Another may succeed, after this time if the endpoint says so.
    Passing(Error, Option<Duration>),
    /// Nobody is there: another try may succeed, another sample would not.
    Absent(Error),
    /// This picture or question is refused.
    Sample(Error),
    /// Every sample would fare the same: a wrong key, address or name.
    Every(Error),
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

    /// What the model says about a picture of this media type. What goes wrong with this sample alone, after all tries, is a
    /// flaw of it.
    ///
    /// # Errors
    /// `Remote` when every sample would fare the same: no such endpoint or model, or a wrong key.
    pub fn ask(
        &self,
        media_type: &str,
        picture: &[u8],
        question: &str,
        cancel: &Cancel,
    ) -> Result<std::result::Result<String, Flaw>> {
        let body = self.body(media_type, picture, question);
        let flaw = |error: Error| Ok(Err(Flaw::new(FlawKind::NotAnswered, error.to_string())));
        let mut pause = self.options.pause;
        for tries in 0.. {
            let is_last = tries >= self.options.retries;
            let wait = match self.post(&body) {
                Ok(text) => return Ok(Ok(text)),
                Err(Failure::Every(error)) => return Err(error),
                Err(Failure::Sample(error)) => return flaw(error),
                Err(Failure::Absent(error)) if is_last => return Err(error),
                Err(Failure::Passing(error, wait)) if is_last || wait > Some(LONGEST_WAIT) => {
                    return flaw(error);
                }
                Err(Failure::Passing(_, wait)) => wait.unwrap_or(pause),
                Err(Failure::Absent(_)) => pause,
            };
            if !sleep(wait, cancel) {
                break;
            }
            pause *= 2;
        }
        flaw(self.error().found("the run was stopped"))
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

    fn post(&self, body: &Value) -> Result<String, Failure> {
        let mut request = self.agent.post(format!("{}/chat/completions", self.options.base_url));
        if let Some(key) = &self.options.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let mut response = request.send_json(body).map_err(|error| self.unsent(error))?;
        let status = response.status().as_u16();
        let wait =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let text = response.body_mut().read_to_string();
        if !response.status().is_success() {
            return Err(self.refused(status, &text.unwrap_or_default(), wait.map(Duration::from_secs)));
        }
        let cut =
            |error: ureq::Error| Failure::Passing(self.error().found(error.to_string()).because(error), None);
        let reply: Value = serde_json::from_str(&text.map_err(cut)?).unwrap_or_default();
        let answer = reply.pointer("/choices/0/message/content").and_then(Value::as_str);
        let nothing = || Failure::Sample(self.error().found("a reply without one"));
        answer.map(|text| text.trim().to_owned()).ok_or_else(nothing)
    }

    fn unsent(&self, error: ureq::Error) -> Failure {
        let is_absent = match &error {
            ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
            ureq::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
            _ => false,
        };
        let told = self.error().found(error.to_string()).because(error);
        if is_absent {
            return Failure::Absent(
                told.hint("start it, or mend the address of --vlm; the run then goes on"),
            );
        }
        Failure::Passing(told, None)
    }

    fn refused(&self, status: u16, text: &str, wait: Option<Duration>) -> Failure {
        let start: String = text.chars().take(200).collect();
        let error = self.error().found(format!("status {status}: {start}"));
        match status {
            408 | 429 | 500.. => Failure::Passing(error, wait),
            401 | 403 => Failure::Every(error.hint("give the key in LENS_VLM_API_KEY")),
            300..=399 | 404 | 405 => Failure::Every(error.hint("mend the address or the model of --vlm")),
            _ => Failure::Sample(error),
        }
    }

    fn error(&self) -> Error {
        Error::new(ErrorKind::Remote, format!("the vision model at {}", self.options.base_url))
            .expected("an answer as OpenAI's chat completions give it")
    }
}

/// False: cancelled.
fn sleep(mut time: Duration, cancel: &Cancel) -> bool {
    while !time.is_zero() && !cancel.is_raised() {
        let nap = time.min(NAP);
        thread::sleep(nap);
        time -= nap;
    }
    !cancel.is_raised()
}
