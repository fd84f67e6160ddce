//! The door to arithmetic: about a dozen fused operations over an opaque tensor.
//!
//! A model is written once over [`Backend`]; packed CPU kernels, and a GPU later, are other implementations of the
//! same dozen. Activations are matrices of f32 rows: one row per token, all sequences of a batch one after
//! another without padding. [`Span`] says which rows belong to which sequence, so a batch of unequal texts
//! computes nothing for padding and needs no padding mask.

pub mod cpu;

use crate::Result;
use std::ops::Range;

pub use lens_kernels::Activation;

/// Weights of one linear layer on the host, as the published files store them.
#[derive(Debug, Clone)]
pub struct HostLinear {
    /// Row-major (out, in).
    pub weight: Vec<f32>,
    /// (out), or none.
    pub bias: Option<Vec<f32>>,
    /// Number of output features; of a gated pair, both halves together.
    pub outputs: usize,
    /// Number of input features.
    pub inputs: usize,
    /// The first half of the outputs gates the second: `activation(x W_gate) * (x W_value)`.
    pub gated: bool,
    /// (inputs): about how great each input is (root mean square), where a norm before the layer says so. A backend that
    /// rounds weights sees from them which ones count.
    pub magnitudes: Option<Vec<f32>>,
    /// What follows makes rounding worse: queries and keys of an attention that does not scale their products down. A
    /// backend that rounds keeps such a layer finer.
    pub rounding_grows: bool,
}

/// What happens to a product before it is stored: `activation(x W + bias) + residual`.
#[derive(Debug)]
pub struct Epilogue<'a, T> {
    /// Applied after the bias; of a gated pair, to the gate.
    pub activation: Activation,
    /// Added last, same shape as the result.
    pub residual: Option<&'a T>,
}

impl<T> Epilogue<'_, T> {
    /// Only the bias.
    pub const PLAIN: Self = Self { activation: Activation::None, residual: None };

    /// Only the bias, then `activation`.
    #[must_use]
    pub const fn activated(activation: Activation) -> Self {
        Self { activation, residual: None }
    }
}

impl<'a, T> Epilogue<'a, T> {
    /// The bias, then `residual` is added.
    #[must_use]
    pub const fn added_to(residual: &'a T) -> Self {
        Self { activation: Activation::None, residual: Some(residual) }
    }
}

/// A tensor's columns from `first` on hold the heads of one operand of attention, head after head: a fused
/// projection (tokens, 3 x width) holds the queries at 0, the keys at `width` and the values at `2 x width`.
#[derive(Debug)]
pub struct Heads<'a, T> {
    /// (tokens, columns)
    pub tensor: &'a T,
    /// The column where head 0 starts.
    pub first: usize,
}

/// The rows of one sequence: its queries see exactly its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Rows of the query tensor.
    pub queries: Range<usize>,
    /// Rows of the key and value tensors.
    pub keys: Range<usize>,
}

/// The geometry of an attention.
#[derive(Debug)]
pub struct AttentionSpec<'a, T> {
    /// Number of query heads.
    pub heads: usize,
    /// Number of key and value heads; `heads` is a multiple of it.
    pub kv_heads: usize,
    /// Features per head.
    pub head_size: usize,
    /// Factor of q . k before the bias and the softmax.
    pub scale: f32,
    /// A query at position p of its sequence sees keys 0..=p only. The last query of a span stands at the
    /// position of its last key.
    pub causal: bool,
    /// Relative bias (heads, 2 x reach + 1): column `reach + clamp(key - query, -reach, reach)` is added to the
    /// scaled product.
    pub bias: Option<&'a T>,
    /// The operands may be rounded as those of the products are: attention of whole texts and pictures, where it takes
    /// time, not of single tokens.
    pub rounded: bool,
}

impl<T> Clone for AttentionSpec<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for AttentionSpec<'_, T> {}

/// How pictures are cut into patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatchGrid {
    /// Side of the square picture in pixels.
    pub image_size: usize,
    /// Side of a patch in pixels; what is left at the right and bottom is dropped, as a strided convolution does.
    pub patch_size: usize,
}

impl PatchGrid {
    /// Patches along one side.
    #[must_use]
    pub fn side(self) -> usize {
        self.image_size / self.patch_size
    }

    /// Tokens of a picture: the class token and the patches.
    #[must_use]
    pub fn tokens(self) -> usize {
        self.side() * self.side() + 1
    }
}

/// One token that could come next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Token id.
    pub id: u32,
    /// Natural logarithm of its probability under the whole softmax.
    pub log_prob: f32,
}

