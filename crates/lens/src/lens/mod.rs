//! The pipeline: a picture is seen, a prompt is made, a language model answers. Each step is public, and
//! [`Lens::ask`] does them all.

mod builder;
mod classify;
mod see;
#[cfg(test)]
mod tests;

pub use builder::LensBuilder;
pub use classify::{Classification, ClassifyBasis, LabelScore};

use crate::{
    Answer, Cancel, Decoding, Embedder, Error, ErrorKind, Evidence, Llm, LlmInfo, Look, Module, Prompt,
    Result, Store,
    prompt::{PackedPrompt, PromptMaker, Turn},
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, sync::Arc};

/// Eyes and a reader: modules that see, and a language model that answers from what they saw.
///
/// ```
/// # fn main() -> lens::Result<()> {
/// # #[cfg(feature = "testing")] {
/// use lens::{Lens, testing::{FakeLlm, FakeModule, plain_look}};
/// let lens = Lens::builder()
///     .module(FakeModule::seeing("tags", vec![]))
///     .llm(FakeLlm::saying("blue"))
///     .build()?;
/// let replies = lens.ask(&[plain_look([0, 0, 255])?], "Which colour?")?;
/// assert_eq!(replies[0].answer.text, "blue");
/// # }
/// # Ok(()) }
/// ```
pub struct Lens {
    modules: Vec<Arc<dyn Module>>,
    embedder: Option<Arc<dyn Embedder>>,
    llm: Option<Arc<dyn Llm>>,
    maker: PromptMaker,
    label_template: String,
    decoding: Decoding,
    store: Option<Arc<Store>>,
    environment: BTreeMap<String, String>,
}

/// An answer and all that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reply {
    /// What was seen.
    pub evidence: Evidence,
    /// What was asked.
    pub question: String,
    /// What the language model read, and what did not fit.
    pub prompt: PackedPrompt,
    /// What it said.
    pub answer: Answer,
    /// Who said it.
    pub llm: LlmInfo,
}

impl Lens {
    /// Starts a pipeline without modules and without a language model.
    #[must_use]
    pub fn builder() -> LensBuilder {
        LensBuilder::default()
    }

    /// The evidence of each look, in order. What the store holds of the same picture, modules and parameters is not
    /// looked at again; such a record has no timings.
    ///
    /// # Errors
    /// What the modules report.
    pub fn see(&self, looks: &[Look]) -> Result<Vec<Evidence>> {
        self.see_watching(looks, &mut |_, _, _| ())
    }

    /// [`Self::see`] that tells of each module's result as it comes: the index of the look, the name of the module,
    /// and the record so far. Nothing is told of what the store holds.
    ///
    /// # Errors
    /// As [`Self::see`].
    pub fn see_watching(
        &self,
        looks: &[Look],
        watch: &mut dyn FnMut(usize, &str, &Evidence),
    ) -> Result<Vec<Evidence>> {
        see::see(self, looks, watch)
    }

    /// Does what of the looking needs no model, so that [`Self::see`] has less to do; for the threads that read the next
    /// pictures.
    ///
    /// # Errors
    /// As [`Module::prepare`].
    pub fn prepare(&self, look: &Look) -> Result<()> {
        self.modules.iter().try_for_each(|module| module.prepare(look))
    }

    /// What the store holds of the picture whose original bytes have this SHA-256 (64 hexadecimal digits; see
    /// [`crate::Picture::sha256_of`]), seen by these modules with this question in mind. The picture itself is not
    /// needed.
    #[must_use]
    pub fn recall(&self, sha256: &str, question: Option<&str>) -> Option<Evidence> {
        see::recall_picture(self, sha256, question)
    }

    /// Puts evidence (of one or more pictures), earlier turns and a question into one prompt that the language model
    /// can read whole.
    ///
    /// # Errors
    /// As [`PromptMaker::make`]; `Config` without a language model.
    pub fn prompt(&self, pictures: &[&Evidence], history: &[Turn], question: &str) -> Result<PackedPrompt> {
        self.maker.make(self.reader()?, pictures, history, question)
    }

    /// Answers each prompt. `on_token` gets the pieces of an answer with the index of its prompt as they come, where
    /// the decoding streams.
    ///
    /// # Errors
    /// As [`Llm::answer`]; `Config` without a language model.
    pub fn answer(
        &self,
        prompts: &[PackedPrompt],
        on_token: &mut dyn FnMut(usize, &str),
        cancel: &Cancel,
    ) -> Result<Vec<Answer>> {
        let prompts: Vec<Prompt> = prompts.iter().map(|packed| packed.prompt.clone()).collect();
        let answers = self.reader()?.answer(&prompts, &self.decoding, on_token, cancel)?;
        if answers.len() == prompts.len() {
            return Ok(answers);
        }
        Err(Error::new(ErrorKind::Internal, "answers of the language model")
            .expected(prompts.len().to_string())
            .found(answers.len().to_string()))
    }

    /// Sees, prompts and answers: one reply for each look.
    ///
    /// # Errors
    /// As the three steps.
    pub fn ask(&self, looks: &[Look], question: &str) -> Result<Vec<Reply>> {
        let llm = self.reader()?.info();
        let looks: Vec<Look> = looks.iter().map(|look| look.clone().asking(question)).collect();
        let evidence = self.see(&looks)?;
        let prompts = evidence
            .iter()
            .map(|one| self.prompt(&[one], &[], question))
            .collect::<Result<Vec<PackedPrompt>>>()?;
        let answers = self.answer(&prompts, &mut |_, _| (), &Cancel::new())?;
        let reply = |((evidence, prompt), answer)| Reply {
            evidence,
            question: question.to_owned(),
            prompt,
            answer,
            llm: llm.clone(),
        };
        Ok(evidence.into_iter().zip(prompts).zip(answers).map(reply).collect())
    }

    /// The language model.
    ///
    /// # Errors
    /// `Config` when none was given.
    pub fn reader(&self) -> Result<&dyn Llm> {
        self.llm.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::Config, "language model")
                .expected("one that reads the evidence")
                .found("none")
                .hint("choose a preset with a reader, or name a language model")
        })
    }

    /// The model that puts pictures and labels into one space.
    ///
    /// # Errors
    /// `Config` when none was given.
    pub fn embedder(&self) -> Result<&dyn Embedder> {
        self.embedder.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::Config, "CLIP model")
                .expected("one that compares pictures with texts")
                .found("none")
                .hint("choose a preset with a CLIP model")
        })
    }

    /// How prompts are made.
    #[must_use]
    pub fn prompt_maker(&self) -> &PromptMaker {
        &self.maker
    }

    /// How answers are searched for.
    #[must_use]
    pub fn decoding(&self) -> &Decoding {
        &self.decoding
    }

    /// The modules in the order in which they look.
    pub fn modules(&self) -> impl Iterator<Item = &dyn Module> {
        self.modules.iter().map(AsRef::as_ref)
    }
}

impl fmt::Debug for Lens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules: Vec<&str> = self.modules().map(Module::name).collect();
        f.debug_struct("Lens")
            .field("modules", &modules)
            .field("template", &self.maker.template.name())
            .finish_non_exhaustive()
    }
}
