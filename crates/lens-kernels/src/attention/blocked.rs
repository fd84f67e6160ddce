//! Attention of one head over a contiguous range of keys, as two products of register tiles.
//!
//! Lanes are queries: the scores of 32 queries lie transposed, (keys, 32), so that the softmax runs down the lanes
//! without a sum across them, and the second product finds its operand already in the order it reads.

use super::scratch::Scratch;
use super::shape::{AttentionShape, HeadsView};
use crate::gemm::PANEL;
use crate::gemm::product::{self, Bf16, F32, MAX_ROWS, Product, TileSums, Words};
use crate::shared::SharedRows;
use crate::simd::{Kernel, Simd, math};
use std::ops::Range;

/// Queries of one block.
pub(crate) const BLOCK: usize = PANEL;

/// Some queries of one head over one range of keys.
pub(crate) struct HeadTask<'a> {
    pub(crate) q: HeadsView<'a>,
    pub(crate) k: HeadsView<'a>,
    pub(crate) v: HeadsView<'a>,
    pub(crate) shape: AttentionShape<'a>,
    pub(crate) head: usize,
    /// Rows of the queries in order of position.
    pub(crate) rows: &'a [u32],
    /// Position of the first of them.
    pub(crate) position: usize,
    /// Not empty.
    pub(crate) keys: Range<usize>,
    /// (query rows, heads x head size). No other task has the same row and head.
    pub(crate) out: &'a SharedRows<'a>,
    /// As long as [`HeadTask::buffer`] says.
    pub(crate) buffer: &'a mut [u32],
}

impl HeadTask<'_> {
    /// Words of scratch that so many queries and keys take.
    pub(crate) fn buffer(queries: usize, position: usize, keys: usize, head_size: usize) -> usize {
        Scratch::size(queries, position, keys, head_size)
    }
}

impl Kernel for HeadTask<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.shape.rounded && S::MULTIPLIES_BF16 {
            self.attend::<S, Bf16>(simd);
        } else {
            self.attend::<S, F32>(simd);
        }
    }
}

impl HeadTask<'_> {
    #[inline(always)]
    fn attend<S: Simd, P: Product>(mut self, simd: S) {
        let (count, size) = (self.keys.len(), self.shape.head_size);
        let buffer = std::mem::take(&mut self.buffer);
        let distances = Scratch::distances(self.rows.len(), self.position, count);
        let mut scratch = Scratch::new::<P>(buffer, count, size, distances);
        self.copy_keys_and_values::<S, P>(simd, &mut scratch);
        self.spread_bias(scratch.bias);
        for (index, rows) in self.rows.chunks(BLOCK).enumerate() {
            let position = self.position + index * BLOCK;
            let seen = if self.shape.causal { count.min(position + rows.len()) } else { count };
            self.transpose_queries::<P>(rows, scratch.queries);
            self.score::<S, P>(simd, (position, rows.len()), seen, &mut scratch);
            let scores = &mut scratch.scores[..seen.next_multiple_of(P::PER_WORD) * BLOCK];
            scores[seen * BLOCK..].fill(f32::NEG_INFINITY);
            let factors = softmax::<S, P>(simd, rows.len(), scores);
            self.weigh_values::<S, P>(simd, rows, seen, &scratch, &factors);
        }
    }

    /// Fills the scores of the first `seen` keys: products, bias, and -infinity where a query may not look.
    #[inline(always)]
    fn score<S: Simd, P: Product>(
        &self,
        simd: S,
        (position, count): (usize, usize),
        seen: usize,
        scratch: &mut Scratch<'_>,
    ) {
        let words = self.shape.head_size.div_ceil(P::PER_WORD);
        let mut sums: TileSums = [0.0; MAX_ROWS * PANEL];
        let tile_rows = S::TILE_ROWS[P::KIND];
        for first in (0..seen).step_by(tile_rows) {
            let rows = tile_rows.min(seen - first);
            let keys = self.key_words::<P>(scratch, first, rows);
            let queries = (scratch.queries.as_ptr().cast(), BLOCK);
            // SAFETY: there are `rows` keys of `words` words each, all within the span that `attention` checked where
            // they are read in place, and `words` lines of 32 queries.
            unsafe { multiply::<S, P>(simd, (rows, count), keys, queries, words, &mut sums) };
            for row in 0..rows {
                let key = first + row;
                let scores = &mut scratch.scores[key * BLOCK..(key + 1) * BLOCK];
                for lane in (0..count).step_by(S::LANES) {
                    let mut score = simd.load(&sums[row * PANEL + lane..]);
                    if self.shape.bias.is_some() {
                        let distance = position + lane + self.keys.len() - 1 - key;
                        score = simd.add(score, simd.load(&scratch.bias[distance..]));
                    }
                    if self.shape.causal && key > position {
                        score = hide(simd, position + lane, key, score);
                    }
                    simd.store(&mut scores[lane..], score);
                }
            }
        }
    }

    /// The sums of the values by the weights in `scores`, times one factor per query.
    #[inline(always)]
    fn weigh_values<S: Simd, P: Product>(
        &self,
        simd: S,
        rows: &[u32],
        seen: usize,
        scratch: &Scratch<'_>,
        factors: &[f32; BLOCK],
    ) {
        let size = self.shape.head_size;
        let mut sums: TileSums = [0.0; MAX_ROWS * PANEL];
        let tile_rows = S::TILE_ROWS[P::KIND];
        let steps = seen.div_ceil(P::PER_WORD);
        for (tile, rows) in rows.chunks(tile_rows).enumerate() {
            let first = tile * tile_rows;
            for column in (0..size).step_by(PANEL) {
                assert!(scratch.scores.len() >= steps * BLOCK, "a line of weights for each word");
                let weights = scratch.scores[first..].as_ptr().cast();
                let weights = Words { start: weights, row_stride: 1, step_stride: BLOCK };
                let values = self.value_words::<P>(scratch, seen, column);
                // SAFETY: `steps` lines of 32 weights, of which the tile's rows are within, and `steps` lines of values, of
                // which 32 columns can be read: whole panels where they lie, or a copy that is padded.
                unsafe {
                    multiply::<S, P>(simd, (rows.len(), size - column), weights, values, steps, &mut sums);
                }
                let columns = self.head * size + column..self.head * size + size.min(column + PANEL);
                for (index, row) in rows.iter().enumerate() {
                    // SAFETY: this task alone has this row and head.
                    let out = unsafe { self.out.segment(*row as usize, columns.clone()) };
                    let factor = factors[first + index];
                    for (out, sum) in out.iter_mut().zip(&sums[index * PANEL..]) {
                        *out = sum * factor;
                    }
                }
            }
        }
    }
}

