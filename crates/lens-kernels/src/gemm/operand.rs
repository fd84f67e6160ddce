//! Activations laid out for the register tiles of a product.

use super::bf16;
use super::packed::Precision;
use super::product::Words;
use super::quantise::{ROW_WORDS, RowLine};
use crate::simd::{Kernel, Simd};

/// Rows of one call, all or a part, in tiles as high as the register tile. A tile holds its words step by step, so that the
/// product reads them in order, and then a few words per row that say what its bytes mean, which only int8 uses.
#[derive(Clone, Copy)]
pub(crate) struct Operand<'a> {
    pub(crate) words: &'a [u32],
    /// Index of the first row in the call.
    pub(crate) first: usize,
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
        Tile { first: self.first + first, rows, words, lines }
    }
}

/// A few rows of activations.
#[derive(Clone, Copy)]
pub(crate) struct Tile<'a> {
    /// Index of the first row in the call.
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
        let rows = self.x.len() / self.inputs;
        let steps = self.inputs.div_ceil(self.precision.per_word());
        let (words, lines) = self.out.split_at_mut(rows * steps);
        let rows_and_lines = self.x.chunks_exact(self.inputs).zip(lines.chunks_exact_mut(ROW_WORDS));
        for (row, (x, line_words)) in rows_and_lines.enumerate() {
            let words = &mut words[row..];
            match self.precision {
                Precision::F32 => scatter(x, rows, words, |x: [f32; 1]| x[0].to_bits()),
                Precision::Bf16 => scatter(x, rows, words, |x: [f32; 2]| bf16::pair(x[0], x[1])),
                Precision::Int8 => {
                    let line = RowLine::fit(x, line_words);
                    scatter_bytes(x, rows, words, line);
                    for outlier in line_words[3..].iter().step_by(2).take(line_words[2] as usize) {
                        let (step, shift) = (*outlier as usize / 4, *outlier % 4 * 8);
                        let word = &mut words[step * rows];
                        *word = *word & !(0xFF << shift) | (line_words[1] << shift);
                    }
                }
            }
        }
    }
}

/// Writes a word for every `N` inputs, `rows` words apart; inputs behind the last count as zero.
#[inline(always)]
fn scatter<const N: usize>(x: &[f32], rows: usize, words: &mut [u32], word: impl Fn([f32; N]) -> u32) {
    /// Words that are computed together before they are scattered, so that the compiler makes vectors of them.
    const BLOCK: usize = 16;
    let (groups, rest) = x.as_chunks::<N>();
    let mut targets = words.iter_mut().step_by(rows);
    let (blocks, last_groups) = groups.as_chunks::<BLOCK>();
    for block in blocks {
        let mut packed = [0; BLOCK];
        for (packed, group) in packed.iter_mut().zip(block) {
            *packed = word(*group);
        }
        for packed in packed {
            if let Some(target) = targets.next() {
                *target = packed;
            }
        }
    }
    for (group, target) in last_groups.iter().zip(targets.by_ref()) {
        *target = word(*group);
    }
    if !rest.is_empty() {
        let mut group = [0.0; N];
        group[..rest.len()].copy_from_slice(rest);
        if let Some(target) = targets.next() {
            *target = word(group);
        }
    }
}

/// As [`scatter`] for bytes, many of which are computed as neighbours: four at a time, the compiler would shuffle each word
/// together on its own.
#[inline(always)]
fn scatter_bytes(x: &[f32], rows: usize, words: &mut [u32], line: RowLine) {
    const BLOCK: usize = 64;
    let mut targets = words.iter_mut().step_by(rows);
    for x in x.chunks(BLOCK) {
        let mut bytes = [line.zero as u8; BLOCK];
        if let Some(x) = x.as_array::<BLOCK>() {
            for (byte, x) in bytes.iter_mut().zip(x) {
                *byte = line.byte(*x);
            }
        } else {
            for (byte, x) in bytes.iter_mut().zip(x) {
                *byte = line.byte(*x);
            }
        }
        let count = x.len().div_ceil(4);
        for (word, target) in bytes.as_chunks().0[..count].iter().zip(targets.by_ref()) {
            *target = u32::from_le_bytes(*word);
        }
    }
}
