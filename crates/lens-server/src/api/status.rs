//! Whether the server lives, works, and how much.

use crate::{error::AppError, metrics::QUESTIONS, state::AppState};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

/// The process answers.
#[utoipa::path(get, path = "/health", tag = "status", responses((status = 200, description = "alive")))]
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// The models are loaded and pictures are taken.
#[utoipa::path(get, path = "/ready", tag = "status",
    responses((status = 200, description = "ready"), (status = 503, description = "not now")))]
pub(crate) async fn ready(State(state): State<AppState>) -> Result<&'static str, AppError> {
    let why = match (state.engine().is_open(), state.has_loaded()) {
        (true, true) => return Ok("ready\n"),
        (true, false) => "the models are being loaded",
        (false, _) => "the server takes no pictures any more",
    };
    Err(AppError::new(StatusCode::SERVICE_UNAVAILABLE, why))
}

/// Numbers in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "status", responses((status = 200, description = "numbers")))]
pub(crate) async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    state.metrics().set(QUESTIONS, state.answers().taken() as f64);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.metrics().render())
}
