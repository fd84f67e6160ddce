//! Attention of one head over a contiguous range of keys, as two products of register tiles.
//!
//! Lanes are queries: the scores of 32 queries lie transposed, (keys, 32), so that the softmax runs down the lanes
//! without a sum across them, and the second product finds its operand already in the order it reads.

use super::shape::{AttentionShape, HeadsView};
use crate::aligned::as_floats_mut;
use crate::gemm::PANEL;
use crate::gemm::product::{self, F32, MAX_ROWS, TileSums, Words};
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

/// The parts of a task's buffer.
struct Scratch<'a> {
    /// (keys, head size)
    keys: &'a mut [f32],
    /// (keys, head size rounded up to whole panels)
    values: &'a mut [f32],
    /// (head size, 32)
    queries: &'a mut [f32],
    /// (keys, 32)
    scores: &'a mut [f32],
    /// The bias by position of the query less that of the key, from `1 - keys` on.
    bias: &'a mut [f32],
}

impl HeadTask<'_> {
    /// Words of scratch that so many queries and keys take.
    pub(crate) fn buffer(queries: usize, position: usize, keys: usize, head_size: usize) -> usize {
        let values = head_size.next_multiple_of(PANEL);
        let wide = keys * values + head_size * BLOCK + keys * BLOCK;
        wide + (keys * head_size).next_multiple_of(PANEL) + keys + position + queries.next_multiple_of(BLOCK)
    }

    /// The widest parts first: all of their lines then start where the vectors do.
    #[inline(always)]
    fn scratch(buffer: &mut [u32], keys: usize, head_size: usize) -> Scratch<'_> {
        let (values, rest) = as_floats_mut(buffer).split_at_mut(keys * head_size.next_multiple_of(PANEL));
        let (queries, rest) = rest.split_at_mut(head_size * BLOCK);
        let (scores, rest) = rest.split_at_mut(keys * BLOCK);
        let (keys, bias) = rest.split_at_mut((keys * head_size).next_multiple_of(PANEL));
        Scratch { keys, values, queries, scores, bias }
    }
}

impl Kernel for HeadTask<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (count, size) = (self.keys.len(), self.shape.head_size);
        let buffer = std::mem::take(&mut self.buffer);
        let mut scratch = Self::scratch(buffer, count, size);
        if !self.reads_in_place() {
            self.copy_keys_and_values(&mut scratch);
        }
        self.spread_bias(scratch.bias);
        for (index, rows) in self.rows.chunks(BLOCK).enumerate() {
            let position = self.position + index * BLOCK;
            let seen = if self.shape.causal { count.min(position + rows.len()) } else { count };
            self.transpose_queries(rows, scratch.queries);
            self.score(simd, (position, rows.len()), seen, &mut scratch);
            let factors = softmax(simd, rows.len(), &mut scratch.scores[..seen * BLOCK]);
            self.weigh_values(simd, rows, seen, &scratch, &factors);
        }
    }
}

