//! Answers of the server's own language models.
//!
//! A model makes one answer at a time. Others wait in the order in which they came, up to a bound.

mod anthropic;
mod chat;
mod openai;
mod prompt;
mod readers;
mod speak;

pub(crate) use chat::{Chat, Dialect};
pub(crate) use prompt::prompt_for;
pub(crate) use readers::{Reader, Readers};
pub(crate) use speak::speak;

use crate::{
    error::{AppError, AppResult},
    metrics::{Metrics, REFUSED},
    options::ServerOptions,
};
use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use lens::{Answer, Cancel, Decoding, Error, ErrorKind, Lens, Result, prompt::PackedPrompt};
use std::{convert::Infallible, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::{StreamExt, wrappers::UnboundedReceiverStream};

/// The way to the language models.
#[derive(Debug)]
pub(crate) struct Answers {
    lens: Arc<Lens>,
    readers: Readers,
    metrics: Arc<Metrics>,
    /// One permit for each that may wait or be answered.
    room: Arc<Semaphore>,
    /// The pipeline's other work takes turns with its language model.
    turn: Arc<Semaphore>,
}

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

impl Answers {
    /// # Errors
    /// As [`Readers::new`].
    pub(crate) fn new(lens: Arc<Lens>, options: &ServerOptions, metrics: Arc<Metrics>) -> Result<Self> {
        let readers = Readers::new(&lens, &options.readers)?;
        let room = Arc::new(Semaphore::new(options.limits.answers));
        let turn = readers.own().map_or_else(|| Arc::new(Semaphore::new(1)), |own| Arc::clone(&own.turn));
        Ok(Self { lens, readers, metrics, room, turn })
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    /// A place in the queue, given back when dropped.
    pub(crate) fn place(&self) -> AppResult<OwnedSemaphorePermit> {
        Arc::clone(&self.room).try_acquire_owned().map_err(|_| {
            self.metrics.add(REFUSED, "", 1.0);
            AppError::overloaded()
        })
    }

    /// Answers a prompt when the reader's turn comes. `pieces` gets the answer as it is made, where the decoding streams.
    pub(crate) async fn answer(
        reader: Arc<Reader>,
        prompt: PackedPrompt,
        decoding: Decoding,
        pieces: Option<mpsc::UnboundedSender<String>>,
        cancel: Cancel,
    ) -> AppResult<Answer> {
        let turn = take(&reader.turn).await?;
        let answer = move || {
            let _turn = turn;
            let mut hear = |_: usize, piece: &str| {
                if pieces.as_ref().is_some_and(|pieces| pieces.send(piece.to_owned()).is_err()) {
                    cancel.raise();
                }
            };
            let answers = reader.lens.reader()?.answer(&[prompt.prompt], &decoding, &mut hear, &cancel)?;
            answers.into_iter().next().ok_or_else(|| {
                Error::new(ErrorKind::Internal, "language model").expected("an answer").found("none")
            })
        };
        run(answer).await
    }

    /// Runs other work of the pipeline's models when its turn comes.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Lens) -> lens::Result<T> + Send + 'static,
    ) -> AppResult<T> {
        let turn = take(&self.turn).await?;
        let lens = Arc::clone(&self.lens);
        run(move || {
            let _turn = turn;
            work(&lens)
        })
        .await
    }
}

async fn take(turn: &Arc<Semaphore>) -> AppResult<OwnedSemaphorePermit> {
    // The semaphore is never closed.
    Arc::clone(turn).acquire_owned().await.map_err(|_| AppError::overloaded())
}

async fn run<T: Send + 'static>(work: impl FnOnce() -> lens::Result<T> + Send + 'static) -> AppResult<T> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::Internal, "language model").found("a panic").because(error))
    });
    done.map_err(|error| AppError::about("the language model", &error))
}
