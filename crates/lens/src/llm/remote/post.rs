//! One question to the endpoint: sent, tried again where that helps, and read as it streams.

use super::{
    options::{EndpointOptions, Key},
    refusal::{backoff, content_type},
    reply::{ApiError, Growing, Reply},
    stream::Events,
};
use crate::{
    Error, ErrorKind, Result,
    llm::{Answer, Cancel, Decoding, Finish, Prompt},
};
use serde_json::{Value, json};
use std::{
    io::{BufReader, Read},
    thread,
    time::Duration,
};
use ureq::{Agent, http::Uri};

/// More than any answer that a person reads.
const MAX_ANSWER: u64 = 16 << 20;

/// Longer waits are the caller's to decide.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// The way to one endpoint.
pub(super) struct Post {
    agent: Agent,
    url: String,
    pub(super) base_url: String,
    pub(super) key: Option<Key>,
    retries: u32,
    pause: Duration,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post").field("url", &self.url).field("key", &self.key).finish_non_exhaustive()
    }
}

/// Why one try gave no answer.
pub(super) enum Failure {
    /// Another try may succeed, after this time if the endpoint says so.
    Passing(Error, Option<Duration>),
    /// The endpoint does not know this parameter of the body.
    Parameter(String),
    Final(Error),
}

/// The body of a request. What a model does not know is left out at the second try.
pub(super) fn body(model: &str, prompt: &Prompt, decoding: &Decoding) -> Value {
    let mut messages = Vec::new();
    if let Some(system) = &prompt.system {
        messages.push(json!({"role": "system", "content": system}));
    }
    messages.push(json!({"role": "user", "content": prompt.text}));
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "temperature": decoding.temperature,
        "seed": decoding.seed,
    });
    if let Some(most) = decoding.max_new_tokens {
        set(&mut body, "max_tokens", most.into());
    }
    body
}

fn set(body: &mut Value, name: &str, value: Value) {
    if let Some(object) = body.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

/// Leaves a parameter out; newer models know `max_tokens` under another name. False when it must not be left out.
fn leave_out(body: &mut Value, parameter: &str) -> bool {
    let optional = matches!(parameter, "temperature" | "seed" | "max_tokens" | "max_completion_tokens");
    let Some(value) = body.as_object_mut().filter(|_| optional).and_then(|object| object.remove(parameter))
    else {
        return false;
    };
    if parameter == "max_tokens" {
        set(body, "max_completion_tokens", value);
    }
    true
}

impl Post {
    pub(super) fn new(options: &EndpointOptions) -> Result<Self> {
        let url = format!("{}/chat/completions", options.base_url);
        let scheme = url.parse::<Uri>().ok().and_then(|uri| uri.scheme_str().map(str::to_owned));
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            return Err(Error::new(ErrorKind::Config, "the base URL of the endpoint")
                .expected("an http or https URL, such as http://localhost:11434/v1")
                .found(format!("`{}`", options.base_url)));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // The key and the evidence go where the user said, and nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("lens/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_recv_response(Some(options.read_timeout))
            .timeout_per_read(Some(options.read_timeout))
            .build()
            .new_agent();
        let EndpointOptions { base_url, key, retries, pause, .. } = options.clone();
        Ok(Self { agent, url, base_url, key, retries, pause })
    }

    /// Asks until there is an answer, an error that stays, or the flag. `on_token` returns false to stop.
    pub(super) fn answer(
        &self,
        mut body: Value,
        on_token: &mut dyn FnMut(&str) -> bool,
        stop: &Cancel,
    ) -> Result<Answer> {
        let mut tries = 0;
        loop {
            match self.try_once(&body, on_token) {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Parameter(parameter)) => {
                    if !leave_out(&mut body, &parameter) {
                        return Err(self.error(ErrorKind::Remote).found(format!("it refuses `{parameter}`")));
                    }
                }
                Err(Failure::Passing(error, after)) => {
                    let wait = after.unwrap_or_else(|| backoff(self.pause, tries));
                    if tries >= self.retries || wait > MAX_WAIT {
                        return Err(error);
                    }
                    tries += 1;
                    thread::sleep(wait);
                    if stop.is_raised() {
                        return Ok(Growing::default().into_answer(Some(Finish::Cancelled)));
                    }
                }
            }
        }
    }

    fn try_once(&self, body: &Value, on_token: &mut dyn FnMut(&str) -> bool) -> Result<Answer, Failure> {
        let mut request = self.agent.post(&self.url).header("Content-Type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {}", key.expose()));
        }
        let response = request.send(body.to_string()).map_err(|error| {
            let unreachable = self.error(ErrorKind::Remote).expected("an answer").found(error.to_string());
            Failure::Passing(
                unreachable.hint("check that it runs and that the address is right").because(error),
                None,
            )
        })?;
        if !response.status().is_success() {
            return Err(self.refusal(response));
        }
        let kind = content_type(&response).to_owned();
        let reader = response.into_body().into_with_config().limit(MAX_ANSWER).reader();
        match kind.as_str() {
            "text/event-stream" => self.read_stream(reader, on_token),
            "text/html" => Err(Failure::Final(self.page())),
            _ => self.read_whole(reader, on_token),
        }
    }

    fn read_stream(
        &self,
        reader: impl Read,
        on_token: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Answer, Failure> {
        let mut events = Events::new(BufReader::new(reader));
        let mut growing = Growing::default();
        loop {
            let data = events.next_data().map_err(|error| self.broken(&growing, error.to_string()))?;
            let Some(data) = data.filter(|data| data != "[DONE]") else { break };
            let piece = growing.add(self.reply(&data)?);
            if !piece.is_empty() && !on_token(&piece) {
                return Ok(growing.into_answer(Some(Finish::Cancelled)));
            }
        }
        if growing.is_finished() || !growing.text.is_empty() {
            return Ok(growing.into_answer(None));
        }
        Err(self.broken(&growing, "the answer ended before it began".to_owned()))
    }

    /// Some endpoints do not stream and send all at once.
    fn read_whole(
        &self,
        mut reader: impl Read,
        on_token: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Answer, Failure> {
        let mut growing = Growing::default();
        let mut text = String::new();
        reader.read_to_string(&mut text).map_err(|error| self.broken(&growing, error.to_string()))?;
        if text.trim_start().starts_with('<') {
            return Err(Failure::Final(self.page()));
        }
        let piece = growing.add(self.reply(&text)?);
        if !growing.is_finished() && piece.is_empty() {
            return Err(Failure::Final(self.nonsense("an answer without a choice")));
        }
        on_token(&piece);
        Ok(growing.into_answer(None))
    }

    /// A reply in the words of the API; one that is an error ends the answer.
    fn reply(&self, json: &str) -> Result<Reply, Failure> {
        let reply: Reply = serde_json::from_str(json)
            .map_err(|error| Failure::Final(self.nonsense(&error.to_string()).because(error)))?;
        match &reply.error {
            None => Ok(reply),
            Some(error) => {
                let message = self.redact(&ApiError::of(error).message);
                Err(Failure::Final(self.error(ErrorKind::Remote).found(message)))
            }
        }
    }
}
