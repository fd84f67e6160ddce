//! What the refusals of an endpoint mean.

use super::{
    post::{Failure, Post},
    reply::{ApiError, Growing},
};
use crate::{Error, ErrorKind};
use std::{io::Read, time::Duration};
use ureq::{
    Body,
    http::{Response, StatusCode},
};

/// The part of a refusal that is read.
const MAX_REFUSAL: u64 = 64 << 10;

impl Post {
    /// What an answer with another status than success means.
    pub(super) fn refusal(&self, mut response: Response<Body>) -> Failure {
        let status = response.status();
        let after = retry_after(&response);
        let page = content_type(&response) == "text/html";
        let mut body = String::new();
        // Without its text the status still says enough.
        let _ = response.body_mut().as_reader().take(MAX_REFUSAL).read_to_string(&mut body);
        let mut api = ApiError::read(&body);
        api.message = self.redact(&api.message);
        let found = format!("status {}: {}", status.as_u16(), api.message);
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let error = self.error(ErrorKind::Overloaded).found(found);
                Failure::Passing(error.hint("wait and ask again"), after)
            }
            StatusCode::REQUEST_TIMEOUT => {
                Failure::Passing(self.error(ErrorKind::Remote).found(found), after)
            }
            _ if status.is_server_error() => {
                let error = self.error(ErrorKind::Remote).expected("an answer").found(found);
                Failure::Passing(error.hint("see the log of the endpoint"), after)
            }
            _ if page => Failure::Final(self.page()),
            StatusCode::BAD_REQUEST => self.bad_request(api, found),
            _ => Failure::Final(self.error(ErrorKind::Remote).found(found).hint(advice(status))),
        }
    }

    fn bad_request(&self, api: ApiError, found: String) -> Failure {
        if api.code.as_deref() == Some("context_length_exceeded") {
            let error = self.error(ErrorKind::Input).found(found);
            return Failure::Final(error.hint("set `endpoint.context_tokens` to what the model reads"));
        }
        let unsupported = matches!(api.code.as_deref(), Some("unsupported_parameter" | "unsupported_value"));
        match api.parameter {
            Some(parameter) if unsupported => Failure::Parameter(parameter),
            _ => {
                Failure::Final(self.error(ErrorKind::Remote).found(found).hint("check the name of the model"))
            }
        }
    }

    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, format!("the endpoint {}", self.base_url))
    }

    pub(super) fn page(&self) -> Error {
        self.error(ErrorKind::Remote).expected("the answer of a language model").found("an HTML page").hint(
            "check the base URL: it usually ends in /v1; a proxy or a login page may answer in its place",
        )
    }

    pub(super) fn nonsense(&self, found: &str) -> Error {
        self.error(ErrorKind::Remote)
            .expected("an answer as of OpenAI's chat completions")
            .found(found)
            .hint("check the base URL: it usually ends in /v1")
    }

    /// Before the first piece another try does no harm; after it, it would say things twice.
    pub(super) fn broken(&self, growing: &Growing, found: String) -> Failure {
        let error = self.error(ErrorKind::Remote).expected("a whole answer").found(found);
        let error = error.hint("ask again; `endpoint.read_timeout_seconds` may be too short");
        if growing.text.is_empty() { Failure::Passing(error, None) } else { Failure::Final(error) }
    }

    /// Some endpoints quote the key that they refuse.
    pub(super) fn redact(&self, text: &str) -> String {
        match &self.key {
            Some(key) => text.replace(key.expose(), "[key]"),
            None => text.to_owned(),
        }
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "put the key into the environment variable of `endpoint.key_env`, or name its file in `endpoint.key_file`"
        }
        StatusCode::NOT_FOUND => "check the base URL, which usually ends in /v1, and the name of the model",
        StatusCode::PAYLOAD_TOO_LARGE => "set `endpoint.context_tokens` to what the model reads",
        _ if status.is_redirection() => "set the base URL to the address that it redirects to",
        _ => "see the documentation of the endpoint",
    }
}

pub(super) fn content_type(response: &Response<Body>) -> &str {
    let header =
        response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.split(';').next().unwrap_or_default().trim()
}

/// Whole seconds; the date form is not used by the endpoints in question.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let seconds = response.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Doubling pauses, each between half and all of its length so that many clients do not come back at once.
pub(super) fn backoff(pause: Duration, tries: u32) -> Duration {
    let whole = pause.saturating_mul(2_u32.saturating_pow(tries));
    let mut random = [0_u8; 2];
    // Without randomness the pause is merely shorter.
    let _ = getrandom::fill(&mut random);
    whole.mul_f64(0.5 + f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX) / 2.0)
}
