//! How a request names a picture, and how its bytes come.

mod address;
mod files;
mod remote;

#[cfg(test)]
mod tests;

use crate::{
    error::{AppError, AppResult},
    options::ServerOptions,
    state::AppState,
};
use axum::body::Bytes;
use files::MediaRoot;
use lens::{
    Result,
    image::{Limits, Source},
};
use remote::Remote;

/// Where pictures may come from.
#[derive(Debug)]
pub(crate) struct Pictures {
    limits: Limits,
    files: Option<MediaRoot>,
    remote: Option<Remote>,
}

/// What stands before the colon of a name.
enum Kind {
    Data,
    Web,
    Path,
    Other,
}

impl Pictures {
    /// What the options allow: always `data:` URIs.
    pub(crate) fn new(options: &ServerOptions) -> Result<Self> {
        let limits = options.limits.picture;
        let files = options.media_root.as_deref().map(MediaRoot::open).transpose()?;
        let remote = options.remote_images.clone().map(|options| Remote::new(options, limits.bytes));
        Ok(Self { limits, files, remote })
    }

    /// The encoded picture that `name` stands for: a `data:` URI, a URL, or a path beneath the folder of pictures.
    /// `subject` is the place of the name in the request.
    pub(crate) async fn bytes(state: &AppState, name: String, subject: &str) -> AppResult<Bytes> {
        let subject = subject.to_owned();
        if let (Kind::Web, Some(remote)) = (Kind::of(&name), &state.pictures().remote) {
            return remote.get(&name, &subject).await;
        }
        state.blocking(move |state| state.pictures().near(name, &subject)).await
    }

    /// Bytes that no connection is needed for.
    fn near(&self, name: String, subject: &str) -> AppResult<Bytes> {
        match (Kind::of(&name), &self.files) {
            (Kind::Data, _) => {
                let read = Source::DataUri(name.into()).read(&self.limits);
                read.map(Bytes::from).map_err(|error| AppError::about(subject, &error))
            }
            (Kind::Path, Some(files)) => files.read(&name, subject, &self.limits),
            _ => Err(AppError::bad(format!("{subject}: expected {}", self.expected()))),
        }
    }

    fn expected(&self) -> String {
        let mut forms = vec!["data:image/...;base64,..."];
        forms.extend(self.files.as_ref().map(|_| "a path in the folder of pictures of this server"));
        forms.extend(self.remote.as_ref().map(|_| "an http: or https: URL"));
        let unfetched = if self.remote.is_some() { "" } else { "; this server does not fetch pictures" };
        format!("{}{unfetched}", forms.join(", or "))
    }
}

impl Kind {
    fn of(name: &str) -> Self {
        let Some((scheme, _)) = name.split_once(':') else { return Self::Path };
        match scheme.to_ascii_lowercase().as_str() {
            "data" => Self::Data,
            "http" | "https" => Self::Web,
            _ => Self::Other,
        }
    }
}
