//! One picture on its way through the engine.

use axum::body::Bytes;
use lens::{Error, Evidence};
use std::sync::Arc;
use tokio::sync::watch;

/// A picture that someone waits for.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) sha256: String,
    pub(crate) bytes: Bytes,
    progress: watch::Sender<Progress>,
}

/// How far it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// The modules that have looked, in order.
    pub(crate) seen: Vec<Seen>,
    /// The end.
    pub(crate) outcome: Option<Result<Arc<Evidence>, Arc<Error>>>,
}

/// A module that has looked.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) module: String,
    /// The record with everything up to this module.
    pub(crate) record: Arc<Evidence>,
}

impl Flight {
    pub(crate) fn new(sha256: String, bytes: Bytes) -> (Self, watch::Receiver<Progress>) {
        let (progress, watch) = watch::channel(Progress::default());
        (Self { sha256, bytes, progress }, watch)
    }

    /// One more that waits.
    pub(crate) fn watch(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Whether nobody waits any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.progress.receiver_count() == 0
    }

    pub(crate) fn module_has_looked(&self, module: &str, record: &Evidence) {
        // A batch that failed is looked at again one by one; a module is told of once.
        self.progress.send_if_modified(|progress| {
            let new = progress.seen.iter().all(|seen| seen.module != module);
            if new {
                progress.seen.push(Seen { module: module.to_owned(), record: Arc::new(record.clone()) });
            }
            new
        });
    }

    pub(crate) fn land(&self, outcome: Result<Arc<Evidence>, Arc<Error>>) {
        self.progress.send_modify(|progress| progress.outcome = Some(outcome));
    }
}
