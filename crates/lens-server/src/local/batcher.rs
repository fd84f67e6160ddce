//! The queue before one language model, and the thread that answers those together that may be.
//!
//! A model uses all cores, so one batch is under way at a time. A batch has one decoding; its answers are those that
//! each prompt would get alone.

mod worker;

#[cfg(test)]
mod tests;

use crate::{
    error::{AppError, AppResult},
    metrics::Metrics,
};
use lens::{Answer, Cancel, Decoding, Error, ErrorKind, Lens, Prompt, Result, prompt::PackedPrompt};
use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};
use tokio::sync::{mpsc, oneshot};

/// What errors call the language model.
const SUBJECT: &str = "the language model";

/// Most prompts answered together.
const BATCH: usize = 8;

/// The queue and its thread. Dropping it ends the thread after what was accepted.
#[derive(Debug)]
pub(crate) struct Batcher {
    shared: Arc<Shared>,
    worker: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    lens: Arc<Lens>,
    metrics: Arc<Metrics>,
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Job>,
    closed: bool,
}

enum Job {
    Question(Question),
    /// Anything else that needs the language model to itself.
    Work(Box<dyn FnOnce(&Lens) + Send>),
}

/// A prompt that someone wants answered.
#[derive(Debug)]
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
    /// Starts the thread.
    ///
    /// # Errors
    /// `Internal` when the system gives none.
    pub(super) fn start(lens: Arc<Lens>, metrics: Arc<Metrics>) -> Result<Self> {
        let shared = Arc::new(Shared { lens, metrics, queue: Mutex::default(), wake: Condvar::new() });
        let own = Arc::clone(&shared);
        let worker = std::thread::Builder::new().name("reader".to_owned()).spawn(move || worker::run(&own));
        let worker = worker
            .map_err(|error| Error::new(ErrorKind::Internal, "the thread that answers").because(error))?;
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
        let question = Question { prompt: prompt.prompt, decoding, pieces, cancel, reply };
        self.shared.push(Job::Question(question));
        done.await.unwrap_or_else(|_| Err(broken()))
    }

    /// Runs other work of the language model when its turn comes.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Lens) -> lens::Result<T> + Send + 'static,
    ) -> AppResult<T> {
        let (reply, done) = oneshot::channel();
        // Nobody may wait any more.
        self.shared.push(Job::Work(Box::new(move |lens| _ = reply.send(work(lens)))));
        match done.await {
            Ok(outcome) => outcome.map_err(|error| AppError::about(SUBJECT, &error)),
            Err(_) => Err(broken()),
        }
    }
}

impl Drop for Batcher {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.wake.notify_all();
        if let Some(worker) = self.worker.take() {
            // The thread catches the panics of models; one of its own was already printed.
            _ = worker.join();
        }
    }
}

impl Shared {
    fn push(&self, job: Job) {
        self.queue().waiting.push_back(job);
        self.wake.notify_all();
    }

    /// A panic elsewhere leaves the queue whole: each change is one call.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Question(question) => question.fmt(f),
            Self::Work(_) => f.write_str("Work"),
        }
    }
}

/// The model panicked, or the question was left out because nobody waited for it.
fn broken() -> AppError {
    AppError::about(SUBJECT, &Error::new(ErrorKind::Internal, "language model").found("no answer"))
}
