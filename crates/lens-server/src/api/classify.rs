//! Which of given labels fits a picture.

use super::{AppJson, PictureRef, check_chars, lacks};
use crate::{
    error::{AppError, AppResult, ErrorBody},
    state::AppState,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use lens::{Error, ErrorKind, Look, Picture};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A picture and what it may show.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClassifyRequest {
    /// As a `data:` URI: the pixels are needed.
    image: PictureRef,
    labels: Vec<String>,
    /// What the language model is asked after it read the evidence.
    #[serde(default = "question")]
    question: String,
}

fn question() -> String {
    "What is in the picture?".to_owned()
}

/// Sorts labels by CLIP and by the language model, side by side.
#[utoipa::path(post, path = "/v1/classify", tag = "lens", request_body = ClassifyRequest,
    responses((status = 200, description = "evidence, clip, llm, basis", body = Value),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn classify(
    State(state): State<AppState>,
    AppJson(request): AppJson<ClassifyRequest>,
) -> AppResult<Response> {
    check(&state, &request)?;
    let place = state.answers().place()?;
    let ClassifyRequest { image, labels, question } = request;
    // The queue looks at the picture together with others, and the store knows it afterwards.
    image.clone().see(&state, "image").await?.whole("image").await?;
    let bytes = image.bytes(&state, "image").await?;
    let limits = state.options().limits.picture;
    let sorted = state.answers().work(move |lens| {
        let look = Look::new(Picture::decode(&bytes, &limits)?);
        let sorted = lens.classify(&[look], &labels, &question)?.into_iter().next();
        sorted.ok_or_else(|| Error::new(ErrorKind::Internal, "classification").found("none"))
    });
    let response = Json(sorted.await?).into_response();
    drop(place);
    Ok(response)
}

fn check(state: &AppState, request: &ClassifyRequest) -> AppResult<()> {
    let limits = &state.options().limits;
    state.lens().embedder().map_err(|_| lacks("CLIP model"))?;
    state.lens().reader().map_err(|_| lacks("language model of its own"))?;
    if request.labels.is_empty() || request.labels.len() > limits.texts {
        return Err(AppError::bad(format!("labels: expected 1 to {}", limits.texts)));
    }
    for (index, label) in request.labels.iter().enumerate() {
        check_chars(&format!("labels[{index}]"), label, limits.text_chars)?;
    }
    check_chars("question", &request.question, limits.text_chars)
}
