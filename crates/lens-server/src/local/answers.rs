//! The way to the language models.

use super::{Readers, batcher::Batcher};
use crate::{
    error::{AppError, AppResult},
    metrics::{Metrics, REFUSED},
    options::ServerOptions,
};
use lens::{Lens, Result};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The language models, and how many requests may wait for them.
#[derive(Debug)]
pub(crate) struct Answers {
    readers: Readers,
    /// The pipeline's other work takes turns with its language model.
    own: Arc<Batcher>,
    metrics: Arc<Metrics>,
    /// One permit for each that may wait or be answered.
    room: Arc<Semaphore>,
}

impl Answers {
    /// # Errors
    /// As [`Readers::new`].
    pub(crate) fn new(lens: &Arc<Lens>, options: &ServerOptions, metrics: &Arc<Metrics>) -> Result<Self> {
        let own = Arc::new(Batcher::start(Arc::clone(lens), Arc::clone(metrics))?);
        let readers = Readers::new(lens, &own, &options.readers, metrics)?;
        let room = Arc::new(Semaphore::new(options.limits.answers));
        Ok(Self { readers, own, metrics: Arc::clone(metrics), room })
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

    /// Runs other work of the pipeline's models when its turn comes.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Lens) -> lens::Result<T> + Send + 'static,
    ) -> AppResult<T> {
        self.own.work(work).await
    }
}
