//! How a request names a picture.

use crate::{
    engine::Sight,
    error::{AppError, AppResult},
    state::AppState,
};
use axum::{body::Bytes, http::StatusCode};
use lens::{Evidence, image::Source};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A picture: `data:image/...;base64,...`, or `sha256:...` for one that this server has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct PictureRef(pub(crate) String);

impl PictureRef {
    /// The evidence, known or coming.
    pub(crate) async fn see(self, state: &AppState, subject: &str) -> AppResult<Sight> {
        let subject = subject.to_owned();
        state
            .blocking(move |state| match self.hash() {
                Some(sha256) => recall(state, sha256).map(Sight::Known),
                None => state.engine().see(self.bytes(state, &subject)?),
            })
            .await
    }

    /// The encoded picture. Decodes base64: not for the event loop.
    pub(crate) fn bytes(&self, state: &AppState, subject: &str) -> AppResult<Bytes> {
        if !self.0.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
            return Err(AppError::bad(format!("{subject}: expected data:image/...;base64,...")));
        }
        let read = Source::DataUri(self.0.as_str().into()).read(&state.options().limits.picture);
        read.map(Bytes::from).map_err(|error| AppError::about(subject, &error))
    }

    fn hash(&self) -> Option<&str> {
        self.0.strip_prefix("sha256:")
    }
}

/// The evidence of a picture that was seen before. May read the store: not for the event loop.
pub(crate) fn recall(state: &AppState, sha256: &str) -> AppResult<Arc<Evidence>> {
    state.engine().recall(sha256).ok_or_else(|| {
        AppError::new(
            StatusCode::NOT_FOUND,
            "this server knows no picture with this SHA-256; send the picture",
        )
    })
}
