//! One layer of the decoder: post-norm BERT with cross-attention to the picture.

use super::config::BlipConfig;
use crate::{
    Backend, Result,
    backend::{Activation, AttentionSpec, Epilogue, Heads},
    decoder_state::DecoderState,
    layers::{LinearNames, Loader, Norm},
};

/// The norm behind a layer, which the next one reads.
pub(super) const MLP_NORM: &str = "output.LayerNorm";

pub(super) struct DecoderLayer<B: Backend> {
    query_key_value: B::Linear,
    attention_output: B::Linear,
    attention_norm: Norm<B>,
    cross_query: B::Linear,
    cross_key_value: B::Linear,
    cross_output: B::Linear,
    cross_norm: Norm<B>,
    mlp_in: B::Linear,
    mlp_out: B::Linear,
    mlp_norm: Norm<B>,
    heads: usize,
    activation: Activation,
}

impl<B: Backend> DecoderLayer<B> {
    /// `words` is the norm before the layer, `pictures` the one behind the picture tower.
    pub(super) fn load(
        at: &Loader<'_, B>,
        config: &BlipConfig,
        words: &Norm<B>,
        pictures: &Norm<B>,
    ) -> Result<Self> {
        let (width, hidden, eps) = (config.text_width, config.text_hidden, config.text_eps);
        let query_key_value = [
            ("attention.self.query.weight", Some("attention.self.query.bias")),
            ("attention.self.key.weight", Some("attention.self.key.bias")),
            ("attention.self.value.weight", Some("attention.self.value.bias")),
        ];
        let cross_key_value = [
            ("crossattention.self.key.weight", Some("crossattention.self.key.bias")),
            ("crossattention.self.value.weight", Some("crossattention.self.value.bias")),
        ];
        let self_names = LinearNames { parts: &query_key_value, inputs: width, outputs: width };
        let cross_names =
            LinearNames { parts: &cross_key_value, inputs: config.vision.width, outputs: width };
        let attention_norm = at.layer_norm("attention.output.LayerNorm", width, eps)?;
        let cross_norm = at.layer_norm("crossattention.output.LayerNorm", width, eps)?;
        Ok(Self {
            query_key_value: at.after(words).fused("attention.self.query_key_value", &self_names)?,
            attention_output: at.linear("attention.output.dense", width, width)?,
            cross_query: at.after(&attention_norm).linear("crossattention.self.query", width, width)?,
            cross_key_value: at.after(pictures).fused("crossattention.self.key_value", &cross_names)?,
            cross_output: at.linear("crossattention.output.dense", width, width)?,
            mlp_in: at.after(&cross_norm).linear("intermediate.dense", width, hidden)?,
            mlp_out: at.linear("output.dense", hidden, width)?,
            mlp_norm: at.layer_norm(MLP_NORM, width, eps)?,
            attention_norm,
            cross_norm,
            heads: config.text_heads,
            activation: config.text_activation,
        })
    }

    /// Keys and values of picture states (tokens, vision width) -> (tokens, 2 x width).
    pub(super) fn cross_keys_values(&self, backend: &B, states: &B::Tensor) -> B::Tensor {
        backend.linear(states, &self.cross_key_value, &Epilogue::PLAIN)
    }

    /// (tokens, width) -> (tokens, width); layer `index` of `state` gets the tokens' keys and values.
    pub(super) fn forward(
        &self,
        backend: &B,
        state: &mut DecoderState<B>,
        index: usize,
        x: &B::Tensor,
        lengths: &[usize],
    ) -> B::Tensor {
        let width = backend.shape(x).1;
        let head_size = width / self.heads;
        let scale = 1.0 / (head_size as f32).sqrt();
        let spec = AttentionSpec {
            heads: self.heads,
            kv_heads: self.heads,
            head_size,
            scale,
            causal: true,
            bias: None,
            rounded: false,
        };

        let qkv = backend.linear(x, &self.query_key_value, &Epilogue::PLAIN);
        let cache = &mut state.caches[index];
        backend.cache_push(cache, &qkv, width, 2 * width, lengths);
        let attended = backend.cache_attention(Heads { tensor: &qkv, first: 0 }, cache, spec, lengths);
        let summed = backend.linear(&attended, &self.attention_output, &Epilogue::added_to(x));
        let x = self.attention_norm.apply(backend, &summed);

        let query = backend.linear(&x, &self.cross_query, &Epilogue::PLAIN);
        let source = &state.sources.keys_values[index];
        let part = |first| Heads { tensor: source, first };
        let spec = AttentionSpec { causal: false, ..spec };
        let spans = state.cross_spans(lengths);
        let attended =
            backend.attention(Heads { tensor: &query, first: 0 }, part(0), part(width), spec, &spans);
        let summed = backend.linear(&attended, &self.cross_output, &Epilogue::added_to(&x));
        let x = self.cross_norm.apply(backend, &summed);

        let hidden = backend.linear(&x, &self.mlp_in, &Epilogue::activated(self.activation));
        let summed = backend.linear(&hidden, &self.mlp_out, &Epilogue::added_to(&x));
        self.mlp_norm.apply(backend, &summed)
    }
}
