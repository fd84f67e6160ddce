//! How a hub is reached, and what the environment says of it.

use crate::Home;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

const HUGGING_FACE: &str = "https://huggingface.co";

/// How a hub is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct HubOptions {
    /// Where new files go, in the layout of the Hugging Face cache.
    pub models: PathBuf,
    /// Another cache, whose files are used.
    pub shared: Option<PathBuf>,
    /// `https://huggingface.co` or a mirror of it.
    pub endpoint: String,
    /// Sent to the endpoint and to nobody else.
    pub token: Option<String>,
    /// No connection is made, ever.
    pub offline: bool,
    /// Time without a sign of life after which a connection is given up.
    pub timeout: Duration,
    /// Pause before the first retry; it doubles.
    pub pause: Duration,
}

impl HubOptions {
    /// The options of this machine: new files go to the home's `models`; `HF_HUB_CACHE` or `HF_HOME` is the shared
    /// cache (by default `~/.cache/huggingface`); `HF_ENDPOINT`, `HF_TOKEN` (else the file at `HF_TOKEN_PATH` or
    /// `$HF_HOME/token`, where a login leaves it) and `HF_HUB_OFFLINE` are honoured.
    #[must_use]
    pub fn from_environment(home: &Home) -> Self {
        Self::from_variables(home, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    pub(super) fn from_variables(home: &Home, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let hf_home = variable("HF_HOME").map(PathBuf::from).or_else(|| {
            let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
            let cache = cache.or_else(|| Some(etcetera::home_dir().ok()?.join(".cache")));
            Some(cache?.join("huggingface"))
        });
        Self {
            models: home.models(),
            shared: variable("HF_HUB_CACHE")
                .map(PathBuf::from)
                .or_else(|| Some(hf_home.as_ref()?.join("hub"))),
            endpoint: variable("HF_ENDPOINT").unwrap_or_else(|| HUGGING_FACE.to_owned()),
            token: variable("HF_TOKEN").or_else(|| kept_token(variable, hf_home.as_deref())),
            offline: variable("HF_HUB_OFFLINE").is_some_and(|value| value != "0"),
            timeout: Duration::from_secs(30),
            pause: Duration::from_millis(500),
        }
    }
}

/// What a login left. A file that cannot be read is no login.
fn kept_token(variable: &dyn Fn(&str) -> Option<String>, hf_home: Option<&Path>) -> Option<String> {
    let path = variable("HF_TOKEN_PATH").map(PathBuf::from).or_else(|| Some(hf_home?.join("token")))?;
    let token = fs_err::read_to_string(path).ok()?.trim().to_owned();
    (!token.is_empty()).then_some(token)
}
