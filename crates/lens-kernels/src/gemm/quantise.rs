//! Rows of activations as bytes.
//!
//! A row is mapped to 0..=255 by a straight line of its own. Trained transformers have a few channels whose values are
//! tens of times those of all others (Dettmers et al. 2022, arXiv 2208.07339); on one line with them, the others would
//! all fall on a few bytes. So the few values of a row that stand out are left off the line, and their products are
//! added in f32 when the row is finished.

/// The most values of a row that are left out: an addition takes as long as some dozen inputs on the line.
pub(crate) const MOST_OUTLIERS: usize = 16;

/// How many times the mean magnitude of its row a value has to be to stand out: 4.8 deviations of a normal row.
const STANDS_OUT: f32 = 6.0;

/// A row with more values beyond the limit has a long tail, as the products of gate and value of a gated layer do. The limit
/// is then raised by this factor, a few times at most: with the farthest values left out, those products are rounded
/// 1.1 % off instead of 1.8 %.
const RAISED: f32 = 1.25;
const MOST_RAISES: usize = 6;

/// Words that describe a row: scale, zero, number of outliers, then index and value of each.
pub(crate) const ROW_WORDS: usize = 3 + 2 * MOST_OUTLIERS;

const LANES: usize = 16;

/// What the bytes of a row mean.
#[derive(Debug, Clone, Copy)]
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
        let outliers = find_outliers(x, &mut words[2..]);
        let mut extent = Extent::default();
        let mut first = 0;
        for outlier in words[3..].iter().step_by(2).take(outliers) {
            extent.include(&x[first..*outlier as usize]);
            first = *outlier as usize + 1;
        }
        extent.include(&x[first..]);
        let line = extent.line();
        (words[0], words[1]) = (line.scale.to_bits(), line.zero as u32);
        line
    }

    /// The byte that stands for `x`.
    #[inline(always)]
    pub(crate) fn byte(self, x: f32) -> u8 {
        // Adding 1.5 * 2^23 rounds to the nearest integer, which the low bits then hold.
        const SHIFT: f32 = 12_582_912.0;
        let y = x * self.per_unit + self.zero;
        let y = if y > 0.0 { y } else { 0.0 };
        let y = if y < 255.0 { y } else { 255.0 };
        (y + SHIFT).to_bits() as u8
    }
}

/// Writes the number of outliers and then index and value of each, in order; returns their number.
#[inline(always)]
fn find_outliers(x: &[f32], words: &mut [u32]) -> usize {
    let mut sums = [0.0f32; LANES];
    let (blocks, rest) = x.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            sums[lane] += block[lane].abs();
        }
    }
    let mut sum = 0.0;
    for value in sums.iter().chain(rest) {
        sum += value.abs();
    }
    let mut limit = STANDS_OUT * sum / x.len() as f32;
    for _ in 0..=MOST_RAISES {
        if let Some(count) = beyond(x, limit, &mut words[1..]) {
            words[0] = count as u32;
            return count;
        }
        limit *= RAISED;
    }
    words[0] = 0;
    0
}

/// Writes index and value of all that are greater than `limit` and returns their number; none where they are too many.
#[inline(always)]
fn beyond(x: &[f32], limit: f32, words: &mut [u32]) -> Option<usize> {
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
                return None;
            }
            words[2 * count] = (block * LANES + lane) as u32;
            words[2 * count + 1] = value.to_bits();
            count += 1;
        }
    }
    Some(count)
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
    #[inline(always)]
    fn include(&mut self, x: &[f32]) {
        let (mut least, mut greatest, mut finite) = ([0.0f32; LANES], [0.0f32; LANES], [0.0f32; LANES]);
        let (blocks, rest) = x.as_chunks::<LANES>();
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        for block in blocks.iter().chain(std::iter::once(&last)) {
            for lane in 0..LANES {
                let x = block[lane];
                least[lane] = if x < least[lane] { x } else { least[lane] };
                greatest[lane] = if x > greatest[lane] { x } else { greatest[lane] };
                finite[lane] += x * 0.0;
            }
        }
        for lane in 0..LANES {
            self.least = self.least.min(least[lane]);
            self.greatest = self.greatest.max(greatest[lane]);
            self.finite += finite[lane];
        }
    }

    #[inline(always)]
    fn line(&self) -> RowLine {
        // Divided first: the difference of two finite values may not be finite.
        let scale = (self.greatest / 255.0 - self.least / 255.0).max(f32::MIN_POSITIVE) + self.finite;
        let per_unit = 1.0 / scale;
        RowLine { scale, per_unit, zero: (-self.least * per_unit).round_ties_even().clamp(0.0, 255.0) }
    }
}
