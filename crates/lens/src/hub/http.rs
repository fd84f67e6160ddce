//! Requests to the hub.

use crate::{Error, ErrorKind, Result};
use std::{fmt::Write, io::Read, time::Duration};
use ureq::{
    Agent, Body,
    config::RedirectAuthHeaders,
    http::{Response, StatusCode},
};

/// Far more than the file list of any model.
const MAX_JSON: u64 = 64 << 20;

/// A connection that is used only when a request is made.
#[derive(Clone)]
pub(super) struct Http {
    agent: Agent,
    endpoint: String,
    token: Option<String>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "redacted");
        f.debug_struct("Http")
            .field("endpoint", &self.endpoint)
            .field("token", &token)
            .finish_non_exhaustive()
    }
}

impl Http {
    /// The token goes to `endpoint` and to no other host, wherever it redirects to.
    pub(super) fn new(endpoint: &str, token: Option<String>, timeout: Duration) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .user_agent(concat!("lens/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .timeout_connect(Some(timeout))
            .timeout_recv_response(Some(timeout))
            .timeout_per_read(Some(timeout))
            .build()
            .new_agent();
        Self { agent, endpoint: endpoint.trim_end_matches('/').to_owned(), token }
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The JSON at a path of the hub. `thing` is what errors call it. None when the hub has no such thing.
    pub(super) fn json(&self, path: &str, thing: &str) -> Result<Option<serde_json::Value>> {
        let mut response = self.get(path, 0)?;
        if is_missing_revision(&response) {
            return Ok(None);
        }
        self.check(&response, thing)?;
        let mut text = String::new();
        let body = response.body_mut().with_config().limit(MAX_JSON).reader();
        body.take(MAX_JSON)
            .read_to_string(&mut text)
            .map_err(|error| self.broken(&error.to_string()).because(error))?;
        serde_json::from_str(&text).map(Some).map_err(|error| self.not_json(&text).because(error))
    }

    /// Opens a file of the hub from byte `from` on. The caller looks at the status.
    pub(super) fn get(&self, path: &str, from: u64) -> Result<Response<Body>> {
        let mut request = self.agent.get(format!("{}{path}", self.endpoint));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        request.call().map_err(|error| self.broken(&error.to_string()).because(error))
    }

    /// Refuses every status but success, and pages where a file was asked for.
    pub(super) fn check(&self, response: &Response<Body>, thing: &str) -> Result<()> {
        let status = response.status();
        if status.is_success() {
            return if is_html(response) { Err(self.not_json("<html>")) } else { Ok(()) };
        }
        let error = Error::new(kind_of(status), format!("{thing} at {}", self.endpoint));
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                self.refused(error, header(response, "x-error-code"))
            }
            StatusCode::NOT_FOUND => error
                .found("no such file or repository")
                .hint("check the spelling of the name and the revision"),
            StatusCode::TOO_MANY_REQUESTS => error
                .found("too many requests")
                .hint("wait a few minutes; a token in HF_TOKEN has a higher limit"),
            other => error.expected("an answer").found(format!("status {other}")).hint("try again later"),
        })
    }

    fn refused(&self, error: Error, code: Option<&str>) -> Error {
        let has_token = self.token.is_some();
        match (code, has_token) {
            (Some("GatedRepo"), _) => error
                .found("gated: its owner asks every user to agree to terms")
                .hint("agree to them on its page, then set HF_TOKEN to a token of that account"),
            (_, false) => error
                .found("private, or not there at all")
                .hint("check the spelling; for a private repository set HF_TOKEN"),
            (_, true) => error
                .found("not open to the token in HF_TOKEN, or not there at all")
                .hint("check the spelling, and that the token may read this repository"),
        }
    }

    fn not_json(&self, text: &str) -> Error {
        let page = text.trim_start().starts_with('<');
        Error::new(ErrorKind::Remote, self.endpoint.clone())
            .expected("the answer of a hub")
            .found(if page { "an HTML page" } else { "something that is not JSON" })
            .hint("check HF_ENDPOINT, and whether a proxy or a login page answers in its place")
    }

    pub(super) fn broken(&self, what: &str) -> Error {
        Error::new(ErrorKind::Remote, self.endpoint.clone())
            .expected("an answer")
            .found(what)
            .hint("check the connection and HTTPS_PROXY; what was downloaded so far is kept")
    }
}

/// The hub knows the repository but not the revision. (An unknown repository is a 401 to strangers.)
fn is_missing_revision(response: &Response<Body>) -> bool {
    response.status() == StatusCode::NOT_FOUND && header(response, "x-error-code") == Some("RevisionNotFound")
}

fn is_html(response: &Response<Body>) -> bool {
    header(response, "content-type").is_some_and(|kind| kind.trim_start().starts_with("text/html"))
}

fn kind_of(status: StatusCode) -> ErrorKind {
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => ErrorKind::Overloaded,
        _ => ErrorKind::Remote,
    }
}

pub(super) fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Percent-encodes a part of a path; with `keep_slashes`, several parts at once.
pub(super) fn encode(text: &str, keep_slashes: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            b'/' if keep_slashes => encoded.push('/'),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}
