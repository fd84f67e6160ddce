//! Puts a pipeline together.

use super::Lens;
use crate::{
    Decoding, Embedder, Llm, Module, Result, Store, home,
    prompt::{FenceKey, Floors, PromptMaker, Template},
    vocab::TAG_TEMPLATE,
};
use std::{collections::BTreeMap, sync::Arc};

/// Collects the parts of a [`Lens`].
#[derive(Default)]
pub struct LensBuilder {
    modules: Vec<Arc<dyn Module>>,
    embedder: Option<Arc<dyn Embedder>>,
    llm: Option<Arc<dyn Llm>>,
    template: Option<Template>,
    floors: Floors,
    fence: Option<FenceKey>,
    label_template: Option<String>,
    decoding: Decoding,
    store: Option<Arc<Store>>,
    environment: BTreeMap<String, String>,
}

impl LensBuilder {
    /// Adds a module; modules look in the order in which they are added.
    #[must_use]
    pub fn module(self, module: impl Module + 'static) -> Self {
        self.shared_module(Arc::new(module))
    }

    /// Adds a module that others hold too.
    #[must_use]
    pub fn shared_module(mut self, module: Arc<dyn Module>) -> Self {
        self.modules.push(module);
        self
    }

    /// The model that [`Lens::classify`] compares pictures and labels with.
    #[must_use]
    pub fn embedder(mut self, embedder: Arc<dyn Embedder>) -> Self {
        self.embedder = Some(embedder);
        self
    }

    /// The language model.
    #[must_use]
    pub fn llm(self, llm: impl Llm + 'static) -> Self {
        self.shared_llm(Arc::new(llm))
    }

    /// A language model that others hold too.
    #[must_use]
    pub fn shared_llm(mut self, llm: Arc<dyn Llm>) -> Self {
        self.llm = Some(llm);
        self
    }

    /// The form of prompts. Without it: `chat` for a model that converses, else `default`.
    #[must_use]
    pub fn template(mut self, template: Template) -> Self {
        self.template = Some(template);
        self
    }

    /// What stays of each module when not all of the evidence fits.
    #[must_use]
    pub fn floors(mut self, floors: Floors) -> Self {
        self.floors = floors;
        self
    }

    /// The secret of the fences around evidence for models that converse. Without it: one for this pipeline alone.
    #[must_use]
    pub fn fence(mut self, fence: FenceKey) -> Self {
        self.fence = Some(fence);
        self
    }

    /// What is put around a label before the embedder compares it with a picture, `{}` standing for it. Without it:
    /// `A photo of {}`.
    #[must_use]
    pub fn label_template(mut self, template: &str) -> Self {
        self.label_template = Some(template.to_owned());
        self
    }

    /// How answers are searched for.
    #[must_use]
    pub fn decoding(mut self, decoding: Decoding) -> Self {
        self.decoding = decoding;
        self
    }

    /// Where evidence is kept, so that a second question runs no vision.
    #[must_use]
    pub fn store(mut self, store: Arc<Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// A property of the machine for the records, such as the number of threads; not part of their canonical form.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &(impl ToString + ?Sized)) -> Self {
        self.environment.insert(name.to_owned(), value.to_string());
        self
    }

    /// The pipeline.
    ///
    /// # Errors
    /// `Internal` when the system gives no random bytes for the fences.
    pub fn build(self) -> Result<Lens> {
        let converses = self.llm.as_ref().is_some_and(|llm| llm.info().chat);
        let template = match self.template {
            Some(template) => template,
            None => Template::named(if converses { "chat" } else { "default" })?,
        };
        let fence = match self.fence {
            Some(fence) => fence,
            None => FenceKey::new(home::random_secret()?),
        };
        let mut environment = self.environment;
        environment.insert("lens".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        Ok(Lens {
            modules: self.modules,
            embedder: self.embedder,
            llm: self.llm,
            maker: PromptMaker { template, floors: self.floors, fence },
            label_template: self.label_template.unwrap_or_else(|| TAG_TEMPLATE.to_owned()),
            decoding: self.decoding,
            store: self.store,
            environment,
        })
    }
}
