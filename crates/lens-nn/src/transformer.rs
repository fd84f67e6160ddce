//! The pre-norm transformer block that CLIP's two towers and BLIP's picture tower share.

use crate::{
    Backend, Result,
    backend::{Activation, AttentionSpec, Epilogue, Heads, Span},
    layers::{LinearNames, Loader, Norm},
};

/// Sizes of a tower of pre-norm blocks.
#[derive(Debug, Clone)]
pub(crate) struct TowerSizes {
    pub(crate) layers: usize,
    pub(crate) width: usize,
    pub(crate) heads: usize,
    pub(crate) hidden: usize,
    pub(crate) activation: Activation,
    pub(crate) eps: f32,
}

/// What the parts of a block are called in a checkpoint.
pub(crate) struct BlockNames {
    pub(crate) attention_norm: &'static str,
    /// Weight and bias of the query, key and value projections: three pairs, or one fused pair.
    pub(crate) query_key_value: &'static [(&'static str, Option<&'static str>)],
    pub(crate) attention_output: &'static str,
    pub(crate) mlp_norm: &'static str,
    pub(crate) mlp_in: &'static str,
    pub(crate) mlp_out: &'static str,
}

/// The blocks of a tower, first to last.
pub(crate) struct Tower<B: Backend> {
    blocks: Vec<Block<B>>,
    sizes: TowerSizes,
    causal: bool,
}

impl<B: Backend> Tower<B> {
    /// Loads the blocks that stand below `at` by number.
    pub(crate) fn load(
        at: &Loader<'_, B>,
        names: &BlockNames,
        sizes: &TowerSizes,
        causal: bool,
    ) -> Result<Self> {
        let blocks = at.layers(sizes.layers, |layer| Block::load(&at.at(layer), names, sizes))?;
        Ok(Self { blocks, sizes: sizes.clone(), causal })
    }

    /// (tokens, width) -> (tokens, width); every span attends to itself.
    pub(crate) fn forward(&self, backend: &B, mut x: B::Tensor, spans: &[Span]) -> B::Tensor {
        for block in &self.blocks {
            x = block.forward(backend, &x, &self.sizes, self.causal, spans);
        }
        x
    }

    /// As [`Self::forward`], of one token of each span alone: `pooled` are their rows, and the result is (spans, width).
    /// The last block computes no more than these need.
    pub(crate) fn forward_pooled(
        &self,
        backend: &B,
        mut x: B::Tensor,
        spans: &[Span],
        pooled: &[u32],
    ) -> B::Tensor {
        let Some((last, blocks)) = self.blocks.split_last() else { return backend.gather(&x, pooled) };
        for block in blocks {
            x = block.forward(backend, &x, &self.sizes, self.causal, spans);
        }
        let qkv = last.project(backend, &x);
        let query = backend.gather(&qkv, pooled);
        let end = |span: &Span, row: u32| if self.causal { row as usize + 1 } else { span.keys.end };
        let spans: Vec<Span> = (0..)
            .zip(spans.iter().zip(pooled))
            .map(|(index, (span, &row))| Span {
                queries: index..index + 1,
                keys: span.keys.start..end(span, row),
            })
            .collect();
        let attended = Block::attend(backend, &query, &qkv, (&self.sizes, self.causal), &spans);
        last.finish(backend, &backend.gather(&x, pooled), &attended, &self.sizes)
    }
}

/// x += attention(norm(x)); x += mlp(norm(x)).
struct Block<B: Backend> {
    attention_norm: Norm<B>,
    query_key_value: B::Linear,
    attention_output: B::Linear,
    mlp_norm: Norm<B>,
    mlp_in: B::Linear,
    mlp_out: B::Linear,
}

impl<B: Backend> Block<B> {
    fn load(at: &Loader<'_, B>, names: &BlockNames, sizes: &TowerSizes) -> Result<Self> {
        let width = sizes.width;
        let parts = names.query_key_value;
        let fused = LinearNames { parts, inputs: width, outputs: 3 * width / parts.len() };
        let attention_norm = at.layer_norm(names.attention_norm, width, sizes.eps)?;
        let mlp_norm = at.layer_norm(names.mlp_norm, width, sizes.eps)?;
        Ok(Self {
            query_key_value: at.after(&attention_norm).fused("query_key_value", &fused)?,
            attention_output: at.linear(names.attention_output, width, width)?,
            mlp_in: at.after(&mlp_norm).linear(names.mlp_in, width, sizes.hidden)?,
            mlp_out: at.linear(names.mlp_out, sizes.hidden, width)?,
            attention_norm,
            mlp_norm,
        })
    }

    fn forward(
        &self,
        backend: &B,
        x: &B::Tensor,
        sizes: &TowerSizes,
        causal: bool,
        spans: &[Span],
    ) -> B::Tensor {
        let qkv = self.project(backend, x);
        let attended = Self::attend(backend, &qkv, &qkv, (sizes, causal), spans);
        self.finish(backend, x, &attended, sizes)
    }

    /// (tokens, width) -> (tokens, 3 x width): queries, keys and values.
    fn project(&self, backend: &B, x: &B::Tensor) -> B::Tensor {
        backend.linear(&self.attention_norm.apply(backend, x), &self.query_key_value, &Epilogue::PLAIN)
    }

    /// Attention of the queries of `query` to the keys and values of `qkv`, both as [`Self::project`] leaves them.
    fn attend(
        backend: &B,
        query: &B::Tensor,
        qkv: &B::Tensor,
        (sizes, causal): (&TowerSizes, bool),
        spans: &[Span],
    ) -> B::Tensor {
        let width = sizes.width;
        let head_size = width / sizes.heads;
        let spec = AttentionSpec {
            heads: sizes.heads,
            kv_heads: sizes.heads,
            head_size,
            scale: 1.0 / (head_size as f32).sqrt(),
            causal,
            bias: None,
            rounded: true,
        };
        let part = |index: usize| Heads { tensor: qkv, first: index * width };
        backend.attention(Heads { tensor: query, first: 0 }, part(1), part(2), spec, spans)
    }

    /// What follows attention: its projection, added to `x`, and the perceptron.
    fn finish(&self, backend: &B, x: &B::Tensor, attended: &B::Tensor, sizes: &TowerSizes) -> B::Tensor {
        let x = backend.linear(attended, &self.attention_output, &Epilogue::added_to(x));
        let normed = self.mlp_norm.apply(backend, &x);
        let hidden = backend.linear(&normed, &self.mlp_in, &Epilogue::activated(sizes.activation));
        backend.linear(&hidden, &self.mlp_out, &Epilogue::added_to(&x))
    }
}

/// Spans of sequences that stand one after another and attend to themselves.
pub(crate) fn self_spans(lengths: impl IntoIterator<Item = usize>) -> Vec<Span> {
    let mut first = 0;
    lengths
        .into_iter()
        .map(|length| {
            first += length;
            Span { queries: first - length..first, keys: first - length..first }
        })
        .collect()
}
