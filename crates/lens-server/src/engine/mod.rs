//! Eyes for many callers: one thread looks, requests wait.
//!
//! Pictures stand in one bounded queue and are looked at in batches. A picture that is already on its way is not
//! queued again, one that nobody waits for any more is left out, and one that was seen before is not looked at.

mod flight;
mod recent;
mod worker;

#[cfg(test)]
mod tests;

pub(crate) use flight::{Flight, Progress};

use crate::{
    error::AppError,
    metrics::{EVIDENCE, Metrics, QUEUE, REFUSED},
    options::ServerLimits,
};
use axum::body::Bytes;
use lens::{Evidence, Lens, evidence::hex};
use recent::Recent;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};
use tokio::sync::watch;

/// The engine. Dropping it ends its thread after the pictures that were accepted.
#[derive(Debug)]
pub(crate) struct Engine {
    shared: Arc<Shared>,
    worker: Option<JoinHandle<()>>,
}

/// What callers and the thread share.
#[derive(Debug)]
struct Shared {
    lens: Arc<Lens>,
    limits: ServerLimits,
    metrics: Arc<Metrics>,
    queue: Mutex<Queue>,
    wake: Condvar,
    recent: Mutex<Recent>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Not begun, in the order in which they came.
    waiting: VecDeque<Arc<Flight>>,
    /// Not finished, by the picture's hash.
    flights: HashMap<String, Arc<Flight>>,
    closed: bool,
}

/// Evidence that is there or comes.
#[derive(Debug, Clone)]
pub(crate) enum Sight {
    Known(Arc<Evidence>),
    Coming(watch::Receiver<Progress>),
}

impl Engine {
    /// Starts the thread.
    pub(crate) fn start(lens: Arc<Lens>, limits: ServerLimits, metrics: Arc<Metrics>) -> io::Result<Self> {
        let recent = Mutex::new(Recent::new(limits.recent));
        let (queue, wake) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { lens, limits, metrics, queue, wake, recent });
        let own = Arc::clone(&shared);
        let worker = std::thread::Builder::new().name("eyes".to_owned()).spawn(move || worker::run(&own))?;
        Ok(Self { shared, worker: Some(worker) })
    }

    /// Asks for the evidence of an encoded picture. Hashes it and may read the store: not for the event loop.
    pub(crate) fn see(&self, bytes: Bytes) -> Result<Sight, AppError> {
        let sha256 = hex(&Sha256::digest(&bytes));
        match self.recall(&sha256) {
            Some(evidence) => Ok(Sight::Known(evidence)),
            None => self.shared.board(sha256, bytes),
        }
    }

    /// What is known of the picture with this hash. May read the store: not for the event loop.
    pub(crate) fn recall(&self, sha256: &str) -> Option<Arc<Evidence>> {
        if let Some(evidence) = self.shared.recent().get(sha256) {
            self.shared.metrics.add(EVIDENCE, "source=\"memory\"", 1.0);
            return Some(evidence);
        }
        let evidence = Arc::new(self.shared.lens.recall(sha256)?);
        self.shared.metrics.add(EVIDENCE, "source=\"store\"", 1.0);
        self.shared.recent().put(Arc::clone(&evidence));
        Some(evidence)
    }

    /// Whether it still takes pictures.
    pub(crate) fn is_open(&self) -> bool {
        !self.shared.queue().closed && self.worker.as_ref().is_some_and(|worker| !worker.is_finished())
    }
}

impl Drop for Engine {
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
    /// Joins the flight of the picture, or puts it in the queue.
    fn board(&self, sha256: String, bytes: Bytes) -> Result<Sight, AppError> {
        let mut queue = self.queue();
        if let Some(flight) = queue.flights.get(&sha256) {
            return Ok(Sight::Coming(flight.watch()));
        }
        // It may have landed since the caller looked.
        if let Some(evidence) = self.recent().get(&sha256) {
            return Ok(Sight::Known(evidence));
        }
        if queue.closed || queue.waiting.len() >= self.limits.queue {
            self.metrics.add(REFUSED, "", 1.0);
            return Err(AppError::overloaded());
        }
        let (flight, progress) = Flight::new(sha256, bytes);
        let flight = Arc::new(flight);
        queue.flights.insert(flight.sha256.clone(), Arc::clone(&flight));
        queue.waiting.push_back(flight);
        self.metrics.set(QUEUE, queue.waiting.len() as f64);
        self.wake.notify_all();
        Ok(Sight::Coming(progress))
    }

    /// A panic elsewhere leaves the queue whole: each change is one call.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sight {
    /// Waits for the whole evidence. `subject` is the client's name of the picture.
    pub(crate) async fn whole(self, subject: &str) -> Result<Arc<Evidence>, AppError> {
        let mut progress = match self {
            Self::Known(evidence) => return Ok(evidence),
            Self::Coming(progress) => progress,
        };
        let landed = progress.wait_for(|progress| progress.outcome.is_some()).await;
        let outcome = landed.ok().and_then(|progress| progress.outcome.clone());
        match outcome {
            Some(Ok(evidence)) => Ok(evidence),
            Some(Err(error)) => Err(AppError::about(subject, &error)),
            None => Err(AppError::overloaded()),
        }
    }
}