/// A register tile with no more vectors than its columns need.
///
/// # Safety
/// As [`product::tile`].
#[inline(always)]
unsafe fn multiply<S: Simd, P: Product>(
    simd: S,
    size: (usize, usize),
    a: Words,
    b: (*const u32, usize),
    steps: usize,
    sums: &mut TileSums,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if size.1 > S::LANES {
            product::tile::<S, P, 2>(simd, size, a, b, steps, sums);
        } else {
            product::tile::<S, P, 1>(simd, size, a, b, steps, sums);
        }
    }
}

/// -infinity in the lanes of queries that stand before `key`; the first lane stands at `position`.
#[inline(always)]
fn hide<S: Simd>(simd: S, position: usize, key: usize, score: S::Floats) -> S::Floats {
    const COUNT: [f32; 16] =
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0];
    let behind = simd.splat(key as f32 - position as f32);
    simd.select_less(simd.load(&COUNT), behind, simd.splat(f32::NEG_INFINITY), score)
}

/// Makes each score e^(score - greatest), several in a word where the product takes several, word by word from the front;
/// returns what to multiply the weighted sums by: 1 / sum of a query's weights.
#[inline(always)]
fn softmax<S: Simd, P: Product>(simd: S, count: usize, scores: &mut [f32]) -> [f32; BLOCK] {
    let mut factors = [0.0; BLOCK];
    for lane in (0..count).step_by(S::LANES) {
        let mut greatest = simd.splat(f32::NEG_INFINITY);
        for line in scores.chunks_exact(BLOCK) {
            greatest = simd.max(simd.load(&line[lane..]), greatest);
        }
        let mut sum = simd.splat(0.0);
        for word in 0..scores.len() / (BLOCK * P::PER_WORD) {
            let line = word * P::PER_WORD * BLOCK + lane;
            let mut weight = math::exp(simd, simd.sub(simd.load(&scores[line..]), greatest));
            sum = simd.add(sum, weight);
            if P::PER_WORD == 2 {
                let next = math::exp(simd, simd.sub(simd.load(&scores[line + BLOCK..]), greatest));
                sum = simd.add(sum, next);
                weight = simd.words_as_floats(simd.pair_bf16(weight, next));
            }
            simd.store(&mut scores[word * BLOCK + lane..], weight);
        }
        simd.store(&mut factors[lane..], simd.div(simd.splat(1.0), sum));
    }
    factors
}
