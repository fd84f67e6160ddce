//! Which of given labels fits a picture.

use super::{AppJson, PictureRef, check_chars, lacks};
use crate::{
    error::{AppError, AppResult, ErrorBody},
    local::Hangup,
    state::AppState,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use lens::{Cancel, Classification, Error, ErrorKind, Lens, Look, Picture};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
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
    // The queue looks at the picture together with others.
    let evidence = image.clone().see(&state, "image").await?.whole("image").await?;
    let bytes = image.bytes(&state, "image").await?;
    let (limits, texts) = (state.options().limits.picture, labels.clone());
    let by_clip = move |lens: &Lens| {
        let scores = lens.clip_scores(&[Look::new(Picture::decode(&bytes, &limits)?)], &texts)?;
        scores
            .into_iter()
            .next()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "classification").found("none"))
    };
    let clip = state.encoder().work("image", by_clip).await?;
    let cancel = Cancel::new();
    let _hangup = Hangup(cancel.clone());
    let read = Arc::clone(&evidence);
    let by_reader = move |lens: &Lens| lens.reader_scores(&read, &labels, &question, &cancel);
    let (llm, basis) = state.answers().readers().find(None)?.batcher.work(by_reader).await?;
    drop(place);
    let evidence = Arc::unwrap_or_clone(evidence);
    Ok(Json(Classification { evidence, clip, llm, basis }).into_response())
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
