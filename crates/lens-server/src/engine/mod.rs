//! Eyes for many callers: some threads decode, one looks, requests wait.
//!
//! Pictures stand in one bounded queue, are decoded and prepared while others are looked at, and are looked at in batches.
//! A picture that is already on its way is not queued again, one that nobody waits for any more is left out, and one that
//! was seen before is not looked at.

mod decode;
mod eyes;
mod flight;
mod recent;

#[cfg(test)]
mod tests;

pub(crate) use flight::{Flight, Progress};

use crate::{
    error::{AppError, AppResult},
    metrics::{ABANDONED, EVIDENCE, Metrics, QUEUE, REFUSED},
    options::ServerLimits,
    worker::Worker,
};
use axum::body::Bytes;
use decode::Decoded;
use lens::{Evidence, Lens, Picture, Result, evidence::hex};
use recent::Recent;
use std::{
    collections::{HashMap, VecDeque},
    num::NonZero,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// Most threads that decode: each holds a picture.
const DECODERS: usize = 4;

/// The engine. Dropping it ends its threads after the pictures that were accepted.
#[derive(Debug)]
pub(crate) struct Engine {
    shared: Arc<Shared>,
    eyes: Worker,
    _decoders: Vec<Worker>,
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

/// The stations of a picture: waiting, being decoded, decoded; then it is looked at.
#[derive(Debug, Default)]
struct Queue {
    /// Not begun, in the order in which they came.
    waiting: VecDeque<Arc<Flight>>,
    /// Pictures that are being decoded.
    decoding: usize,
    decoded: VecDeque<Decoded>,
    /// Pixels of all that is decoded.
    pixels: u64,
    /// Not finished, by the picture's hash.
    flights: HashMap<String, Arc<Flight>>,
    closed: bool,
}

impl Queue {
    /// Pictures that are not yet looked at.
    fn len(&self) -> usize {
        self.waiting.len() + self.decoding + self.decoded.len()
    }

    /// Whether nothing more will be decoded.
    fn is_done(&self) -> bool {
        self.closed && self.waiting.is_empty() && self.decoding == 0
    }
}

/// Evidence that is there or comes.
#[derive(Debug, Clone)]
pub(crate) enum Sight {
    Known(Arc<Evidence>),
    Coming(watch::Receiver<Progress>),
}

impl Engine {
    /// Starts the threads.
    ///
    /// # Errors
    /// `Internal` when the system gives none.
    pub(crate) fn start(lens: Arc<Lens>, limits: ServerLimits, metrics: Arc<Metrics>) -> Result<Self> {
        let recent = Mutex::new(Recent::new(limits.recent, limits.recent_bytes));
        let (queue, wake) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { lens, limits, metrics, queue, wake, recent });
        let start = |name: &str, run: fn(&Shared)| {
            let (to_close, to_run) = (Arc::clone(&shared), Arc::clone(&shared));
            Worker::start(name, move || to_close.close(), move || run(&to_run))
        };
        let decoders = std::thread::available_parallelism().map_or(1, NonZero::get).min(DECODERS);
        let decoders = (0..decoders).map(|_| start("decoder", decode::run)).collect::<Result<_>>()?;
        Ok(Self { eyes: start("eyes", eyes::run)?, _decoders: decoders, shared })
    }

    /// Asks for the evidence of an encoded picture. Hashes it and may read the store: not for the event loop.
    pub(crate) fn see(&self, bytes: Bytes) -> AppResult<Sight> {
        let sha256 = hex(&Picture::sha256_of(&bytes));
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
        let evidence = Arc::new(self.shared.lens.recall(sha256, None)?);
        self.shared.metrics.add(EVIDENCE, "source=\"store\"", 1.0);
        self.shared.recent().put(Arc::clone(&evidence));
        Some(evidence)
    }

    /// Whether it still takes pictures.
    pub(crate) fn is_open(&self) -> bool {
        !self.shared.queue().closed && self.eyes.is_working()
    }
}

impl Shared {
    /// Joins the flight of the picture, or puts it in the queue.
    fn board(&self, sha256: String, bytes: Bytes) -> AppResult<Sight> {
        let mut queue = self.queue();
        if let Some(flight) = queue.flights.get(&sha256) {
            return Ok(Sight::Coming(flight.watch()));
        }
        // It may have landed since the caller looked.
        if let Some(evidence) = self.recent().get(&sha256) {
            return Ok(Sight::Known(evidence));
        }
        if queue.closed || queue.len() >= self.limits.queue {
            self.metrics.add(REFUSED, "", 1.0);
            return Err(AppError::overloaded());
        }
        let (flight, progress) = Flight::new(sha256, bytes);
        let flight = Arc::new(flight);
        queue.flights.insert(flight.sha256.clone(), Arc::clone(&flight));
        queue.waiting.push_back(flight);
        self.changed(&queue);
        Ok(Sight::Coming(progress))
    }

    /// Nothing is taken any more.
    fn close(&self) {
        self.queue().closed = true;
        self.wake.notify_all();
    }

    /// Tells the threads and the metrics.
    fn changed(&self, queue: &Queue) {
        self.metrics.set(QUEUE, queue.len() as f64);
        self.wake.notify_all();
    }

    /// Ends a flight. The record is remembered before the flight leaves the list, so that at any time one of the two is
    /// found.
    fn land(&self, flight: &Flight, outcome: Result<Evidence>) {
        let outcome = outcome.map(Arc::new).map_err(Arc::new);
        if let Ok(record) = &outcome {
            self.recent().put(Arc::clone(record));
        }
        self.queue().flights.remove(&flight.sha256);
        flight.land(outcome);
    }

    /// Takes the next that someone still waits for.
    fn next_wanted(&self, queue: &mut Queue) -> Option<Arc<Flight>> {
        while let Some(flight) = queue.waiting.pop_front() {
            if !self.is_abandoned(&flight, queue) {
                return Some(flight);
            }
        }
        None
    }

    /// Whether nobody waits for it any more; then its flight is over.
    fn is_abandoned(&self, flight: &Flight, queue: &mut Queue) -> bool {
        let abandoned = flight.is_abandoned();
        if abandoned {
            queue.flights.remove(&flight.sha256);
            self.metrics.add(ABANDONED, "", 1.0);
        }
        abandoned
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
    pub(crate) async fn whole(self, subject: &str) -> AppResult<Arc<Evidence>> {
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
