//! The operands of one head, laid out as the register tiles read them.

use super::blocked::{BLOCK, HeadTask};
use crate::aligned::as_floats_mut;
use crate::gemm::PANEL;
use crate::gemm::bf16;
use crate::gemm::product::{Product, Words};
use crate::simd::Simd;

/// The parts of a task's buffer. Words are the bits of an f32, or of two bf16.
pub(super) struct Scratch<'a> {
    /// (keys, words of a head)
    keys: &'a mut [f32],
    /// (words of the keys, head size rounded up to whole panels)
    values: &'a mut [f32],
    /// (words of a head, 32)
    pub(super) queries: &'a mut [f32],
    /// (keys rounded up to whole words, 32): scores, then the words of the weights.
    pub(super) scores: &'a mut [f32],
    /// The bias by position of the query less that of the key, from `1 - keys` on.
    pub(super) bias: &'a mut [f32],
}

/// The most values in a word.
const MOST: usize = 2;

impl<'a> Scratch<'a> {
    /// Words that so many queries and keys take, however many values are in one.
    pub(super) fn size(queries: usize, position: usize, keys: usize, head_size: usize) -> usize {
        let keys = keys.next_multiple_of(MOST);
        let wide = keys * head_size.next_multiple_of(PANEL) + head_size * BLOCK + keys * BLOCK;
        wide + (keys * head_size).next_multiple_of(PANEL) + Self::distances(queries, position, keys)
    }

    /// Distances of a query and a key that a bias is spread over.
    pub(super) fn distances(queries: usize, position: usize, keys: usize) -> usize {
        keys + position + queries.next_multiple_of(BLOCK)
    }

    /// The widest parts first: all of their lines then start where the vectors do.
    #[inline(always)]
    pub(super) fn new<P: Product>(buffer: &'a mut [u32], keys: usize, head_size: usize, bias: usize) -> Self {
        let (key_words, head_words) = (keys.div_ceil(P::PER_WORD), head_size.div_ceil(P::PER_WORD));
        let (values, rest) =
            as_floats_mut(buffer).split_at_mut(key_words * head_size.next_multiple_of(PANEL));
        let (queries, rest) = rest.split_at_mut(head_words * BLOCK);
        let (scores, rest) = rest.split_at_mut(key_words * P::PER_WORD * BLOCK);
        let (keys, rest) = rest.split_at_mut((keys * head_words).next_multiple_of(PANEL));
        Self { keys, values, queries, scores, bias: &mut rest[..bias] }
    }
}

