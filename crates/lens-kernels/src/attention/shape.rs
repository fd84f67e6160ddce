//! What an attention is told about its operands.

use std::ops::Range;

/// One operand of an attention inside a wider matrix: its heads stand side by side from column `first` on.
#[derive(Debug, Clone, Copy)]
pub struct HeadsView<'a> {
    /// Row-major (rows, stride).
    pub data: &'a [f32],
    /// Columns of the matrix.
    pub stride: usize,
    /// Column where head 0 starts.
    pub first: usize,
}

impl<'a> HeadsView<'a> {
    pub(crate) fn rows(self) -> usize {
        self.data.len() / self.stride
    }

    /// The features of one head in one row.
    pub(crate) fn head(self, row: usize, head: usize, size: usize) -> &'a [f32] {
        let first = row * self.stride + self.first + head * size;
        &self.data[first..first + size]
    }

    /// Everything from one feature of a head in one row on.
    pub(crate) fn from(self, row: usize, head: usize, size: usize, feature: usize) -> &'a [f32] {
        &self.data[row * self.stride + self.first + head * size + feature..]
    }

    fn check(self, name: &str, heads: usize, size: usize) {
        assert!(
            self.stride > 0 && self.data.len().is_multiple_of(self.stride),
            "{name}: not rows of its stride"
        );
        assert!(
            self.first + heads * size <= self.stride,
            "{name}: {heads} heads of {size} do not fit its columns"
        );
    }
}

/// The geometry of an attention.
#[derive(Debug, Clone, Copy)]
pub struct AttentionShape<'a> {
    /// Number of query heads.
    pub heads: usize,
    /// Number of key and value heads; `heads` is a multiple of it.
    pub kv_heads: usize,
    /// Features per head.
    pub head_size: usize,
    /// Factor of q . k before the bias and the softmax.
    pub scale: f32,
    /// A query at position p sees keys 0..=p only. The last query of a span stands at the position of its last key;
    /// without it, queries are counted from 0.
    pub causal: bool,
    /// Added to the scaled product.
    pub bias: Option<RelativeBias<'a>>,
    /// Queries, keys, values and weights may be rounded to bf16 where the tier multiplies it faster than f32; sums and the
    /// softmax stay f32. Only [`crate::attention`] looks at it.
    pub rounded: bool,
}

impl AttentionShape<'_> {
    pub(crate) fn check(&self, q: HeadsView<'_>, k: HeadsView<'_>, v: HeadsView<'_>, out: &[f32]) {
        let Self { heads, kv_heads, head_size, .. } = *self;
        assert!(
            head_size > 0 && kv_heads > 0 && heads.is_multiple_of(kv_heads),
            "{heads} heads over {kv_heads}"
        );
        q.check("queries", heads, head_size);
        k.check("keys", kv_heads, head_size);
        v.check("values", kv_heads, head_size);
        assert_eq!(k.rows(), v.rows(), "there is not one value per key");
        assert_eq!(out.len(), q.rows() * heads * head_size, "result is not (query rows, heads x head size)");
        if let Some(bias) = self.bias {
            assert_eq!(bias.values.len(), heads * (2 * bias.reach + 1), "bias is not (heads, 2 x reach + 1)");
        }
    }

    /// The position of the first query of a span of so many queries and keys.
    pub(crate) fn first_position(&self, queries: usize, keys: usize) -> usize {
        if !self.causal {
            return 0;
        }
        assert!(queries <= keys, "causal: {queries} queries with only {keys} keys");
        keys - queries
    }
}

/// A bias that depends on the distance of key and query, one row per head.
#[derive(Debug, Clone, Copy)]
pub struct RelativeBias<'a> {
    /// (heads, 2 x reach + 1): column `reach + clamp(key - query, -reach, reach)`.
    pub values: &'a [f32],
    /// The distance from which on the bias stays the same.
    pub reach: usize,
}

impl RelativeBias<'_> {
    pub(crate) fn at(&self, head: usize, query: usize, key: usize) -> f32 {
        let reach = self.reach as isize;
        let distance = (key as isize - query as isize).clamp(-reach, reach);
        self.values[head * (2 * self.reach + 1) + (reach + distance) as usize]
    }
}

/// The rows of one sequence: its queries see exactly its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Rows of the query matrix.
    pub queries: Range<usize>,
    /// Rows of the key and value matrices.
    pub keys: Range<usize>,
}

/// The newest queries of one sequence and the rows of a cache that hold its keys.
#[derive(Debug, Clone)]
pub struct CachedSpan<'a> {
    /// Rows of the query matrix.
    pub queries: Range<usize>,
    /// Rows of the key and value matrices in order of position.
    pub keys: &'a [u32],
}
