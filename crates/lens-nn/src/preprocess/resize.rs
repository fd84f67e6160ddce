//! Pillow 11.3's bicubic resize, bit for bit.
//!
//! Reference: `Resample.c` of Pillow 11.3. The filter widens with the reduction (antialiasing), its weights are rounded to
//! 22-bit fixed point, and the horizontal pass comes first and rounds to bytes. Only the kept window is computed.

use super::{RgbView, geometry::Axis};

/// Fractional bits of a weight: 32 less 8 for the byte and 2 for the sign and the lobes. The magnitudes of the weights of a
/// sample sum to at most 1.27, so that sums of bytes stay below 2^31.
const FRACTION_BITS: u32 = 22;
const HALF: i32 = 1 << (FRACTION_BITS - 1);

/// The window of the resized picture, row by row as R, G, B.
///
/// Besides the result, takes 12 bytes per pixel of the window and at most 16 per row and column of the picture,
/// however large the resized picture would be.
pub(super) fn bicubic_window(image: RgbView<'_>, columns: &Axis, rows: &Axis) -> Vec<u8> {
    let horizontal: Vec<Taps> = taps(columns).collect();
    let vertical: Vec<Taps> = taps(rows).collect();
    let row_bytes = columns.kept.len() * 3;
    let mut sums = vec![HALF; rows.kept.len() * row_bytes];
    let mut row = vec![0; row_bytes];

    let first = vertical.first().map_or(0, |taps| taps.first);
    let end = vertical.last().map_or(0, Taps::end);
    // Output rows before this one have all their input.
    let mut done = 0;
    for (y, source) in image.data().chunks_exact(image.width() * 3).enumerate().take(end).skip(first) {
        mix_columns(source, &horizontal, &mut row);
        done += vertical.iter().skip(done).take_while(|taps| taps.end() <= y).count();
        let waiting = vertical.iter().zip(sums.chunks_exact_mut(row_bytes)).skip(done);
        for (taps, sums) in waiting.take_while(|(taps, _)| taps.first <= y) {
            mix_row(&row, taps.weight(y), sums);
        }
    }
    sums.into_iter().map(to_byte).collect()
}

/// The horizontal pass over one row.
fn mix_columns(source: &[u8], filter: &[Taps], row: &mut [u8]) {
    let (source, _) = source.as_chunks::<3>();
    let (row, _) = row.as_chunks_mut::<3>();
    for (result, taps) in row.iter_mut().zip(filter) {
        let mut sums = [HALF; 3];
        for (pixel, &weight) in source.iter().skip(taps.first).zip(&taps.weights) {
            for (sum, &byte) in sums.iter_mut().zip(pixel) {
                *sum += i32::from(byte) * weight;
            }
        }
        *result = sums.map(to_byte);
    }
}

/// The vertical pass, one input row of it. Sums of integers do not depend on their order.
fn mix_row(row: &[u8], weight: i32, sums: &mut [i32]) {
    for (sum, &byte) in sums.iter_mut().zip(row) {
        *sum += i32::from(byte) * weight;
    }
}

fn to_byte(sum: i32) -> u8 {
    (sum >> FRACTION_BITS).clamp(0, 255) as u8
}

/// The input samples that one output sample mixes.
#[derive(Debug)]
struct Taps {
    first: usize,
    /// Fixed point, of the samples from `first` on.
    weights: Vec<i32>,
}

impl Taps {
    fn end(&self) -> usize {
        self.first + self.weights.len()
    }

    fn weight(&self, sample: usize) -> i32 {
        sample.checked_sub(self.first).and_then(|tap| self.weights.get(tap)).copied().unwrap_or(0)
    }
}

/// The taps of the kept samples of an axis (`precompute_coeffs`, `normalize_coeffs_8bpc`).
fn taps(axis: &Axis) -> impl Iterator<Item = Taps> {
    let scale = axis.from as f64 / axis.to as f64;
    let filter_scale = scale.max(1.0);
    let support = 2.0 * filter_scale;
    let from = axis.from;
    axis.kept.clone().map(move |sample| {
        let center = (sample as f64 + 0.5) * scale;
        // Float to integer casts saturate at 0, which is the edge of the picture.
        let first = (center - support + 0.5) as usize;
        let end = ((center + support + 0.5) as usize).min(from);
        let weight = |tap: usize| bicubic((tap as f64 - center + 0.5) * (1.0 / filter_scale));
        let total: f64 = (first..end).map(weight).sum();
        let weights = (first..end).map(|tap| to_fixed(weight(tap) / total)).collect();
        Taps { first, weights }
    })
}

fn to_fixed(weight: f64) -> i32 {
    (weight * f64::from(1 << FRACTION_BITS) + 0.5_f64.copysign(weight)) as i32
}

/// Keys' cubic convolution with a = -1/2, as `bicubic_filter` evaluates it.
fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests;
