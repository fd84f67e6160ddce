//! The way to one language model, and who answers those questions together that may be.
//!
//! A model on this machine uses all cores, so one batch is under way at a time; a batch has one decoding, and its answers
//! are those that each prompt would get alone. A model elsewhere is asked every question side by side: one that it never
//! answers holds up no other.

mod worker;

#[cfg(test)]
mod tests;

use crate::{
    error::{AppError, AppResult},
    metrics::Metrics,
    worker::{Queue, Work, Worker, promised},
};
use lens::{Answer, Cancel, Decoding, Error, ErrorKind, Lens, Prompt, Result, prompt::PackedPrompt};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// What errors call the language model.
const SUBJECT: &str = "the language model";

/// Most prompts answered together.
const BATCH: usize = 8;

/// The way to a language model. Dropping it ends its thread after what was accepted.
#[derive(Debug)]
pub(crate) struct Batcher {
    shared: Arc<Shared>,
    /// None for a model elsewhere: there each question has a thread of its own, which waits.
    worker: Option<Worker>,
}

#[derive(Debug)]
struct Shared {
    lens: Arc<Lens>,
    metrics: Arc<Metrics>,
    queue: Queue<Job>,
}

enum Job {
    Question(Question),
    /// Anything else that needs the language model to itself.
    Work(Work),
}

/// A prompt that someone wants answered.
struct Question {
    prompt: Prompt,
    decoding: Decoding,
    /// Gets the answer as it is made.
    pieces: Option<mpsc::UnboundedSender<String>>,
    /// Raised when nobody waits any more.
    cancel: Cancel,
    reply: oneshot::Sender<AppResult<Answer>>,
}

impl Batcher {
    /// Before the language model of `lens`.
    ///
    /// # Errors
    /// `Config` without one; `Internal` when the system gives no thread.
    pub(super) fn start(lens: Arc<Lens>, metrics: Arc<Metrics>) -> Result<Self> {
        let is_elsewhere = lens.reader()?.info().remote;
        let shared = Arc::new(Shared { lens, metrics, queue: Queue::default() });
        if is_elsewhere {
            return Ok(Self { shared, worker: None });
        }
        let (to_close, to_work) = (Arc::clone(&shared), Arc::clone(&shared));
        let worker = Worker::start("reader", move || to_close.queue.close(), move || worker::run(&to_work))?;
        Ok(Self { shared, worker: Some(worker) })
    }

    /// Answers a prompt when its turn comes. `pieces` gets the answer as it is made, where the decoding streams.
    pub(crate) async fn answer(
        &self,
        prompt: PackedPrompt,
        decoding: Decoding,
        pieces: Option<mpsc::UnboundedSender<String>>,
        cancel: Cancel,
    ) -> AppResult<Answer> {
        let (reply, done) = oneshot::channel();
        self.push(Job::Question(Question { prompt: prompt.prompt, decoding, pieces, cancel, reply }))?;
        done.await.unwrap_or_else(|_| Err(broken()))
    }

    /// Runs other work of the language model when its turn comes.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Lens) -> lens::Result<T> + Send + 'static,
    ) -> AppResult<T> {
        let (work, done) = promised(work);
        self.push(Job::Work(work))?;
        match done.await {
            Ok(outcome) => outcome.map_err(|error| AppError::about(SUBJECT, &error)),
            Err(_) => Err(broken()),
        }
    }

    fn push(&self, job: Job) -> AppResult<()> {
        if self.worker.is_some() {
            self.shared.queue.push(job);
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        // How many there are at a time, the places of the requests limit.
        let thread = std::thread::Builder::new().name("asks elsewhere".to_owned());
        thread.spawn(move || worker::do_one(&shared, job)).map(|_| ()).map_err(|_| AppError::overloaded())
    }
}

/// The model panicked, or the question was left out because nobody waited for it.
fn broken() -> AppError {
    AppError::about(SUBJECT, &Error::new(ErrorKind::Internal, "language model").found("no answer"))
}
