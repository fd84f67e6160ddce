//! Whether a probability of 0.8 is right eight times in ten (Guo et al. 2017, "On calibration of modern neural networks").

use serde::{Deserialize, Serialize};

/// Answers whose confidence lies in one tenth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Number of answers.
    pub count: usize,
    /// Mean confidence, 0 to 1.
    pub confidence: f64,
    /// Share that is right, 0 to 1.
    pub accuracy: f64,
}

const BINS: usize = 10;
/// Temperatures that are tried at first, less one.
const GRID: u32 = 24;

/// Ten bins of equal width over (confidence, right or not).
#[must_use]
pub fn reliability(answers: &[(f64, f64)]) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); BINS];
    for (confidence, right) in answers {
        let place = ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        if let Some(bin) = bins.get_mut(place) {
            bin.count += 1;
            bin.confidence += confidence;
            bin.accuracy += right;
        }
    }
    for bin in &mut bins {
        let count = bin.count.max(1) as f64;
        bin.confidence /= count;
        bin.accuracy /= count;
    }
    bins
}

/// The mean distance of confidence and accuracy over the bins, weighted by their size, 0 to 1.
#[must_use]
pub fn expected_calibration_error(bins: &[Bin]) -> f64 {
    let all: usize = bins.iter().map(|bin| bin.count).sum();
    let gap = |bin: &Bin| bin.count as f64 * (bin.confidence - bin.accuracy).abs();
    bins.iter().map(gap).sum::<f64>() / all.max(1) as f64
}

/// The temperature in 0.05..=20 with the least `loss`: on a grid in ln T, then by golden section around the best of it.
#[must_use]
pub fn best_temperature(loss: impl Fn(f64) -> f64) -> f64 {
    let (first, last) = (0.05f64.ln(), 20f64.ln());
    let step = (last - first) / f64::from(GRID);
    let places = (0..=GRID).map(|place| first + step * f64::from(place));
    let at = |ln: f64| loss(ln.exp());
    let best = places.map(|ln| (at(ln), ln)).min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0.0, |(_, ln)| ln);
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = ((best - step).max(first), (best + step).min(last));
    for _ in 0..40 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if at(left) <= at(right) { high = right } else { low = left }
    }
    f64::midpoint(low, high).exp()
}

#[cfg(test)]
mod tests {
    use super::{best_temperature, expected_calibration_error, reliability};

    #[test]
    fn the_error_of_two_bins() {
        // Two at 0.9, one right; two at 0.2, none right.
        let bins = reliability(&[(0.9, 1.0), (0.9, 0.0), (0.2, 0.0), (0.2, 0.0)]);
        assert_eq!((bins[8].count, bins[1].count), (2, 2));
        assert!((expected_calibration_error(&bins) - f64::midpoint(0.4, 0.2)).abs() < 1e-12);
    }

    #[test]
    fn the_ends_have_a_bin() {
        let bins = reliability(&[(0.0, 0.0), (1.0, 1.0)]);
        assert_eq!((bins[0].count, bins[9].count), (1, 1));
    }

    #[test]
    fn the_least_of_two_valleys_is_found() {
        // Valleys at T = 0.1 and at T = 5, the second the deeper one.
        let valley = |temperature: f64, at: f64| (temperature.ln() - f64::ln(at)).powi(2);
        let found = best_temperature(|t| valley(t, 0.1).min(valley(t, 5.0) - 0.5));
        assert!((found - 5.0).abs() < 1e-4, "{found}");
        assert!((best_temperature(|t| t) - 0.05).abs() < 1e-4, "the end of the range");
    }
}
