//! T5 as the reader of the evidence.

use super::fingerprint;
use crate::{
    Answer, Cancel, Decoding, Llm, LlmInfo, Prompt, Result,
    llm::{Finish, Reading},
};
use lens_nn::{
    backend::cpu::Cpu,
    generate::{
        BeamOptions, Decoder, Hypothesis, Lengths, Observer, SampleOptions, Search, Strategy, Stream,
        generate, score,
    },
    t5::{Encoded, T5},
    tokenizer::Tokenizer,
    weights::Checkpoint,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

/// Tokens of an answer when the caller does not say.
const MAX_NEW_TOKENS: usize = 32;
/// Texts that are scored in the same steps: their rows of logits are in memory together.
const SCORED: usize = 1024;
/// Tokens of a prompt when the checkpoint does not say: what T5 was trained with.
const CONTEXT: usize = 512;

/// The one field of `config.json` that only concerns prompts: T5 itself reads any length.
#[derive(Deserialize)]
struct ContextFile {
    n_positions: Option<usize>,
}

/// A T5 checkpoint with its tokenizer.
pub struct T5Reader {
    t5: T5<Cpu>,
    tokenizer: Tokenizer,
    info: LlmInfo,
}

impl T5Reader {
    /// Loads a checkpoint in the Hugging Face layout. `name` is what a user calls it.
    ///
    /// # Errors
    /// `Config` or `Weights`, naming the file, when the checkpoint cannot be used exactly as published.
    pub fn load(name: &str, checkpoint: &Checkpoint, cpu: Arc<Cpu>) -> Result<Self> {
        let fingerprint = fingerprint(checkpoint, &cpu)?;
        let context: ContextFile = checkpoint.json("config.json")?;
        let t5 = T5::load(checkpoint, cpu)?;
        let tokenizer = Tokenizer::from_checkpoint(checkpoint)?;
        tokenizer.check_fits(t5.vocabulary_size(), Some(t5.end_token()))?;
        let info = LlmInfo {
            name: name.to_owned(),
            context_tokens: context.n_positions.unwrap_or(CONTEXT),
            gives_likelihoods: true,
            chat: false,
            remote: false,
            fingerprint,
        };
        Ok(Self { t5, tokenizer, info })
    }

    fn search(&self, source: usize, prompt: &Prompt, decoding: &Decoding) -> Search {
        let strategy = if decoding.temperature > 0.0 {
            let options = SampleOptions { temperature: decoding.temperature, top_k: 0, top_p: 1.0 };
            let hash = Sha256::digest(prompt.text.as_bytes()).into();
            Strategy::Sample(options, Stream::new(decoding.seed, &hash, 0))
        } else if decoding.beams > 1 {
            let length_penalty = decoding.length_penalty;
            Strategy::Beam(BeamOptions {
                beams: decoding.beams,
                length_penalty,
                early_stopping: false,
                returned: 1,
            })
        } else {
            Strategy::Greedy
        };
        let max = 1 + decoding.max_new_tokens.unwrap_or(MAX_NEW_TOKENS);
        Search { source, strategy, lengths: Lengths { min: 0, max }, end: self.t5.end_token() }
    }

    fn finished(&self, found: Option<&Hypothesis>, cancel: &Cancel) -> Result<Answer> {
        let Some(found) = found else {
            return Ok(Answer { finish: Finish::Cancelled, ..Answer::default() });
        };
        let finish = match found.tokens.last() {
            Some(&last) if last == self.t5.end_token() => Finish::Stop,
            _ if cancel.is_raised() => Finish::Cancelled,
            _ => Finish::Length,
        };
        let text = self.tokenizer.decode(&found.tokens)?;
        Ok(Answer {
            text,
            tokens: Some(found.tokens.len()),
            log_prob: Some(f64::from(found.log_prob)),
            finish,
        })
    }

    /// Reads prompts once, for any number of answers and scores.
    fn read(&self, prompts: &[&Prompt]) -> Result<Encoded<Cpu>> {
        let ids = prompts.iter().map(|prompt| self.tokenizer.encode(&prompt.text));
        self.t5.encode(&ids.collect::<Result<Vec<_>>>()?)
    }

    fn answers_to(
        &self,
        encoded: &Encoded<Cpu>,
        prompts: &[&Prompt],
        decoding: &Decoding,
        on_token: &mut dyn FnMut(usize, &str),
        cancel: &Cancel,
    ) -> Result<Vec<Answer>> {
        let starts = vec![vec![self.t5.start_token()]; prompts.len()];
        let searches: Vec<Search> = prompts
            .iter()
            .enumerate()
            .map(|(source, prompt)| self.search(source, prompt, decoding))
            .collect();
        let mut listener = Listener::new(&self.tokenizer, prompts.len(), on_token, cancel);
        let found = generate(&mut self.t5.answers(encoded), &starts, &searches, &mut listener)?;
        let mut answers = Vec::with_capacity(found.len());
        for (index, hypotheses) in found.iter().enumerate() {
            let answer = self.finished(hypotheses.first(), cancel)?;
            listener.say_rest(index, &answer.text);
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Scores of each prompt's continuations: the tries of several prompts are rows of the same steps.
    fn scores_after(&self, encoded: &Encoded<Cpu>, asked: &[(&Prompt, Vec<&str>)]) -> Result<Vec<Vec<f64>>> {
        let mut known = HashMap::new();
        let mut scores = Vec::with_capacity(asked.len());
        let mut rest = asked;
        while !rest.is_empty() {
            let (together, later) = rest.split_at(scored_together(rest));
            let continuations = together.iter().map(|(_, texts)| self.tokens(texts, &mut known));
            let continuations = continuations.collect::<Result<Vec<_>>>()?;
            let sources = asked.len() - rest.len()..asked.len() - later.len();
            let mut decoder = self.t5.answers(encoded);
            decoder.select(&sources.collect::<Vec<_>>());
            let starts = vec![vec![self.t5.start_token()]; together.len()];
            scores.extend(score(&mut decoder, &starts, &continuations)?);
            rest = later;
        }
        Ok(scores)
    }

    /// Ids of continuations; `known` holds those met before, because prompts mostly share them.
    fn tokens<'t>(&self, texts: &[&'t str], known: &mut HashMap<&'t str, Vec<u32>>) -> Result<Vec<Vec<u32>>> {
        let ids = texts.iter().map(|text| match known.entry(text) {
            Entry::Occupied(entry) => Ok(entry.get().clone()),
            Entry::Vacant(entry) => Ok(entry.insert(self.tokenizer.encode(text)?).clone()),
        });
        ids.collect()
    }
}

impl Llm for T5Reader {
    fn info(&self) -> LlmInfo {
        self.info.clone()
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.tokenizer.count(text)
    }

    fn answer(
        &self,
        prompts: &[Prompt],
        decoding: &Decoding,
        on_token: &mut dyn FnMut(usize, &str),
        cancel: &Cancel,
    ) -> Result<Vec<Answer>> {
        if prompts.is_empty() {
            return Ok(Vec::new());
        }
        let prompts: Vec<&Prompt> = prompts.iter().collect();
        self.answers_to(&self.read(&prompts)?, &prompts, decoding, on_token, cancel)
    }

    fn score(&self, prompt: &Prompt, continuations: &[&str]) -> Result<Option<Vec<f64>>> {
        let scores = self.score_each(&[(prompt, continuations.to_vec())])?;
        Ok(scores.and_then(|mut all| all.pop()))
    }

    fn score_each(&self, asked: &[(&Prompt, Vec<&str>)]) -> Result<Option<Vec<Vec<f64>>>> {
        if asked.iter().all(|(_, continuations)| continuations.is_empty()) {
            return Ok(Some(vec![Vec::new(); asked.len()]));
        }
        let prompts: Vec<&Prompt> = asked.iter().map(|(prompt, _)| *prompt).collect();
        Ok(Some(self.scores_after(&self.read(&prompts)?, asked)?))
    }

    fn answer_and_score(
        &self,
        asked: &[(&Prompt, Vec<&str>)],
        decoding: &Decoding,
        cancel: &Cancel,
    ) -> Result<Reading> {
        if asked.is_empty() {
            return Ok(Reading { answers: Vec::new(), scores: Some(Vec::new()) });
        }
        let prompts: Vec<&Prompt> = asked.iter().map(|(prompt, _)| *prompt).collect();
        let encoded = self.read(&prompts)?;
        let answers = self.answers_to(&encoded, &prompts, decoding, &mut |_, _| (), cancel)?;
        Ok(Reading { answers, scores: Some(self.scores_after(&encoded, asked)?) })
    }
}

/// How many of the first prompts are scored in the same steps: at least one, and no more than [`SCORED`] texts.
fn scored_together(asked: &[(&Prompt, Vec<&str>)]) -> usize {
    let mut texts = 0;
    let fits = |(_, continuations): &&(&Prompt, Vec<&str>)| {
        texts += continuations.len();
        texts <= SCORED
    };
    asked.iter().take_while(fits).count().max(1)
}

/// Turns chosen tokens into pieces of text.
struct Listener<'a> {
    tokenizer: &'a Tokenizer,
    tokens: Vec<Vec<u32>>,
    said: Vec<String>,
    on_token: &'a mut dyn FnMut(usize, &str),
    cancel: &'a Cancel,
}

