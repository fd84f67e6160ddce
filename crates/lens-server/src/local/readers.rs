//! The language models that answer by themselves, by name.

use super::batcher::Batcher;
use crate::{
    api::lacks,
    error::{AppError, AppResult},
    metrics::Metrics,
};
use lens::{Error, ErrorKind, Lens, LlmInfo, Result};
use std::sync::Arc;

/// The pipeline's own language model first, then those of the options.
#[derive(Debug)]
pub(crate) struct Readers(Vec<Arc<Reader>>);

/// A language model with the pipeline that makes its prompts.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) info: LlmInfo,
    pub(crate) lens: Arc<Lens>,
    /// The way to it.
    pub(crate) batcher: Batcher,
}

impl Readers {
    /// The language model of `own`, where it has one, and those of the others.
    ///
    /// # Errors
    /// `Config` when two have the same name, or one of the others has no language model; `Internal` when the system
    /// gives no threads.
    pub(super) fn new(own: &Arc<Lens>, others: &[Arc<Lens>], metrics: &Arc<Metrics>) -> Result<Self> {
        let mut all: Vec<Arc<Reader>> = Vec::with_capacity(1 + others.len());
        for lens in Some(own).filter(|own| own.reader().is_ok()).into_iter().chain(others) {
            let info = lens.reader()?.info();
            if all.iter().any(|other| other.info.name == info.name) {
                return Err(Error::new(ErrorKind::Config, "language models")
                    .expected("different names")
                    .found(format!("`{}` twice", info.name))
                    .hint("name each language model once"));
            }
            let batcher = Batcher::start(Arc::clone(lens), Arc::clone(metrics))?;
            all.push(Arc::new(Reader { info, lens: Arc::clone(lens), batcher }));
        }
        Ok(Self(all))
    }

    /// The one that answers when no name is given.
    pub(crate) fn own(&self) -> Option<&Arc<Reader>> {
        self.0.first()
    }

    /// The one of this name; without a name the first.
    pub(crate) fn find(&self, name: Option<&str>) -> AppResult<Arc<Reader>> {
        let own = self.own().ok_or_else(|| lacks("language model of its own"))?;
        let Some(name) = name else { return Ok(Arc::clone(own)) };
        self.named(name).ok_or_else(|| {
            let names: Vec<&str> = self.infos().map(|info| info.name.as_str()).collect();
            AppError::bad(format!("llm: expected one of {}, found `{name}`", names.join(", ")))
        })
    }

    pub(crate) fn named(&self, name: &str) -> Option<Arc<Reader>> {
        self.0.iter().find(|reader| reader.info.name == name).cloned()
    }

    pub(crate) fn infos(&self) -> impl Iterator<Item = &LlmInfo> {
        self.0.iter().map(|reader| &reader.info)
    }
}
