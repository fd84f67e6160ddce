//! The places of the requests that want a language model or CLIP.

use super::Readers;
use crate::{
    error::{AppError, AppResult},
    metrics::{Metrics, REFUSED},
    options::ServerOptions,
};
use lens::{Lens, Result};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The language models, and how many requests may wait.
#[derive(Debug)]
pub(crate) struct Answers {
    readers: Readers,
    metrics: Arc<Metrics>,
    /// One permit for each that may wait or be answered.
    room: Arc<Semaphore>,
    places: usize,
}

impl Answers {
    /// # Errors
    /// As [`Readers::new`].
    pub(crate) fn new(lens: &Arc<Lens>, options: &ServerOptions, metrics: &Arc<Metrics>) -> Result<Self> {
        let readers = Readers::new(lens, &options.readers, metrics)?;
        let places = options.limits.answers;
        Ok(Self { readers, metrics: Arc::clone(metrics), room: Arc::new(Semaphore::new(places)), places })
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    /// A place, given back when dropped.
    pub(crate) fn place(&self) -> AppResult<OwnedSemaphorePermit> {
        Arc::clone(&self.room).try_acquire_owned().map_err(|_| {
            self.metrics.add(REFUSED, "", 1.0);
            AppError::overloaded()
        })
    }

    /// How many places are taken.
    pub(crate) fn taken(&self) -> usize {
        self.places.saturating_sub(self.room.available_permits())
    }
}
