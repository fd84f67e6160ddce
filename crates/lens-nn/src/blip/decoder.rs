//! The caption decoder: embeddings, layers, and the head tied to the word embeddings.

use super::{
    config::BlipConfig,
    layer::{DecoderLayer, MLP_NORM},
};
use crate::{
    Backend, Error, ErrorKind, Result,
    backend::{Activation, Epilogue},
    decoder_state::{DecoderState, last_rows},
    layers::{LinearNames, Loader, Norm, WordTable},
};

pub(super) struct TextDecoder<B: Backend> {
    words: WordTable,
    positions: B::Tensor,
    embedding_norm: Norm<B>,
    layers: Vec<DecoderLayer<B>>,
    head_transform: B::Linear,
    head_norm: Norm<B>,
    head: B::Linear,
    activation: Activation,
    vocabulary_size: usize,
    context_length: usize,
}

impl<B: Backend> TextDecoder<B> {
    /// `pictures` is the norm behind the picture tower.
    pub(super) fn load(root: &Loader<'_, B>, config: &BlipConfig, pictures: &Norm<B>) -> Result<Self> {
        let at = root.at("text_decoder");
        let embeddings = at.at("bert.embeddings");
        let layers = at.at("bert.encoder.layer");
        let (width, eps, vocabulary_size) = (config.text_width, config.text_eps, config.vocabulary_size);
        let tied = ("bert.embeddings.word_embeddings.weight", Some("cls.predictions.bias"));
        let head = LinearNames { parts: &[tied], inputs: width, outputs: vocabulary_size };
        let embedding_norm = embeddings.layer_norm("LayerNorm", width, eps)?;
        let layer = |index: usize| match index.checked_sub(1) {
            None => DecoderLayer::load(&layers.at(index), config, &embedding_norm, pictures),
            Some(before) => {
                let words = layers.at(before).layer_norm(MLP_NORM, width, eps)?;
                DecoderLayer::load(&layers.at(index), config, &words, pictures)
            }
        };
        let head_norm = at.layer_norm("cls.predictions.transform.LayerNorm", width, eps)?;
        Ok(Self {
            words: embeddings.word_table("word_embeddings.weight", vocabulary_size, width)?,
            positions: embeddings.table("position_embeddings.weight", &[config.positions, width])?,
            layers: layers.layers(config.text_layers, layer)?,
            embedding_norm,
            head_transform: at.linear("cls.predictions.transform.dense", width, width)?,
            head: at.after(&head_norm).fused("cls.predictions.decoder", &head)?,
            head_norm,
            activation: config.text_activation,
            vocabulary_size,
            context_length: config.positions,
        })
    }

    /// Per layer, keys and values of picture states (tokens, vision width).
    pub(super) fn cross_keys_values(&self, backend: &B, states: &B::Tensor) -> Vec<B::Tensor> {
        self.layers.iter().map(|layer| layer.cross_keys_values(backend, states)).collect()
    }

    /// Appends tokens to the sequences; logits (sequences, vocabulary) of what follows.
    pub(super) fn step(
        &self,
        backend: &B,
        state: &mut DecoderState<B>,
        tokens: &[u32],
        lengths: &[usize],
    ) -> Result<B::Tensor> {
        state.check_step(tokens, lengths, self.vocabulary_size)?;
        let longest = state.longest() + lengths.iter().max().copied().unwrap_or(0);
        if longest > self.context_length {
            return Err(Error::new(ErrorKind::Input, "a caption")
                .expected(format!("at most {} tokens", self.context_length))
                .found(format!("{longest} tokens"))
                .hint("shorten the prompt or the greatest length"));
        }
        let positions = backend.gather(&self.positions, &state.positions(lengths));
        let embedded = backend.add_rows(self.words.embed(backend, tokens)?, &positions);
        let mut x = self.embedding_norm.apply(backend, &embedded);
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(backend, state, index, &x, lengths);
        }
        state.advance(lengths);
        let last = backend.gather(&x, &last_rows(lengths));
        let transformed = backend.linear(&last, &self.head_transform, &Epilogue::activated(self.activation));
        let normed = self.head_norm.apply(backend, &transformed);
        Ok(backend.linear(&normed, &self.head, &Epilogue::PLAIN))
    }
}