impl HeadTask<'_> {
    /// One block of queries reads each key once, so a copy would only cost time. Only whole panels of f32 can be read where
    /// they lie.
    fn reads_in_place<P: Product>(&self) -> bool {
        P::PER_WORD == 1 && self.rows.len() <= BLOCK && self.shape.head_size.is_multiple_of(PANEL)
    }

    fn kv_head(&self) -> usize {
        self.head / (self.shape.heads / self.shape.kv_heads)
    }

    /// The features of `rows` keys from `first` on: (keys, words of a head).
    #[inline(always)]
    pub(super) fn key_words<P: Product>(&self, scratch: &Scratch<'_>, first: usize, rows: usize) -> Words {
        let words = self.shape.head_size.div_ceil(P::PER_WORD);
        if self.reads_in_place::<P>() {
            let keys = self.k.from(self.keys.start + first, self.kv_head(), words, 0);
            return Words { start: keys.as_ptr().cast(), row_stride: self.k.stride, step_stride: 1 };
        }
        let keys = &scratch.keys[first * words..(first + rows) * words];
        Words { start: keys.as_ptr().cast(), row_stride: words, step_stride: 1 }
    }

    /// The values of the first `seen` keys from column `column` of the head on, and how far apart their lines are.
    #[inline(always)]
    pub(super) fn value_words<P: Product>(
        &self,
        scratch: &Scratch<'_>,
        seen: usize,
        column: usize,
    ) -> (*const u32, usize) {
        let size = self.shape.head_size;
        if self.reads_in_place::<P>() {
            let values = self.v.from(self.keys.start, self.kv_head(), size, column);
            return (values.as_ptr().cast(), self.v.stride);
        }
        let width = size.next_multiple_of(PANEL);
        assert!(scratch.values.len() >= seen.div_ceil(P::PER_WORD) * width, "as many values as keys");
        (scratch.values[column..].as_ptr().cast(), width)
    }

    /// Rows far apart would fall on few cache sets; side by side they are also read in order.
    #[inline(always)]
    pub(super) fn copy_keys_and_values<S: Simd, P: Product>(&self, simd: S, scratch: &mut Scratch<'_>) {
        if self.reads_in_place::<P>() {
            return;
        }
        let (size, head) = (self.shape.head_size, self.kv_head());
        let words = size.div_ceil(P::PER_WORD);
        for (row, key) in self.keys.clone().zip(scratch.keys.chunks_exact_mut(words)) {
            let features = self.k.head(row, head, size);
            if P::PER_WORD == 1 {
                key.copy_from_slice(features);
            } else {
                pair_neighbours(features, 1.0, key.iter_mut());
            }
        }
        let rows = self.keys.clone().step_by(P::PER_WORD);
        for (row, value) in rows.zip(scratch.values.chunks_exact_mut(size.next_multiple_of(PANEL))) {
            let first = self.v.head(row, head, size);
            value[size..].fill(0.0);
            if P::PER_WORD == 1 {
                value[..size].copy_from_slice(first);
            } else if row + 1 < self.keys.end {
                pair_rows(simd, first, self.v.head(row + 1, head, size), &mut value[..size]);
            } else {
                value.iter_mut().zip(first).for_each(|(word, x)| *word = word_of(*x, 0.0));
            }
        }
    }

    /// Scaled queries, word by word; zero in the lanes behind the last.
    #[inline(always)]
    pub(super) fn transpose_queries<P: Product>(&self, rows: &[u32], queries: &mut [f32]) {
        let (size, scale) = (self.shape.head_size, self.shape.scale);
        if rows.len() < BLOCK {
            queries.fill(0.0);
        }
        for (lane, row) in rows.iter().enumerate() {
            let features = self.q.head(*row as usize, self.head, size);
            let words = queries[lane..].iter_mut().step_by(BLOCK);
            if P::PER_WORD == 1 {
                words.zip(features).for_each(|(word, x)| *word = x * scale);
            } else {
                pair_neighbours(features, scale, words);
            }
        }
    }

    #[inline(always)]
    pub(super) fn spread_bias(&self, spread: &mut [f32]) {
        if let Some(bias) = self.shape.bias {
            let last = self.keys.len() - 1;
            for (index, spread) in spread.iter_mut().enumerate() {
                *spread = bias.at(self.head, index, last);
            }
        }
    }
}

/// Two values as bf16 in the bits of an f32.
#[inline(always)]
fn word_of(low: f32, high: f32) -> f32 {
    f32::from_bits(bf16::pair(low, high))
}

/// A word for every two values of a row, times `scale`; zero behind the last.
#[inline(always)]
fn pair_neighbours<'w>(x: &[f32], scale: f32, mut words: impl Iterator<Item = &'w mut f32>) {
    let (pairs, rest) = x.as_chunks::<2>();
    for ([low, high], word) in pairs.iter().zip(&mut words) {
        *word = word_of(low * scale, high * scale);
    }
    if let ([low], Some(word)) = (rest, words.next()) {
        *word = word_of(low * scale, 0.0);
    }
}

/// A word for each two values of the same place in two rows.
#[inline(always)]
fn pair_rows<S: Simd>(simd: S, low: &[f32], high: &[f32], words: &mut [f32]) {
    for (index, words) in words.chunks_mut(S::LANES).enumerate() {
        let place = index * S::LANES..index * S::LANES + words.len();
        let (low, high) = (&low[place.clone()], &high[place]);
        if words.len() == S::LANES {
            simd.store(words, simd.words_as_floats(simd.pair_bf16(simd.load(low), simd.load(high))));
        } else {
            for (word, (low, high)) in words.iter_mut().zip(low.iter().zip(high)) {
                *word = word_of(*low, *high);
            }
        }
    }
}