impl<'a> Listener<'a> {
    fn new(
        tokenizer: &'a Tokenizer,
        answers: usize,
        on_token: &'a mut dyn FnMut(usize, &str),
        cancel: &'a Cancel,
    ) -> Self {
        Self {
            tokenizer,
            tokens: vec![Vec::new(); answers],
            said: vec![String::new(); answers],
            on_token,
            cancel,
        }
    }

    /// Says what `text` has beyond what was said of it. A text that changed its beginning waits: a character may
    /// need several tokens.
    fn say_rest(&mut self, index: usize, text: &str) {
        let Some(said) = self.said.get_mut(index) else { return };
        if let Some(rest) = text.strip_prefix(said.as_str()).filter(|rest| !rest.is_empty()) {
            (self.on_token)(index, rest);
            text.clone_into(said);
        }
    }
}

impl Observer for Listener<'_> {
    fn token(&mut self, search: usize, token: u32) {
        let Some(tokens) = self.tokens.get_mut(search) else { return };
        tokens.push(token);
        let text = self.tokenizer.decode(tokens).unwrap_or_default();
        if !text.ends_with(char::REPLACEMENT_CHARACTER) {
            self.say_rest(search, &text);
        }
    }

    fn cancelled(&self) -> bool {
        self.cancel.is_raised()
    }
}

#[cfg(test)]
mod tests;
