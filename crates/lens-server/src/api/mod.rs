//! The routes.

pub(crate) mod about;
pub(crate) mod ask;
pub(crate) mod chat;
pub(crate) mod classify;
pub(crate) mod embeddings;
pub(crate) mod evidence;
pub(crate) mod models;
pub(crate) mod status;
pub(crate) mod views;

mod body;
mod picture;

pub(crate) use body::{AppBytes, AppJson, refused};
pub(crate) use picture::PictureRef;

use crate::error::{AppError, AppResult};
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::sse::Event,
};
use serde::Serialize;

/// Whether the client wants events as things become known.
fn wants_events(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|types| types.contains("text/event-stream"))
}

/// A server-sent event with JSON. Everything sent here has a form in JSON; a score that is no number ends the
/// evidence before.
fn event(name: &str, data: &impl Serialize) -> Event {
    Event::default().event(name).data(serde_json::to_string(data).unwrap_or_default())
}

/// Refuses a text of more than `most` characters.
pub(crate) fn check_chars(subject: &str, text: &str, most: usize) -> AppResult<()> {
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(AppError::bad(format!("{subject}: at most {most} characters")))
}

/// This server lacks a part that the route needs.
pub(crate) fn lacks(part: &str) -> AppError {
    AppError::new(
        StatusCode::NOT_IMPLEMENTED,
        format!("this server has no {part}; start it with a preset that has"),
    )
}
