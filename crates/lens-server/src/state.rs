//! What all handlers share.

use crate::{
    engine::Engine,
    error::{AppError, AppResult},
    fetch::Pictures,
    local::Answers,
    metrics::Metrics,
    options::ServerOptions,
    proxy::{Proxy, SentLog},
    rewrite::Blocks,
};
use lens::{Error, ErrorKind, Lens, Look, Picture, Result};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The parts of a server. Clones share them.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    lens: Arc<Lens>,
    options: ServerOptions,
    metrics: Arc<Metrics>,
    engine: Engine,
    blocks: Blocks,
    answers: Answers,
    pictures: Pictures,
    proxy: Option<Proxy>,
    sent: Option<SentLog>,
    loading: AtomicBool,
}

impl AppState {
    /// A server around a pipeline. Starts the thread that looks.
    ///
    /// # Errors
    /// As [`ServerOptions::check`]; `Config` when two language models have one name, or the log of what is sent or the
    /// folder of pictures cannot be opened; `Internal` when the threads cannot be started.
    pub fn new(lens: Lens, options: ServerOptions) -> Result<Self> {
        options.check()?;
        let (lens, metrics) = (Arc::new(lens), Arc::<Metrics>::default());
        let engine = Engine::start(Arc::clone(&lens), options.limits.clone(), Arc::clone(&metrics))
            .map_err(|error| Error::new(ErrorKind::Internal, "the thread that looks").because(error))?;
        let maker = lens.prompt_maker();
        let blocks = Blocks::new(maker.floors, maker.fence.clone())?;
        let proxy =
            options.upstream.as_ref().map(|to| Proxy::new(to, options.api_key.is_some())).transpose()?;
        let sent = options.private.as_deref().map(SentLog::open).transpose()?;
        let pictures = Pictures::new(&options)?;
        let answers = Answers::new(&lens, &options, &metrics)?;
        let loading = AtomicBool::new(false);
        Ok(Self(Arc::new(Parts {
            lens,
            options,
            metrics,
            engine,
            blocks,
            answers,
            pictures,
            proxy,
            sent,
            loading,
        })))
    }

    /// Loads all models by looking at a grey picture, which no store keeps. Until it returns the server is not ready.
    /// Takes long: not for the event loop.
    pub(crate) fn load_models(&self) -> Result<()> {
        self.0.loading.store(true, Ordering::Relaxed);
        let look = Look::new(Picture::from_rgb8(64, 64, vec![128; 64 * 64 * 3])?);
        for module in self.0.lens.modules() {
            module.see(std::slice::from_ref(&look), &mut |_, _| ())?;
        }
        self.0.loading.store(false, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn is_loading(&self) -> bool {
        self.0.loading.load(Ordering::Relaxed)
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

    pub(crate) fn sent(&self) -> Option<&SentLog> {
        self.0.sent.as_ref()
    }

    /// Runs `work` where it may block.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> AppResult<T> + Send + 'static,
    ) -> AppResult<T> {
        let state = self.clone();
        tokio::task::spawn_blocking(move || work(&state)).await.unwrap_or_else(|error| {
            let error = Error::new(ErrorKind::Internal, "a task").because(error);
            Err(AppError::about("the request", &error))
        })
    }
}
