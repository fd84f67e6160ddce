//! The encoder and the decoder: blocks with root-mean-square norms before each part.

use super::{config::T5Config, relative::relative_bias};
use crate::{
    Backend, Result,
    backend::{Activation, AttentionSpec, Epilogue, Heads, Span},
    decoder_state::DecoderState,
    layers::{LinearNames, Loader, Norm},
};

/// x += attention(norm(x)): queries, keys and values of the same text. No factor of 1/sqrt(d) makes their products smaller, so
/// that they are rounded less than other layers: in T5-base they are a fifth of the weights and a quarter of what int8 costs.
struct SelfAttention<B: Backend> {
    norm: Norm<B>,
    query_key_value: B::Linear,
    output: B::Linear,
}

/// x += attention(norm(x), encoded text).
struct CrossAttention<B: Backend> {
    norm: Norm<B>,
    query: B::Linear,
    key_value: B::Linear,
    output: B::Linear,
}

/// x += W_out activation(W_in norm(x)), where W_in may be a gated pair.
struct FeedForward<B: Backend> {
    norm: Norm<B>,
    input: B::Linear,
    output: B::Linear,
    activation: Activation,
}

pub(super) struct EncoderStack<B: Backend> {
    blocks: Vec<(SelfAttention<B>, FeedForward<B>)>,
    final_norm: Norm<B>,
    bias: B::Tensor,
    geometry: Geometry,
}

pub(super) struct DecoderStack<B: Backend> {
    blocks: Vec<(SelfAttention<B>, CrossAttention<B>, FeedForward<B>)>,
    final_norm: Norm<B>,
    bias: B::Tensor,
    geometry: Geometry,
}

#[derive(Clone, Copy)]
struct Geometry {
    heads: usize,
    head_size: usize,
}

impl Geometry {
    fn width(self) -> usize {
        self.heads * self.head_size
    }

    /// T5 has no 1/sqrt(d): its initialisation took the factor in.
    fn spec<T>(self, causal: bool, bias: Option<&T>, rounded: bool) -> AttentionSpec<'_, T> {
        AttentionSpec {
            heads: self.heads,
            kv_heads: self.heads,
            head_size: self.head_size,
            scale: 1.0,
            causal,
            bias,
            rounded,
        }
    }
}

impl<B: Backend> SelfAttention<B> {
    fn load(at: &Loader<'_, B>, config: &T5Config) -> Result<Self> {
        let (width, inner) = (config.width, config.attention_width());
        let attention = at.at("SelfAttention");
        let parts = [("q.weight", None), ("k.weight", None), ("v.weight", None)];
        let norm = at.rms_norm("layer_norm", width, config.eps)?;
        Ok(Self {
            query_key_value: attention
                .after(&norm)
                .where_rounding_grows()
                .fused("qkv", &LinearNames { parts: &parts, inputs: width, outputs: inner })?,
            output: attention.linear_without_bias("o", inner, width)?,
            norm,
        })
    }

    fn project(&self, backend: &B, x: &B::Tensor) -> B::Tensor {
        backend.linear(&self.norm.apply(backend, x), &self.query_key_value, &Epilogue::PLAIN)
    }
}

impl<B: Backend> CrossAttention<B> {
    /// `states` is the norm behind the encoder.
    fn load(at: &Loader<'_, B>, config: &T5Config, states: &Norm<B>) -> Result<Self> {
        let (width, inner) = (config.width, config.attention_width());
        let attention = at.at("EncDecAttention");
        let parts = [("k.weight", None), ("v.weight", None)];
        let norm = at.rms_norm("layer_norm", width, config.eps)?;
        Ok(Self {
            query: attention.after(&norm).linear_without_bias("q", width, inner)?,
            key_value: attention
                .after(states)
                .fused("kv", &LinearNames { parts: &parts, inputs: width, outputs: inner })?,
            output: attention.linear_without_bias("o", inner, width)?,
            norm,
        })
    }
}

impl<B: Backend> FeedForward<B> {
    fn load(at: &Loader<'_, B>, config: &T5Config) -> Result<Self> {
        let dense = at.at("DenseReluDense");
        let (width, hidden) = (config.width, config.hidden);
        let parts = [("wi_0.weight", None), ("wi_1.weight", None)];
        let norm = at.rms_norm("layer_norm", width, config.eps)?;
        let input = dense.after(&norm);
        Ok(Self {
            input: if config.gated {
                input.gated("wi", &LinearNames { parts: &parts, inputs: width, outputs: hidden })?
            } else {
                input.linear_without_bias("wi", width, hidden)?
            },
            output: dense.linear_without_bias("wo", hidden, width)?,
            activation: config.activation,
            norm,
        })
    }

