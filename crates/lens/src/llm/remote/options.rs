//! Where an endpoint is and how it is spoken to.

use crate::{Config, Error, ErrorKind, Result, config::EndpointSettings};
use std::{fmt, time::Duration};

/// Room for an answer when nobody says how long it may be.
const ANSWER_TOKENS: usize = 512;

/// A secret that shows in no message.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

/// An OpenAI-compatible endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointOptions {
    /// Up to and with `/v1`.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// Sent as a bearer token to this endpoint only.
    pub key: Option<Key>,
    /// Tokens of a prompt and its answer together.
    pub context_tokens: usize,
    /// Tokens of these that are kept free for the answer.
    pub answer_tokens: usize,
    /// Time to wait for a connection.
    pub connect_timeout: Duration,
    /// Time without a sign of life.
    pub read_timeout: Duration,
    /// Further tries.
    pub retries: u32,
    /// Pause before the first of them; it doubles.
    pub pause: Duration,
}

impl Key {
    /// A key; surrounding white space, as files have it, is no part of it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

impl EndpointOptions {
    /// The endpoint of the settings. `address` stands in for their base URL; `BASE_URL#MODEL` names the model too.
    ///
    /// # Errors
    /// `Config` when offline, when the base URL or the model is missing, or the key file cannot be read.
    pub fn from_config(config: &Config, address: Option<&str>) -> Result<Self> {
        Self::from_settings(config, address, &|name| std::env::var(name).ok())
    }

    pub(super) fn from_settings(
        config: &Config,
        address: Option<&str>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let settings = &config.endpoint;
        let address = address.or(settings.base_url.as_deref()).ok_or_else(|| {
            missing("endpoint.base_url", "the URL of an endpoint, such as http://localhost:11434/v1")
        })?;
        if config.offline {
            return Err(Error::new(ErrorKind::Config, format!("the language model at {address}"))
                .expected("a model on this machine, because LENS is offline")
                .found("an endpoint")
                .hint("set `llm` to a folder or a cached repository, or drop --offline"));
        }
        let (base_url, model) =
            address.split_once('#').map_or((address, None), |(url, model)| (url, Some(model)));
        let model = model.or(settings.model.as_deref()).ok_or_else(|| {
            missing("endpoint.model", "the name of a model there")
                .hint("set it in config.toml, or write BASE_URL#MODEL")
        })?;
        let asked = config.answer.max_new_tokens;
        Ok(Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            model: model.to_owned(),
            key: key(settings, variable)?,
            context_tokens: settings.context_tokens,
            answer_tokens: if asked > 0 { asked } else { ANSWER_TOKENS },
            connect_timeout: Duration::from_secs(settings.connect_timeout_seconds),
            read_timeout: Duration::from_secs(settings.read_timeout_seconds),
            retries: settings.retries,
            pause: Duration::from_millis(500),
        })
    }
}

fn missing(key: &str, expected: &str) -> Error {
    Error::new(ErrorKind::Config, format!("`{key}`"))
        .expected(expected)
        .found("nothing")
        .hint("set it in config.toml or in the environment")
}

/// The file is the more deliberate of the two places. An endpoint without a key is not unusual.
fn key(settings: &EndpointSettings, variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<Key>> {
    let text = match (&settings.key_file, &settings.key_env) {
        (Some(path), _) => Some(fs_err::read_to_string(path).map_err(|error| {
            Error::new(ErrorKind::Config, path.display().to_string())
                .expected("a file with the endpoint's key")
                .found(error.kind().to_string())
                .hint("check `endpoint.key_file`")
                .because(error)
        })?),
        (None, Some(name)) => variable(name),
        (None, None) => None,
    };
    Ok(text.map(|text| Key::new(&text)).filter(|key| !key.0.is_empty()))
}
