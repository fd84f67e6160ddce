//! Rows of activations as bytes.
//!
//! A row is mapped to 0..=255 by a straight line of its own. Trained transformers have a few channels whose values are
//! tens of times those of all others (Dettmers et al. 2022, arXiv 2208.07339); on one line with them, the others would
//! all fall on a few bytes. So the few values of a row that stand out are left off the line, and their products are
//! added in f32 when the row is finished.

/// The most values of a row that are left out. A row with more of them has a long tail rather than outliers, which the
/// line takes better than the additions.
pub(crate) const MOST_OUTLIERS: usize = 16;

/// How many times the mean magnitude of its row a value has to be to stand out: 4.8 deviations of a normal row.
const STANDS_OUT: f32 = 6.0;

/// Words that describe a row: scale, zero, number of outliers, then index and value of each.
pub(crate) const ROW_WORDS: usize = 3 + 2 * MOST_OUTLIERS;

const LANES: usize = 16;

/// What the bytes of a row mean.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RowLine {
    /// What one unit is worth; NaN where a value of the row is not finite, and so is then the row of the result.
    pub(crate) scale: f32,
    /// The byte that stands for 0.0, so that what is left out or padded counts nothing.
    pub(crate) zero: f32,
    per_unit: f32,
}

impl RowLine {
    /// Chooses the line and the outliers of `x` and writes them to `words`.
    #[inline(always)]
    pub(crate) fn fit(x: &[f32], words: &mut [u32]) -> Self {
        let mut extent = Extent::default();
        let limit = STANDS_OUT * extent.include(x) / x.len() as f32;
        let stands_out = extent.greatest > limit || -extent.least > limit;
        let outliers = if stands_out { find_outliers(x, limit, &mut words[2..]) } else { 0 };
        words[2] = outliers as u32;
        if outliers > 0 {
            extent = Extent::default();
            let mut first = 0;
            for outlier in words[3..].iter().step_by(2).take(outliers) {
                extent.include(&x[first..*outlier as usize]);
                first = *outlier as usize + 1;
            }
            extent.include(&x[first..]);
        }
        let line = extent.line();
        (words[0], words[1]) = (line.scale.to_bits(), line.zero as u32);
        line
    }

    /// Four bytes in each word, the first in the lowest bits.
    #[inline(always)]
    pub(crate) fn quantise<const N: usize>(self, x: &[[f32; 4]; N]) -> [u32; N] {
        // Adding 1.5 * 2^23 rounds to the nearest integer, which the low bits then hold.
        const SHIFT: f32 = 12_582_912.0;
        let mut bytes = [[0u8; 4]; N];
        for (byte, x) in bytes.as_flattened_mut().iter_mut().zip(x.as_flattened()) {
            let y = x * self.per_unit + self.zero;
            let y = if y > 0.0 { y } else { 0.0 };
            let y = if y < 255.0 { y } else { 255.0 };
            *byte = (y + SHIFT).to_bits() as u8;
        }
        let mut words = [0; N];
        for (word, bytes) in words.iter_mut().zip(bytes) {
            *word = u32::from_le_bytes(bytes);
        }
        words
    }
}

/// Writes index and value of each value beyond `limit`, in order, behind the first word; returns their number, zero where
/// they are more than may be left out.
#[inline(always)]
fn find_outliers(x: &[f32], limit: f32, words: &mut [u32]) -> usize {
    let mut count = 0;
    for (block, values) in x.chunks(LANES).enumerate() {
        let mut above = false;
        for value in values {
            above |= value.abs() > limit;
        }
        if !above {
            continue;
        }
        for (lane, value) in values.iter().enumerate().filter(|(_, value)| value.abs() > limit) {
            if count == MOST_OUTLIERS {
                return 0;
            }
            words[1 + 2 * count] = (block * LANES + lane) as u32;
            words[2 + 2 * count] = value.to_bits();
            count += 1;
        }
    }
    count
}

/// The least and the greatest of zero and some values.
#[derive(Default)]
struct Extent {
    least: f32,
    greatest: f32,
    /// NaN once a value was not finite.
    finite: f32,
}

impl Extent {
    /// Returns the sum of the magnitudes.
    #[inline(always)]
    fn include(&mut self, x: &[f32]) -> f32 {
        let (mut least, mut greatest, mut finite) = ([0.0f32; LANES], [0.0f32; LANES], [0.0f32; LANES]);
        let mut sums = [0.0f32; LANES];
        let (blocks, rest) = x.as_chunks::<LANES>();
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        for block in blocks.iter().chain(std::iter::once(&last)) {
            for lane in 0..LANES {
                let x = block[lane];
                least[lane] = if x < least[lane] { x } else { least[lane] };
                greatest[lane] = if x > greatest[lane] { x } else { greatest[lane] };
                finite[lane] += x * 0.0;
                sums[lane] += x.abs();
            }
        }
        for lane in 0..LANES {
            self.least = self.least.min(least[lane]);
            self.greatest = self.greatest.max(greatest[lane]);
            self.finite += finite[lane];
        }
        sums.iter().sum()
    }

    #[inline(always)]
    fn line(&self) -> RowLine {
        // Divided first: the difference of two finite values may not be finite.
        let scale = (self.greatest / 255.0 - self.least / 255.0).max(f32::MIN_POSITIVE) + self.finite;
        let per_unit = 1.0 / scale;
        RowLine { scale, per_unit, zero: (-self.least * per_unit).round_ties_even().clamp(0.0, 255.0) }
    }
}
