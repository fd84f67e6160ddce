//! A language model that always says the same.

use crate::{Answer, Cancel, Decoding, Fingerprint, Llm, LlmInfo, Prompt, Result, llm::Finish};
use std::sync::{Mutex, PoisonError};

/// Gives one answer to everything, counts words as tokens, and remembers what it read.
#[derive(Debug)]
pub struct FakeLlm {
    answer: String,
    info: LlmInfo,
    read: Mutex<Vec<Prompt>>,
}

impl FakeLlm {
    /// A model that says `answer`, reads 512 words, gives likelihoods and does not converse.
    #[must_use]
    pub fn saying(answer: &str) -> Self {
        let info = LlmInfo {
            name: "fake".to_owned(),
            context_tokens: 512,
            gives_likelihoods: true,
            chat: false,
            remote: false,
            fingerprint: Fingerprint::new().with("model", "fake"),
        };
        Self { answer: answer.to_owned(), info, read: Mutex::default() }
    }

    /// The same model with other properties.
    #[must_use]
    pub fn with_info(mut self, change: impl FnOnce(&mut LlmInfo)) -> Self {
        change(&mut self.info);
        self
    }

    /// The prompts read so far.
    #[must_use]
    pub fn read(&self) -> Vec<Prompt> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Llm for FakeLlm {
    fn info(&self) -> LlmInfo {
        self.info.clone()
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.split_whitespace().count()
    }

    fn answer(
        &self,
        prompts: &[Prompt],
        _: &Decoding,
        on_token: &mut dyn FnMut(usize, &str),
        cancel: &Cancel,
    ) -> Result<Vec<Answer>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(prompts);
        let answer = |index: usize| {
            if cancel.is_raised() {
                return Answer { finish: Finish::Cancelled, ..Answer::default() };
            }
            self.answer.split_inclusive(' ').for_each(|piece| on_token(index, piece));
            let tokens = Some(self.count_tokens(&self.answer));
            Answer { text: self.answer.clone(), tokens, log_prob: Some(-1.0), finish: Finish::Stop }
        };
        Ok((0..prompts.len()).map(answer).collect())
    }

    /// The oftener the prompt holds a continuation, the likelier it is.
    fn score(&self, prompt: &Prompt, continuations: &[&str]) -> Result<Option<Vec<f64>>> {
        let score = |text: &&str| prompt.text.matches(text).count() as f64 - 10.0;
        Ok(self.info.gives_likelihoods.then(|| continuations.iter().map(score).collect()))
    }
}
