//! The way to CLIP for requests that want its vectors, or what it takes of a picture, and no evidence.
//!
//! Pictures of all requests stand in one queue and are embedded together; a vector has the same bits in any batch.

#[cfg(test)]
mod tests;

use crate::{
    error::{AppError, AppResult},
    options::ServerLimits,
    worker::{Queue, Work, Worker, promised},
};
use axum::body::Bytes;
use lens::{Error, ErrorKind, Lens, Look, Picture, Result};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use tokio::sync::oneshot;

/// The queue and its thread. Dropping it ends the thread after what was accepted.
#[derive(Debug)]
pub(crate) struct Encoder {
    queue: Arc<Queue<Job>>,
    _worker: Worker,
}

enum Job {
    Picture(Encoded),
    Work(Work),
}

/// An encoded picture whose vector someone wants.
struct Encoded {
    bytes: Bytes,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<Vec<f32>>>;

/// A vector that comes.
#[derive(Debug)]
pub(crate) struct Promise(oneshot::Receiver<Result<Vec<f32>>>);

impl Encoder {
    /// # Errors
    /// `Internal` when the system gives no thread.
    pub(crate) fn start(lens: Arc<Lens>, limits: &ServerLimits) -> Result<Self> {
        let queue = Arc::new(Queue::default());
        let (to_close, to_read) = (Arc::clone(&queue), Arc::clone(&queue));
        let limits = limits.clone();
        let run = move || run(&lens, &to_read, &limits);
        let worker = Worker::start("encoder", move || to_close.close(), run)?;
        Ok(Self { queue, _worker: worker })
    }

    /// Asks for the vector of an encoded picture.
    pub(crate) fn embed(&self, bytes: Bytes) -> Promise {
        let (reply, vector) = oneshot::channel();
        self.queue.push(Job::Picture(Encoded { bytes, reply }));
        Promise(vector)
    }

    /// Runs other work when its turn comes. `subject` is what errors call its object.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        subject: &str,
        work: impl FnOnce(&Lens) -> Result<T> + Send + 'static,
    ) -> AppResult<T> {
        let (work, outcome) = promised(work);
        self.queue.push(Job::Work(work));
        outcome.await.unwrap_or_else(|_| Err(broken())).map_err(|error| AppError::about(subject, &error))
    }
}

impl Promise {
    /// Waits for it. `subject` is the client's name of the picture.
    pub(crate) async fn kept(self, subject: &str) -> AppResult<Vec<f32>> {
        self.0.await.unwrap_or_else(|_| Err(broken())).map_err(|error| AppError::about(subject, &error))
    }
}

/// The model panicked.
fn broken() -> Error {
    Error::new(ErrorKind::Internal, "CLIP model").found("no result")
}

fn run(lens: &Lens, queue: &Queue<Job>, limits: &ServerLimits) {
    while let Some(job) = queue.next() {
        match job {
            Job::Work(work) => _ = catch_unwind(AssertUnwindSafe(|| work(lens))),
            Job::Picture(first) => {
                let looks = decoded(queue, first, limits);
                embed(lens, looks);
            }
        }
    }
}

/// The picture and those right behind it, as many as fit the budget. One that cannot be decoded is answered at once, and
/// one that nobody waits for is left out.
fn decoded(queue: &Queue<Job>, first: Encoded, limits: &ServerLimits) -> Vec<(Look, Reply)> {
    let (mut looks, mut pixels, mut next) = (Vec::new(), 0, Some(first));
    while let Some(Encoded { bytes, reply }) = next {
        if !reply.is_closed() {
            match Picture::decode(&bytes, &limits.picture) {
                Ok(picture) => {
                    pixels += u64::from(picture.width()) * u64::from(picture.height());
                    looks.push((Look::new(picture), reply));
                }
                Err(error) => _ = reply.send(Err(error)),
            }
        }
        let room = looks.len() < limits.batch && pixels < limits.batch_pixels;
        next = match room.then(|| queue.next_if(|job| matches!(job, Job::Picture(_)))) {
            Some(Some(Job::Picture(picture))) => Some(picture),
            _ => None,
        };
    }
    looks
}

/// When a batch fails, each picture gets a try of its own, so that one cannot spoil the others.
fn embed(lens: &Lens, mut batch: Vec<(Look, Reply)>) {
    let looks: Vec<Look> = batch.iter().map(|(look, _)| look.clone()).collect();
    let embed = || lens.embedder()?.embed_looks(&looks);
    match catch_unwind(AssertUnwindSafe(embed)).unwrap_or_else(|_| Err(broken())) {
        Ok(vectors) => {
            for ((_, reply), vector) in batch.into_iter().zip(vectors) {
                // Nobody may wait any more.
                _ = reply.send(Ok(vector.to_vec()));
            }
        }
        Err(_) if batch.len() > 1 => batch.into_iter().for_each(|one| self::embed(lens, vec![one])),
        Err(error) => _ = batch.pop().map(|(_, reply)| reply.send(Err(error))),
    }
}
