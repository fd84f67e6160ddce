//! Activations laid out for the register tiles of a product.

use super::bf16;
use super::packed::Precision;
use super::product::Words;
use crate::simd::{Kernel, Simd};

/// The rows of one call, in tiles as high as the register tile. A tile holds its words step by step, so that the
/// product reads them in order, and then one scale and one zero point per row, which only int8 uses.
#[derive(Clone, Copy)]
pub(crate) struct Operand<'a> {
    pub(crate) words: &'a [u32],
    pub(crate) rows: usize,
    /// Words of one row.
    pub(crate) steps: usize,
    /// Rows of every tile but the last.
    pub(crate) tile_rows: usize,
}

/// Words that a row takes beside its values.
const ROW_EXTRA: usize = 2;

impl<'a> Operand<'a> {
    /// Words of so many rows.
    pub(crate) fn size(rows: usize, steps: usize) -> usize {
        rows * (steps + ROW_EXTRA)
    }

    pub(crate) fn tiles(&self) -> usize {
        self.rows.div_ceil(self.tile_rows)
    }

    pub(crate) fn tile(&self, index: usize) -> Tile<'a> {
        let first = index * self.tile_rows;
        let rows = self.tile_rows.min(self.rows - first);
        let words = &self.words[Self::size(first, self.steps)..Self::size(first + rows, self.steps)];
        let (words, extra) = words.split_at(rows * self.steps);
        let (scales, zeros) = extra.split_at(rows);
        Tile { first, rows, words, scales, zeros }
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
    scales: &'a [u32],
    zeros: &'a [u32],
}

impl Tile<'_> {
    pub(crate) fn layout(&self) -> Words {
        Words { start: self.words.as_ptr(), row_stride: 1, step_stride: self.rows }
    }

    /// What one unit of an int8 activation of `row` is worth.
    pub(crate) fn scale(&self, row: usize) -> f32 {
        f32::from_bits(self.scales[row])
    }

    /// The int8 activation of `row` that stands for zero.
    pub(crate) fn zero(&self, row: usize) -> u32 {
        self.zeros[row]
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
        let (words, extra) = self.out.split_at_mut(rows * steps);
        let (scales, zeros) = extra.split_at_mut(rows);
        for (row, x) in self.x.chunks_exact(self.inputs).enumerate() {
            let words = &mut words[row..];
            match self.precision {
                Precision::F32 => scatter(x, rows, words, |x: [f32; 1]| x[0].to_bits()),
                Precision::Bf16 => scatter(x, rows, words, |x: [f32; 2]| bf16::pair(x[0], x[1])),
                Precision::Int8 => {
                    let range = ByteRange::of(x);
                    (scales[row], zeros[row]) = (range.scale.to_bits(), range.zero as u32);
                    scatter(x, rows, words, |x: [f32; 4]| range.quantise(x));
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

/// The straight line from a row's least to its greatest value that bytes 0 to 255 stand for.
#[derive(Clone, Copy)]
struct ByteRange {
    scale: f32,
    per_unit: f32,
    /// The byte of 0.0, so that zero padding is exact.
    zero: f32,
}

impl ByteRange {
    /// The scale is NaN where a value is not finite, and so is then the row of the result.
    #[inline(always)]
    fn of(x: &[f32]) -> Self {
        const LANES: usize = 16;
        let (mut least, mut greatest, mut odd) = ([0.0f32; LANES], [0.0f32; LANES], [0.0f32; LANES]);
        let (blocks, rest) = x.as_chunks::<LANES>();
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        for block in blocks.iter().chain(std::iter::once(&last)) {
            for lane in 0..LANES {
                let x = block[lane];
                least[lane] = if x < least[lane] { x } else { least[lane] };
                greatest[lane] = if x > greatest[lane] { x } else { greatest[lane] };
                odd[lane] += x * 0.0;
            }
        }
        let (mut low, mut high, mut not_finite) = (0.0f32, 0.0f32, 0.0f32);
        for lane in 0..LANES {
            low = low.min(least[lane]);
            high = high.max(greatest[lane]);
            not_finite += odd[lane];
        }
        // Halves first: the difference of two finite values may not be finite.
        let scale = (high / 255.0 - low / 255.0).max(f32::MIN_POSITIVE) + not_finite;
        let per_unit = 1.0 / scale;
        Self { scale, per_unit, zero: (-low * per_unit).round_ties_even().clamp(0.0, 255.0) }
    }

    #[inline(always)]
    fn quantise(self, x: [f32; 4]) -> u32 {
        // Adding 1.5 * 2^23 rounds to the nearest integer, which the low bits then hold.
        const SHIFT: f32 = 12_582_912.0;
        let byte = |x: f32| {
            let y = x * self.per_unit + self.zero;
            let y = if y > 0.0 { y } else { 0.0 };
            let y = if y < 255.0 { y } else { 255.0 };
            (y + SHIFT).to_bits() & 0xFF
        };
        byte(x[0]) | (byte(x[1]) << 8) | (byte(x[2]) << 16) | (byte(x[3]) << 24)
    }
}
