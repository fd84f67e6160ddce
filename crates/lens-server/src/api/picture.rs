//! How a request names a picture.

use crate::{
    engine::Sight,
    error::{AppError, AppResult},
    fetch::Pictures,
    state::AppState,
};
use axum::{body::Bytes, http::StatusCode};
use lens::Evidence;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A picture: `data:image/...;base64,...`, `sha256:...` for one that this server has seen, and where the server
/// allows it a path in its folder of pictures or a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct PictureRef(pub(crate) String);

impl PictureRef {
    /// The evidence, known or coming.
    pub(crate) async fn see(self, state: &AppState, subject: &str) -> AppResult<Sight> {
        if let Some(sha256) = self.hash() {
            let sha256 = sha256.to_owned();
            return state.blocking(move |state| recall(state, &sha256).map(Sight::Known)).await;
        }
        let bytes = self.bytes(state, subject).await?;
        state.blocking(move |state| state.engine().see(bytes)).await
    }

    /// The encoded picture.
    pub(crate) async fn bytes(self, state: &AppState, subject: &str) -> AppResult<Bytes> {
        Pictures::bytes(state, self.0, subject).await
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
