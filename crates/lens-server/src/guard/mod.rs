//! What stands before every route: who calls, by which name, from which page, and for how long.

mod access;
mod caller;

pub(crate) use access::access;
pub(crate) use caller::caller;

use crate::{
    error::AppError,
    metrics::{REQUEST_SECONDS, REQUESTS},
    state::AppState,
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::time::Instant;

/// Counts and times requests, ends those that take too long, and refuses bodies that say they are too large.
pub(crate) async fn bounds(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let limits = &state.options().limits;
    let response = if declared_length(request.headers()).is_some_and(|bytes| bytes > limits.body_bytes as u64)
    {
        AppError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body: at most {} bytes", limits.body_bytes))
            .into_response()
    } else {
        match tokio::time::timeout(limits.answer_time, next.run(request)).await {
            Ok(response) => response,
            Err(_) => AppError::new(StatusCode::GATEWAY_TIMEOUT, "the answer took too long").into_response(),
        }
    };
    let labels = format!("route=\"{route}\",status=\"{}\"", response.status().as_u16());
    state.metrics().add(REQUESTS, &labels, 1.0);
    state.metrics().observe(REQUEST_SECONDS, &format!("route=\"{route}\""), start.elapsed().as_secs_f64());
    response
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    text(headers, &header::CONTENT_LENGTH)?.parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
