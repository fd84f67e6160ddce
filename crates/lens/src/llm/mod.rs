//! The door for readers: a frozen language model that sees only text.

mod decoding;
pub mod remote;

pub use decoding::{Cancel, Decoding};

use crate::{Result, evidence::Fingerprint};

/// A frozen language model.
pub trait Llm: Send + Sync {
    /// Who it is and how much it reads.
    fn info(&self) -> LlmInfo;

    /// Number of tokens of a text as part of a prompt. An endpoint whose tokenizer is unknown estimates, never
    /// too low.
    fn count_tokens(&self, text: &str) -> usize;

    /// Answers each prompt. `on_token` gets pieces of an answer with the index of its prompt as they come where the
    /// decoding allows it (one beam), else the whole at the end; joined, the pieces are the answer's text.
    ///
    /// A raised `cancel` ends the call early with what is done, each answer marked [`Finish::Cancelled`].
    ///
    /// # Errors
    /// `Remote` when an endpoint does not answer as agreed, `Overloaded` when it says to come again later, `Model`
    /// when the result cannot be used, `Input` when a prompt is longer than the model reads.
    fn answer(
        &self,
        prompts: &[Prompt],
        decoding: &Decoding,
        on_token: &mut dyn FnMut(usize, &str),
        cancel: &Cancel,
    ) -> Result<Vec<Answer>>;

    /// Natural logarithm of the probability of each continuation after the prompt, summed over its tokens, the end
    /// included. `None`: this model gives no likelihoods; generate and match instead, and say so.
    ///
    /// # Errors
    /// As [`Self::answer`].
    fn score(&self, prompt: &Prompt, continuations: &[&str]) -> Result<Option<Vec<f64>>>;

    /// [`Self::score`] of several prompts, each with continuations of its own. The numbers are those of one prompt at a
    /// time to the last bit; a model that computes many rows at once computes them together.
    ///
    /// # Errors
    /// As [`Self::score`], of the first prompt that cannot be read.
    fn score_each(&self, asked: &[(&Prompt, Vec<&str>)]) -> Result<Option<Vec<Vec<f64>>>> {
        let each = asked.iter().map(|(prompt, continuations)| self.score(prompt, continuations));
        Ok(each.collect::<Result<Vec<_>>>()?.into_iter().collect())
    }

    /// [`Self::answer`] and [`Self::score_each`] of the same prompts; a model that can reads each prompt once for both.
    ///
    /// # Errors
    /// As both.
    fn answer_and_score(
        &self,
        asked: &[(&Prompt, Vec<&str>)],
        decoding: &Decoding,
        cancel: &Cancel,
    ) -> Result<Reading> {
        let prompts: Vec<Prompt> = asked.iter().map(|(prompt, _)| (*prompt).clone()).collect();
        let answers = self.answer(&prompts, decoding, &mut |_, _| (), cancel)?;
        Ok(Reading { answers, scores: self.score_each(asked)? })
    }
}

/// What one reading of some prompts gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// One answer for each prompt.
    pub answers: Vec<Answer>,
    /// What [`Llm::score_each`] gives.
    pub scores: Option<Vec<Vec<f64>>>,
}

/// Who a language model is.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct LlmInfo {
    /// The name a user knows: `google/flan-t5-base`, `gpt-4o-mini`.
    pub name: String,
    /// The most tokens a prompt may have; the room for the answer is already taken off.
    pub context_tokens: usize,
    /// Whether [`Llm::score`] gives numbers.
    pub gives_likelihoods: bool,
    /// Whether it follows instructions in a conversation: its prompts carry a system text and fenced evidence.
    pub chat: bool,
    /// Whether it answers elsewhere: its questions share nothing on this machine and may be asked side by side.
    #[serde(skip)]
    pub remote: bool,
    /// Model, precision, endpoint.
    pub fingerprint: Fingerprint,
}

/// What a language model reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Prompt {
    /// What governs the conversation; only for models whose [`LlmInfo::chat`] is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The evidence and the question.
    pub text: String,
}

impl Prompt {
    /// A prompt without a system text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { system: None, text: text.into() }
    }
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// The model ended it.
    #[default]
    Stop,
    /// It reached the most tokens allowed.
    Length,
    /// The caller raised the flag.
    Cancelled,
}

/// What a language model said.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    /// The text, outer white space removed.
    pub text: String,
    /// Number of generated tokens, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
    /// Natural logarithm of the answer's probability, summed over its tokens, where the model tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_prob: Option<f64>,
    /// Why it ends.
    pub finish: Finish,
}