    fn forward(&self, backend: &B, x: &B::Tensor) -> B::Tensor {
        let normed = self.norm.apply(backend, x);
        let hidden = backend.linear(&normed, &self.input, &Epilogue::activated(self.activation));
        backend.linear(&hidden, &self.output, &Epilogue::added_to(x))
    }
}

impl<B: Backend> EncoderStack<B> {
    pub(super) fn load(at: &Loader<'_, B>, config: &T5Config) -> Result<Self> {
        let block = |layer| {
            let block = at.at("block").at(layer);
            let attention = SelfAttention::load(&block.at("layer.0"), config)?;
            Ok((attention, FeedForward::load(&block.at("layer.1"), config)?))
        };
        Ok(Self {
            blocks: at.layers(config.encoder_layers, block)?,
            final_norm: at.rms_norm("final_layer_norm", config.width, config.eps)?,
            bias: relative_bias(at, config, true)?,
            geometry: Geometry { heads: config.heads, head_size: config.head_size },
        })
    }

    /// (tokens, width) -> (tokens, width); every span attends to itself.
    pub(super) fn forward(&self, backend: &B, mut x: B::Tensor, spans: &[Span]) -> B::Tensor {
        let width = self.geometry.width();
        let spec = self.geometry.spec(false, Some(&self.bias), true);
        for (attention, feed_forward) in &self.blocks {
            let qkv = attention.project(backend, &x);
            let part = |index| Heads { tensor: &qkv, first: index * width };
            let attended = backend.attention(part(0), part(1), part(2), spec, spans);
            x = backend.linear(&attended, &attention.output, &Epilogue::added_to(&x));
            x = feed_forward.forward(backend, &x);
        }
        self.final_norm.apply(backend, &x)
    }
}

impl<B: Backend> DecoderStack<B> {
    pub(super) fn load(at: &Loader<'_, B>, config: &T5Config, encoder: &EncoderStack<B>) -> Result<Self> {
        let block = |layer| {
            let block = at.at("block").at(layer);
            let attention = SelfAttention::load(&block.at("layer.0"), config)?;
            let cross = CrossAttention::load(&block.at("layer.1"), config, &encoder.final_norm)?;
            Ok((attention, cross, FeedForward::load(&block.at("layer.2"), config)?))
        };
        Ok(Self {
            blocks: at.layers(config.decoder_layers, block)?,
            final_norm: at.rms_norm("final_layer_norm", config.width, config.eps)?,
            bias: relative_bias(at, config, false)?,
            geometry: Geometry { heads: config.heads, head_size: config.head_size },
        })
    }

    /// The norm behind the last block.
    pub(super) fn final_norm(&self) -> &Norm<B> {
        &self.final_norm
    }

    /// Per block, keys and values of encoder states (tokens, width).
    pub(super) fn cross_keys_values(&self, backend: &B, states: &B::Tensor) -> Vec<B::Tensor> {
        let key_value =
            |cross: &CrossAttention<B>| backend.linear(states, &cross.key_value, &Epilogue::PLAIN);
        self.blocks.iter().map(|(_, cross, _)| key_value(cross)).collect()
    }

    /// (tokens, width) -> (tokens, width), each block's cache growing by the tokens.
    pub(super) fn forward(
        &self,
        backend: &B,
        state: &mut DecoderState<B>,
        mut x: B::Tensor,
        lengths: &[usize],
    ) -> B::Tensor {
        let width = self.geometry.width();
        let own = self.geometry.spec(true, Some(&self.bias), false);
        let other = self.geometry.spec(false, None, false);
        let spans = state.cross_spans(lengths);
        for (index, (attention, cross, feed_forward)) in self.blocks.iter().enumerate() {
            let qkv = attention.project(backend, &x);
            let cache = &mut state.caches[index];
            backend.cache_push(cache, &qkv, width, 2 * width, lengths);
            let attended = backend.cache_attention(Heads { tensor: &qkv, first: 0 }, cache, own, lengths);
            x = backend.linear(&attended, &attention.output, &Epilogue::added_to(&x));

            let query = backend.linear(&cross.norm.apply(backend, &x), &cross.query, &Epilogue::PLAIN);
            let source = &state.sources.keys_values[index];
            let part = |first| Heads { tensor: source, first };
            let attended =
                backend.attention(Heads { tensor: &query, first: 0 }, part(0), part(width), other, &spans);
            x = backend.linear(&attended, &cross.output, &Epilogue::added_to(&x));
            x = feed_forward.forward(backend, &x);
        }
        self.final_norm.apply(backend, &x)
    }
}