impl HeadTask<'_> {
    /// One block of queries reads each key once, so a copy would only cost time. Only whole panels can be read where they
    /// lie.
    fn reads_in_place(&self) -> bool {
        self.rows.len() <= BLOCK && self.shape.head_size.is_multiple_of(PANEL)
    }

    /// The features of the keys from `first` on: (keys, head size).
    #[inline(always)]
    fn key_words(&self, scratch: &Scratch<'_>, first: usize, rows: usize) -> Words {
        let size = self.shape.head_size;
        if self.reads_in_place() {
            let head = self.head / (self.shape.heads / self.shape.kv_heads);
            let start = self.k.head(self.keys.start + first, head, size).as_ptr();
            return Words { start: start.cast(), row_stride: self.k.stride, step_stride: 1 };
        }
        let keys = &scratch.keys[first * size..(first + rows) * size];
        Words { start: keys.as_ptr().cast(), row_stride: size, step_stride: 1 }
    }

    /// The values from column `column` of the head on, and how far apart their rows are.
    #[inline(always)]
    fn value_words(&self, scratch: &Scratch<'_>, seen: usize, column: usize) -> (*const u32, usize) {
        let size = self.shape.head_size;
        if self.reads_in_place() {
            let head = self.head / (self.shape.heads / self.shape.kv_heads);
            return (self.v.head(self.keys.start, head, size)[column..].as_ptr().cast(), self.v.stride);
        }
        let width = size.next_multiple_of(PANEL);
        assert!(scratch.values.len() >= seen * width, "as many values as keys");
        (scratch.values[column..].as_ptr().cast(), width)
    }

    /// Rows far apart would fall on few cache sets; side by side they are also read in order.
    #[inline(always)]
    fn copy_keys_and_values(&self, scratch: &mut Scratch<'_>) {
        let size = self.shape.head_size;
        let head = self.head / (self.shape.heads / self.shape.kv_heads);
        let width = size.next_multiple_of(PANEL);
        for (row, key) in self.keys.clone().zip(scratch.keys.chunks_exact_mut(size)) {
            key.copy_from_slice(self.k.head(row, head, size));
        }
        for (row, value) in self.keys.clone().zip(scratch.values.chunks_exact_mut(width)) {
            value[..size].copy_from_slice(self.v.head(row, head, size));
            value[size..].fill(0.0);
        }
    }

    #[inline(always)]
    fn spread_bias(&self, spread: &mut [f32]) {
        if let Some(bias) = self.shape.bias {
            let last = self.keys.len() - 1;
            for (index, spread) in spread.iter_mut().enumerate() {
                *spread = bias.at(self.head, index, last);
            }
        }
    }

    /// Scaled queries, feature by feature; zero in the lanes behind the last.
    #[inline(always)]
    fn transpose_queries(&self, rows: &[u32], queries: &mut [f32]) {
        let size = self.shape.head_size;
        if rows.len() < BLOCK {
            queries.fill(0.0);
        }
        for (lane, row) in rows.iter().enumerate() {
            let features = self.q.head(*row as usize, self.head, size);
            for (line, feature) in queries.chunks_exact_mut(BLOCK).zip(features) {
                line[lane] = feature * self.shape.scale;
            }
        }
    }

    /// Fills the scores of the first `seen` keys: products, bias, and -infinity where a query may not look.
    #[inline(always)]
    fn score<S: Simd>(
        &self,
        simd: S,
        (position, count): (usize, usize),
        seen: usize,
        scratch: &mut Scratch<'_>,
    ) {
        let size = self.shape.head_size;
        let mut sums: TileSums = [0.0; MAX_ROWS * PANEL];
        let tile_rows = S::TILE_ROWS[0];
        for first in (0..seen).step_by(tile_rows) {
            let rows = tile_rows.min(seen - first);
            let keys = self.key_words(scratch, first, rows);
            let queries = (scratch.queries.as_ptr().cast(), BLOCK);
            // SAFETY: there are `rows` keys of `size` features each, all within the span that `attention` checked where
            // they are read in place, and `size` lines of 32 queries.
            unsafe { multiply(simd, (rows, count), keys, queries, size, &mut sums) };
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
    fn weigh_values<S: Simd>(
        &self,
        simd: S,
        rows: &[u32],
        seen: usize,
        scratch: &Scratch<'_>,
        factors: &[f32; BLOCK],
    ) {
        let size = self.shape.head_size;
        let mut sums: TileSums = [0.0; MAX_ROWS * PANEL];
        let tile_rows = S::TILE_ROWS[0];
        for (tile, rows) in rows.chunks(tile_rows).enumerate() {
            let first = tile * tile_rows;
            for column in (0..size).step_by(PANEL) {
                assert!(scratch.scores.len() >= seen * BLOCK, "a line of weights for each key");
                let weights = scratch.scores[first..].as_ptr().cast();
                let weights = Words { start: weights, row_stride: 1, step_stride: BLOCK };
                let values = self.value_words(scratch, seen, column);
                // SAFETY: `seen` lines of 32 weights, of which the tile's rows are within, and `seen` lines of values, of
                // which 32 columns can be read: whole panels where they lie, or a copy that is padded.
                unsafe { multiply(simd, (rows.len(), size - column), weights, values, seen, &mut sums) };
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
unsafe fn multiply<S: Simd>(
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
            product::tile::<S, F32, 2>(simd, size, a, b, steps, sums);
        } else {
            product::tile::<S, F32, 1>(simd, size, a, b, steps, sums);
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

/// Makes each score e^(score - greatest) and returns what to multiply the weighted sums by: 1 / sum of a query's weights.
#[inline(always)]
fn softmax<S: Simd>(simd: S, count: usize, scores: &mut [f32]) -> [f32; BLOCK] {
    let mut factors = [0.0; BLOCK];
    for lane in (0..count).step_by(S::LANES) {
        let mut greatest = simd.splat(f32::NEG_INFINITY);
        for line in scores.chunks_exact(BLOCK) {
            greatest = simd.max(simd.load(&line[lane..]), greatest);
        }
        let mut sum = simd.splat(0.0);
        for line in scores.chunks_exact_mut(BLOCK) {
            let weight = math::exp(simd, simd.sub(simd.load(&line[lane..]), greatest));
            sum = simd.add(sum, weight);
            simd.store(&mut line[lane..], weight);
        }
        simd.store(&mut factors[lane..], simd.div(simd.splat(1.0), sum));
    }
    factors
}