/// A machine that computes: memory, weights laid out for it, and the operations of a transformer.
///
/// Results depend on neither the number of sequences in a call nor the number of threads: a row of a result is a
/// function of its own inputs only, bit for bit.
pub trait Backend: Send + Sync + 'static {
    /// A matrix of f32 activations (rows, columns).
    type Tensor: Send + Sync;
    /// A linear layer laid out for this machine.
    type Linear: Send + Sync;
    /// Keys and values of decoded tokens, one list per sequence.
    type Cache: Send;

    /// Copies rows to the machine. `data` is row-major (rows, columns).
    ///
    /// # Errors
    /// `Internal` when the length is not rows x columns.
    fn upload(&self, data: Vec<f32>, columns: usize) -> Result<Self::Tensor>;

    /// Copies a tensor back, row-major.
    fn download(&self, tensor: &Self::Tensor) -> Vec<f32>;

    /// (rows, columns) of a tensor.
    fn shape(&self, tensor: &Self::Tensor) -> (usize, usize);

    /// Lays out a linear layer. `name` is unique within `load`'s checkpoint; `load` reads the weights and is not called
    /// when a kept layout of the same name exists.
    ///
    /// # Errors
    /// What `load` returns, or `Weights` when the lengths do not fit the sizes.
    fn linear_layer(&self, name: &str, load: &mut dyn FnMut() -> Result<HostLinear>) -> Result<Self::Linear>;

    /// Runs `work` where its operations start soonest: around a whole pass of a model, on one of the machine's threads.
    fn within<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        work()
    }

    /// The results of `work(0)` to `work(count - 1)`, several at once where the machine can: layers that are loaded.
    fn map<R: Send>(&self, count: usize, work: impl Fn(usize) -> R + Send + Sync) -> Vec<R> {
        (0..count).map(work).collect()
    }

    /// Rows that a pass through a tower should have at most: more of them leave the caches and take longer each.
    fn rows_per_pass(&self) -> usize {
        usize::MAX
    }

    /// (rows, in) -> (rows, out), or (rows, out / 2) of a gated pair.
    fn linear(
        &self,
        x: &Self::Tensor,
        layer: &Self::Linear,
        epilogue: &Epilogue<'_, Self::Tensor>,
    ) -> Self::Tensor;

    /// Row-wise normalisation: layer norm with a bias, root-mean-square norm (T5) without.
    /// `weight` and `bias` are (1, columns).
    fn norm(
        &self,
        x: &Self::Tensor,
        weight: &Self::Tensor,
        bias: Option<&Self::Tensor>,
        eps: f32,
    ) -> Self::Tensor;

    /// Rows of `table` by index: embeddings, pooled tokens. Indices are within the table.
    fn gather(&self, table: &Self::Tensor, rows: &[u32]) -> Self::Tensor;

    /// Adds row `i modulo (rows of table)` of `table` to row `i` of `x`: sums, position embeddings.
    fn add_rows(&self, x: Self::Tensor, table: &Self::Tensor) -> Self::Tensor;

    /// Pictures (n, 3, side, side) normalised f32 -> (n x tokens, 3 x patch x patch): per picture a row of zeros for the
    /// class token, then the patches row by row, each as (channel, y, x).
    fn patches(&self, pixels: &[f32], grid: PatchGrid) -> Self::Tensor;

    /// Softmax attention of every span; the result has the rows of the queries and heads x head_size columns.
    /// Rows outside every span are zero.
    fn attention(
        &self,
        query: Heads<'_, Self::Tensor>,
        key: Heads<'_, Self::Tensor>,
        value: Heads<'_, Self::Tensor>,
        spec: AttentionSpec<'_, Self::Tensor>,
        spans: &[Span],
    ) -> Self::Tensor;

    /// An empty cache for keys and values of `width` columns each.
    fn new_cache(&self, width: usize) -> Self::Cache;

    /// Appends the keys (columns from `key`) and values (from `value`) of `rows` to the sequences of the cache: the
    /// first `lengths[0]` rows to sequence 0, the next `lengths[1]` to sequence 1, and so on. The first call sets
    /// the number of sequences.
    fn cache_push(
        &self,
        cache: &mut Self::Cache,
        rows: &Self::Tensor,
        key: usize,
        value: usize,
        lengths: &[usize],
    );

    /// Causal attention of the newest queries of each sequence, `lengths` as in [`Self::cache_push`], over all that the
    /// cache holds of it.
    fn cache_attention(
        &self,
        query: Heads<'_, Self::Tensor>,
        cache: &Self::Cache,
        spec: AttentionSpec<'_, Self::Tensor>,
        lengths: &[usize],
    ) -> Self::Tensor;

    /// Sequence `i` becomes a continuation of the former sequence `parents[i]`: beams are reordered, finished rows
    /// leave, a prompt is shared. Nothing is copied but indices.
    fn cache_select(&self, cache: &mut Self::Cache, parents: &[usize]);

    /// The `k` most probable tokens of each row of logits, best first, ties by lower id; tokens as probable as the k-th
    /// stay, so a list may be longer than `k`.
    fn top_log_probs(&self, logits: &Self::Tensor, k: usize) -> Vec<Vec<Candidate>>;

    /// Log-probabilities of chosen tokens: (row, id) pairs of the logits.
    fn pick_log_probs(&self, logits: &Self::Tensor, picks: &[(usize, u32)]) -> Vec<f32>;
}
