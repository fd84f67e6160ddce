//! BLIP captioning: a picture tower and a BERT decoder that reads it.
//!
//! Reference: `transformers/models/blip/modeling_blip.py` (`BlipForConditionalGeneration`) and `modeling_blip_text.py`.

mod config;
mod decoder;
mod layer;
mod vision;

use crate::{
    Backend, Result,
    decoder_state::{DecoderState, Sources},
    layers::Loader,
    weights::{Checkpoint, Redundant},
};
use config::BlipConfig;
use decoder::TextDecoder;
use std::sync::Arc;
use vision::VisionTower;

pub use config::CaptionTokens;

/// A BLIP captioning checkpoint.
pub struct Blip<B: Backend> {
    backend: Arc<B>,
    config: BlipConfig,
    vision: VisionTower<B>,
    decoder: TextDecoder<B>,
}

/// Pictures as the decoder reads them: cross-attention keys and values, computed once and shared by all captions.
pub struct Pictures<B: Backend>(Arc<Sources<B>>);

/// Captions being written: one sequence per picture at first, reordered and multiplied by
/// [`Decoder::select`](crate::generate::Decoder::select).
pub struct CaptionDecoder<'m, B: Backend> {
    model: &'m Blip<B>,
    state: DecoderState<B>,
}

impl<B: Backend> Blip<B> {
    /// Loads a checkpoint in the Hugging Face layout.
    ///
    /// # Errors
    /// `Config` for a field whose value is not implemented; `Weights` for a missing, mis-shaped or unused tensor.
    pub fn load(checkpoint: &Checkpoint, backend: Arc<B>) -> Result<Self> {
        let config = BlipConfig::read(checkpoint)?;
        let tensors = checkpoint.tensors()?;
        let root = Loader::new(backend.as_ref(), tensors.root());
        let vision = VisionTower::load(&root, &config)?;
        let decoder = TextDecoder::load(&root, &config, vision.post_norm())?;
        tensors.finish(&[
            Redundant::Ignored("text_decoder.bert.embeddings.position_ids"),
            Redundant::CopyOf {
                name: "text_decoder.cls.predictions.decoder.weight",
                of: "text_decoder.bert.embeddings.word_embeddings.weight",
            },
            Redundant::CopyOf {
                name: "text_decoder.cls.predictions.decoder.bias",
                of: "text_decoder.cls.predictions.bias",
            },
        ])?;
        Ok(Self { backend, config, vision, decoder })
    }

    /// Hidden states of pictures (n, 3, size, size), normalised pixels -> (n x tokens, width), after the last norm.
    ///
    /// # Errors
    /// `Input` when the number of values is not a multiple of a picture's.
    pub fn image_states(&self, pixels: &[f32]) -> Result<Vec<f32>> {
        self.backend.within(|| self.vision.states(&self.backend, pixels))
    }

    /// Encodes pictures (n, 3, size, size) for [`Self::captions`].
    ///
    /// # Errors
    /// As [`Self::image_states`].
    pub fn see(&self, pixels: &[f32]) -> Result<Pictures<B>> {
        let states = self.backend.upload(self.image_states(pixels)?, self.config.vision.width)?;
        let tokens = self.config.grid.tokens();
        let pictures = self.backend.shape(&states).0 / tokens;
        Ok(Pictures(Arc::new(Sources {
            keys_values: self.decoder.cross_keys_values(&self.backend, &states),
            rows: (0..pictures).map(|picture| picture * tokens..(picture + 1) * tokens).collect(),
        })))
    }

    /// Starts captions of `pictures`, one sequence for each.
    #[must_use]
    pub fn captions(&self, pictures: &Pictures<B>) -> CaptionDecoder<'_, B> {
        let state = DecoderState::new(self.backend.as_ref(), Arc::clone(&pictures.0), self.config.text_width);
        CaptionDecoder { model: self, state }
    }

    /// The ids that steer captions.
    #[must_use]
    pub fn tokens(&self) -> &CaptionTokens {
        &self.config.tokens
    }

    /// Side of the picture that the tower takes, in pixels.
    #[must_use]
    pub fn image_size(&self) -> usize {
        self.config.grid.image_size
    }

    /// Number of token ids; a few may lie beyond the tokenizer's.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.config.vocabulary_size
    }
}

impl CaptionTokens {
    /// The ids that decoding starts from, made from a tokenized prompt as transformers does: the first id (`[CLS]`) becomes
    /// `bos` (`[DEC]`) and the last (`[SEP]`) is dropped. Without a prompt it is `bos` alone.
    #[must_use]
    pub fn prompt(&self, tokenized: &[u32]) -> Vec<u32> {
        let inner = tokenized.get(1..tokenized.len().saturating_sub(1)).unwrap_or_default();
        std::iter::once(self.bos).chain(inner.iter().copied()).collect()
    }
}

impl<B: Backend> crate::generate::Decoder for CaptionDecoder<'_, B> {
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
        model.backend.within(|| model.decoder.step(&model.backend, state, tokens, lengths))
    }

    fn select(&mut self, parents: &[usize]) {
        self.state.select(&self.model.backend, parents);
    }
}
