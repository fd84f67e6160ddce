//! What all handlers share.

use crate::{
    encoder::Encoder,
    engine::Engine,
    error::{AppError, AppResult},
    fetch::Pictures,
    local::Answers,
    metrics::Metrics,
    options::ServerOptions,
    proxy::Proxy,
    rewrite::Blocks,
};
use lens::{Error, ErrorKind, Lens, Look, Picture, Result};
use std::{
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Semaphore;

/// The parts of a server. Clones share them.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    lens: Arc<Lens>,
    options: ServerOptions,
    metrics: Arc<Metrics>,
    engine: Engine,
    encoder: Encoder,
    blocks: Blocks,
    answers: Answers,
    pictures: Pictures,
    proxy: Option<Proxy>,
    loaded: AtomicBool,
    /// One permit for each thread that may block.
    blocking: Semaphore,
}

impl AppState {
    /// A server around a pipeline. Starts the threads that work with its models.
    ///
    /// # Errors
    /// As [`ServerOptions::check`]; `Config` when two language models have one name, or the log of what is sent or the
    /// folder of pictures cannot be opened; `Internal` when the threads cannot be started.
    pub fn new(lens: Lens, options: ServerOptions) -> Result<Self> {
        options.check()?;
        let (lens, metrics) = (Arc::new(lens), Arc::<Metrics>::default());
        let engine = Engine::start(Arc::clone(&lens), options.limits.clone(), Arc::clone(&metrics))?;
        let encoder = Encoder::start(Arc::clone(&lens), &options.limits)?;
        let blocks = Blocks::new(lens.prompt_maker(), &options.limits)?;
        let proxy = Proxy::of(&options)?;
        let pictures = Pictures::new(&options)?;
        let answers = Answers::new(&lens, &options, &metrics)?;
        let loaded = AtomicBool::new(false);
        let blocking = Semaphore::new(2 * std::thread::available_parallelism().map_or(1, NonZero::get));
        Ok(Self(Arc::new(Parts {
            lens,
            options,
            metrics,
            engine,
            encoder,
            blocks,
            answers,
            pictures,
            proxy,
            loaded,
            blocking,
        })))
    }

    /// Loads the eyes by looking at a grey picture, which no store keeps; language models are loaded when they are made.
    /// Until it has returned, `/ready` says no. Takes long: not for an event loop.
    ///
    /// # Errors
    /// What the models report when they cannot be loaded.
    pub fn load_models(&self) -> Result<()> {
        let look = Look::new(Picture::from_rgb8(64, 64, vec![128; 64 * 64 * 3])?);
        for module in self.0.lens.modules() {
            module.see(std::slice::from_ref(&look), &mut |_, _| ())?;
        }
        self.0.loaded.store(true, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn has_loaded(&self) -> bool {
        self.0.loaded.load(Ordering::Relaxed)
    }

    pub(crate) fn lens(&self) -> &Arc<Lens> {
        &self.0.lens
    }

    pub(crate) fn options(&self) -> &ServerOptions {
        &self.0.options
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn encoder(&self) -> &Encoder {
        &self.0.encoder
    }

    pub(crate) fn blocks(&self) -> &Blocks {
        &self.0.blocks
    }

    pub(crate) fn answers(&self) -> &Answers {
        &self.0.answers
    }

    pub(crate) fn pictures(&self) -> &Pictures {
        &self.0.pictures
    }

    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.0.proxy.as_ref()
    }

    /// Runs `work` where it may block. All such work is short; so many at a time that the memory which their threads keep
    /// does not grow with the number of clients.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> AppResult<T> + Send + 'static,
    ) -> AppResult<T> {
        // The semaphore is never closed.
        let _permit = self.0.blocking.acquire().await.ok();
        let state = self.clone();
        tokio::task::spawn_blocking(move || work(&state)).await.unwrap_or_else(|error| {
            let error = Error::new(ErrorKind::Internal, "a task").because(error);
            Err(AppError::about("the request", &error))
        })
    }
}
