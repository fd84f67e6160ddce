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

/// The temperature T in 0.05..=20 under which softmax(logits / T) gives the true classes the most likelihood, found by golden
/// section in ln T. `samples` holds (logits, true class).
#[must_use]
pub fn fit_temperature(samples: &[(Vec<f64>, usize)]) -> f64 {
    let loss =
        |ln: f64| samples.iter().map(|(logits, class)| surprise(logits, *class, ln.exp())).sum::<f64>();
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (0.05f64.ln(), 20f64.ln());
    for _ in 0..60 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if loss(left) <= loss(right) { high = right } else { low = left }
    }
    f64::midpoint(low, high).exp()
}

/// Negative log-likelihood of the class.
fn surprise(logits: &[f64], class: usize, temperature: f64) -> f64 {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| ((logit - largest) / temperature).exp()).sum();
    logits.get(class).map_or(0.0, |logit| sum.ln() - (logit - largest) / temperature)
}

#[cfg(test)]
mod tests {
    use super::{expected_calibration_error, fit_temperature, reliability};

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
    fn an_overconfident_model_is_cooled() {
        // Logit 4 for an answer that is right three times in four: p = 3/4 needs 4 / T = ln 3.
        let samples: Vec<(Vec<f64>, usize)> =
            (0..100).map(|i| (vec![4.0, 0.0], usize::from(i % 4 == 0))).collect();
        assert!((fit_temperature(&samples) - 4.0 / 3f64.ln()).abs() < 1e-4);
    }
}
