//! Answers of the server's own language models.
//!
//! Pictures became evidence before; here questions become prompts, prompts answers, and answers one of two dialects.

mod answers;
mod anthropic;
mod batcher;
mod chat;
mod openai;
mod prompt;
mod readers;
mod speak;

pub(crate) use answers::Answers;
pub(crate) use chat::{Chat, Dialect};
pub(crate) use prompt::prompt_for;
pub(crate) use readers::{Reader, Readers};
pub(crate) use speak::speak;

use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use lens::Cancel;
use std::convert::Infallible;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::UnboundedReceiverStream};

/// Raises the flag when the caller is gone: an answer that nobody hears is not made to its end.
pub(crate) struct Hangup(pub(crate) Cancel);

impl Drop for Hangup {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// Sends events as they come. `hangup` lives as long as the client listens.
pub(crate) fn stream(events: mpsc::UnboundedReceiver<Event>, hangup: Hangup) -> Response {
    let events = UnboundedReceiverStream::new(events).map(move |event| {
        let _held = &hangup;
        Ok::<_, Infallible>(event)
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}
