//! Activations laid out for the register tiles of a product.

use super::bf16;
use super::packed::Precision;
use super::product::{MAX_ROWS, Words};
use super::quantise::{ROW_WORDS, RowLine};
use crate::simd::{Kernel, Simd};

/// The rows of one call, in tiles as high as the register tile. A tile holds its words step by step, so that the
/// product reads them in order, and then a few words per row that say what its bytes mean, which only int8 uses.
#[derive(Clone, Copy)]
pub(crate) struct Operand<'a> {
    pub(crate) words: &'a [u32],
    pub(crate) rows: usize,
    /// Words of one row.
    pub(crate) steps: usize,
    /// Rows of every tile but the last.
    pub(crate) tile_rows: usize,
}

impl<'a> Operand<'a> {
    /// Words of so many rows.
    pub(crate) fn size(rows: usize, steps: usize) -> usize {
        rows * (steps + ROW_WORDS)
    }

    pub(crate) fn tiles(&self) -> usize {
        self.rows.div_ceil(self.tile_rows)
    }

    pub(crate) fn tile(&self, index: usize) -> Tile<'a> {
        let first = index * self.tile_rows;
        let rows = self.tile_rows.min(self.rows - first);
        let words = &self.words[Self::size(first, self.steps)..Self::size(first + rows, self.steps)];
        let (words, lines) = words.split_at(rows * self.steps);
        Tile { first, rows, words, lines }
    }
}

/// A few rows of activations.
#[derive(Clone, Copy)]
pub(crate) struct Tile<'a> {
    /// Index of the first row.
    pub(crate) first: usize,
    pub(crate) rows: usize,
    /// (steps, rows)
    words: &'a [u32],
    /// (rows, [`ROW_WORDS`])
    lines: &'a [u32],
}

impl Tile<'_> {
    pub(crate) fn layout(&self) -> Words {
        Words { start: self.words.as_ptr(), row_stride: 1, step_stride: self.rows }
    }

    /// What one unit of an int8 activation of `row` is worth.
    pub(crate) fn scale(&self, row: usize) -> f32 {
        f32::from_bits(self.line(row)[0])
    }

    /// The int8 activation of `row` that stands for zero.
    pub(crate) fn zero(&self, row: usize) -> u32 {
        self.line(row)[1]
    }

    /// Index and bits of the values of `row` that its bytes leave out.
    pub(crate) fn outliers(&self, row: usize) -> &[[u32; 2]] {
        let line = self.line(row);
        &line[3..].as_chunks().0[..line[2] as usize]
    }

    fn line(&self, row: usize) -> &[u32] {
        &self.lines[row * ROW_WORDS..(row + 1) * ROW_WORDS]
    }
}

/// Lays out one tile of rows.
pub(crate) struct PackTile<'a> {
    pub(crate) precision: Precision,
    /// (rows, inputs)
    pub(crate) x: &'a [f32],
    pub(crate) inputs: usize,
    /// As [`Operand::size`] says.
    pub(crate) out: &'a mut [u32],
}

impl Kernel for PackTile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { precision, x, inputs, out } = self;
        let rows = x.len() / inputs;
        let (words, lines) = out.split_at_mut(rows * inputs.div_ceil(precision.per_word()));
        match precision {
            Precision::F32 => interleave(x, inputs, words, |_, x: &[[f32; 1]; BLOCK]| floats(x)),
            Precision::Bf16 => interleave(x, inputs, words, |_, x: &[[f32; 2]; BLOCK]| bf16::pairs(x)),
            Precision::Int8 => {
                let mut fitted = [RowLine::default(); MAX_ROWS];
                let rows_and_lines = x.chunks_exact(inputs).zip(lines.chunks_exact_mut(ROW_WORDS));
                for (line, (x, words)) in fitted.iter_mut().zip(rows_and_lines) {
                    *line = RowLine::fit(x, words);
                }
                interleave(x, inputs, words, |row, x: &[[f32; 4]; BLOCK]| fitted[row].quantise(x));
                leave_out(words, lines);
            }
        }
    }
}

/// Words of one row that are computed together, so that the compiler makes vectors of them.
pub(crate) const BLOCK: usize = 16;

/// Writes a word for every `N` inputs of each row, (steps, rows); inputs behind the last count as zero. Blocks of words
/// outside, rows inside: what is written together stays in the first cache.
#[inline(always)]
fn interleave<const N: usize>(
    x: &[f32],
    inputs: usize,
    words: &mut [u32],
    pack: impl Fn(usize, &[[f32; N]; BLOCK]) -> [u32; BLOCK],
) {
    let rows = x.len() / inputs;
    for (index, words) in words.chunks_mut(BLOCK * rows).enumerate() {
        for (row, x) in x.chunks_exact(inputs).enumerate() {
            let x = &x[index * BLOCK * N..];
            let packed = match x.as_chunks::<N>().0.as_chunks::<BLOCK>().0 {
                [block, ..] => pack(row, block),
                [] => {
                    let mut block = [[0.0; N]; BLOCK];
                    block.as_flattened_mut()[..x.len()].copy_from_slice(x);
                    pack(row, &block)
                }
            };
            for (word, packed) in words[row..].iter_mut().step_by(rows).zip(packed) {
                *word = packed;
            }
        }
    }
}

#[inline(always)]
fn floats(x: &[[f32; 1]; BLOCK]) -> [u32; BLOCK] {
    let mut words = [0; BLOCK];
    for (word, [x]) in words.iter_mut().zip(x) {
        *word = x.to_bits();
    }
    words
}

/// Puts the byte that stands for zero in the place of each outlier.
#[inline(always)]
fn leave_out(words: &mut [u32], lines: &[u32]) {
    let rows = lines.len() / ROW_WORDS;
    for (row, line) in lines.chunks_exact(ROW_WORDS).enumerate() {
        for outlier in line[3..].iter().step_by(2).take(line[2] as usize) {
            let (step, shift) = (*outlier as usize / 4, *outlier % 4 * 8);
            let word = &mut words[step * rows + row];
            *word = *word & !(0xFF << shift) | (line[1] << shift);
        }
    }
}
