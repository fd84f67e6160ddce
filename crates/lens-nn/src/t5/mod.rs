//! T5: a text encoder and a decoder that reads it. Versions 1.0 and 1.1 (Flan).
//!
//! Reference: `transformers/models/t5/modeling_t5.py` (`T5ForConditionalGeneration`).

mod config;
mod relative;
mod stack;

use crate::{
    Backend, Error, ErrorKind, Result,
    backend::{Epilogue, HostLinear},
    decoder_state::{DecoderState, Sources, last_rows},
    layers::{Loader, WordTable},
    transformer::self_spans,
    weights::{Checkpoint, Redundant, Tensors},
};
use config::T5Config;
use stack::{DecoderStack, EncoderStack};
use std::sync::Arc;

pub use relative::relative_bucket;

/// A T5 checkpoint.
pub struct T5<B: Backend> {
    backend: Arc<B>,
    config: T5Config,
    words: WordTable,
    encoder: EncoderStack<B>,
    decoder: DecoderStack<B>,
    head: B::Linear,
}

/// Texts as the decoder reads them: cross-attention keys and values, computed once and shared by all answers.
pub struct Encoded<B: Backend>(Arc<Sources<B>>);

/// Answers being written: one sequence per text at first, reordered and multiplied by
/// [`Decoder::select`](crate::generate::Decoder::select).
pub struct AnswerDecoder<'m, B: Backend> {
    model: &'m T5<B>,
    state: DecoderState<B>,
}

impl<B: Backend> T5<B> {
    /// Loads a checkpoint in the Hugging Face layout, sharded or not.
    ///
    /// # Errors
    /// `Config` for a field whose value is not implemented; `Weights` for a missing, mis-shaped or unused tensor.
    pub fn load(checkpoint: &Checkpoint, backend: Arc<B>) -> Result<Self> {
        let config = T5Config::read(checkpoint)?;
        let tensors = checkpoint.tensors()?;
        let root = Loader::new(backend.as_ref(), tensors.root());
        let shared = shared_embedding(&tensors);
        let words = root.word_table(shared, config.vocabulary_size, config.width)?;
        let encoder = EncoderStack::load(&root.at("encoder"), &config)?;
        let decoder = DecoderStack::load(&root.at("decoder"), &config, &encoder)?;
        let head = head(&root.after(decoder.final_norm()), shared, &config)?;
        tensors.finish(&[
            Redundant::CopyOf { name: "shared.weight", of: shared },
            Redundant::CopyOf { name: "encoder.embed_tokens.weight", of: shared },
            Redundant::CopyOf { name: "decoder.embed_tokens.weight", of: shared },
            Redundant::Ignored("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"),
        ])?;
        Ok(Self { backend, config, words, encoder, decoder, head })
    }

    /// Encoder states of texts -> (all tokens of all texts, width), after the last norm.
    ///
    /// # Errors
    /// `Input` for an empty text or an id beyond the vocabulary.
    pub fn text_states(&self, texts: &[Vec<u32>]) -> Result<Vec<f32>> {
        Ok(self.backend.download(&self.forward(texts)?))
    }

    /// Encodes texts for [`Self::answers`]. Texts of unequal length need no padding.
    ///
    /// # Errors
    /// As [`Self::text_states`].
    pub fn encode(&self, texts: &[Vec<u32>]) -> Result<Encoded<B>> {
        let states = self.forward(texts)?;
        let spans = self_spans(texts.iter().map(Vec::len));
        Ok(Encoded(Arc::new(Sources {
            keys_values: self.decoder.cross_keys_values(&self.backend, &states),
            rows: spans.into_iter().map(|span| span.keys).collect(),
        })))
    }

    fn forward(&self, texts: &[Vec<u32>]) -> Result<B::Tensor> {
        let ids = texts.concat();
        if texts.is_empty() || texts.iter().any(Vec::is_empty) {
            return Err(Error::new(ErrorKind::Input, "texts to encode")
                .expected("at least one token each")
                .found("none"));
        }
        if let Some(id) = ids.iter().find(|&&id| id as usize >= self.config.vocabulary_size) {
            return Err(Error::new(ErrorKind::Input, "token ids of a text")
                .expected(format!("ids below {}", self.config.vocabulary_size))
                .found(format!("id {id}"))
                .hint("use the tokenizer that belongs to this checkpoint"));
        }
        let spans = self_spans(texts.iter().map(Vec::len));
        let embedded = self.words.embed(self.backend.as_ref(), &ids)?;
        Ok(self.backend.within(|| self.encoder.forward(&self.backend, embedded, &spans)))
    }

    /// Starts answers to `encoded`, one sequence for each text. The first token to feed is [`Self::start_token`].
    #[must_use]
    pub fn answers(&self, encoded: &Encoded<B>) -> AnswerDecoder<'_, B> {
        let width = self.config.attention_width();
        AnswerDecoder {
            model: self,
            state: DecoderState::new(self.backend.as_ref(), Arc::clone(&encoded.0), width),
        }
    }

    /// The id that every answer starts from.
    #[must_use]
    pub fn start_token(&self) -> u32 {
        self.config.start_token
    }

    /// The id that ends an answer.
    #[must_use]
    pub fn end_token(&self) -> u32 {
        self.config.end_token
    }

    /// Number of token ids; a few may lie beyond the tokenizer's.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.config.vocabulary_size
    }
}

/// The name under which a file stores the word embeddings: once as `shared`, or only as a stack's own.
fn shared_embedding(tensors: &Tensors) -> &'static str {
    let names = ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];
    names.into_iter().find(|name| tensors.contains(name)).unwrap_or("shared.weight")
}

/// The head: `lm_head` where there is one, else the word embeddings. A scaled output is a scaled head.
fn head<B: Backend>(root: &Loader<'_, B>, shared: &str, config: &T5Config) -> Result<B::Linear> {
    let name = if root.scope.has("lm_head.weight") { "lm_head.weight" } else { shared };
    let (outputs, inputs) = (config.vocabulary_size, config.width);
    let scale = if config.scale_outputs { (inputs as f32).powf(-0.5) } else { 1.0 };
    root.scope.mark(name);
    root.derived("lm_head", |scope| {
        let mut weight = scope.read(name, &[outputs, inputs])?;
        for value in &mut weight {
            *value *= scale;
        }
        Ok(HostLinear {
            weight,
            bias: None,
            outputs,
            inputs,
            gated: false,
            magnitudes: None,
            rounding_grows: false,
        })
    })
}

impl<B: Backend> crate::generate::Decoder for AnswerDecoder<'_, B> {
    type Backend = B;

    fn backend(&self) -> &B {
        &self.model.backend
    }

    fn sequences(&self) -> usize {
        self.state.sequences()
    }

    fn vocabulary_size(&self) -> usize {
        self.model.config.vocabulary_size
    }

    fn step(&mut self, tokens: &[u32], lengths: &[usize]) -> Result<B::Tensor> {
        let (model, state) = (self.model, &mut self.state);
        let backend = model.backend.as_ref();
        state.check_step(tokens, lengths, model.config.vocabulary_size)?;
        let x = model.words.embed(backend, tokens)?;
        Ok(backend.within(|| {
            let x = model.decoder.forward(backend, state, x, lengths);
            state.advance(lengths);
            let last = backend.gather(&x, &last_rows(lengths));
            backend.linear(&last, &model.head, &Epilogue::PLAIN)
        }))
    }

    fn select(&mut self, parents: &[usize]) {
        self.state.select(self.model.backend.as_ref(), parents);
    }
}
