//! What this server can do, for a program that offers it to a person.

use crate::state::AppState;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

/// What looks, what answers, and how much is taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct About {
    /// The modules that look, in their order.
    modules: Vec<String>,
    /// The language models that `POST /v1/ask` takes as `llm`; the first answers when none is named.
    llms: Vec<String>,
    /// Most bytes of a picture.
    picture_bytes: u64,
    /// Most characters of a question.
    question_characters: usize,
}

/// Modules, language models and limits.
#[utoipa::path(get, path = "/v1/about", tag = "status", responses((status = 200, description = "about this server", body = About)))]
pub(crate) async fn about(State(state): State<AppState>) -> Json<About> {
    let limits = &state.options().limits;
    Json(About {
        modules: state.lens().modules().map(|module| module.name().to_owned()).collect(),
        llms: state.answers().readers().infos().map(|info| info.name.clone()).collect(),
        picture_bytes: limits.picture.bytes,
        question_characters: limits.text_chars,
    })
}
