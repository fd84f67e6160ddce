//! Bootstrap by samples. What is drawn depends on seed, replicate and place alone, so every number can be had again.

use super::mean;
use lens_nn::generate::Stream;
use serde::{Deserialize, Serialize};

/// A 95 % interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The 2.5th percentile.
    pub low: f64,
    /// The 97.5th percentile.
    pub high: f64,
}

/// Draws of samples with replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resampling {
    /// Seed of the draws.
    pub seed: u64,
    /// Number of draws.
    pub replicates: u32,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { seed: 0, replicates: 1000 }
    }
}

/// How far a number may be off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The standard deviation over the draws: the bootstrap's standard error.
    pub deviation: f64,
    /// 95 % of the draws.
    pub interval: Interval,
}

impl Resampling {
    /// How `statistic` varies over draws of `n` places among `n` samples.
    #[must_use]
    pub fn spread(self, n: usize, statistic: impl Fn(&[usize]) -> f64) -> Spread {
        let values = self.values(n, statistic);
        let mean = mean(&values);
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
        Spread { deviation: variance.sqrt(), interval: interval(&values) }
    }

    /// The 95 % interval of a `difference` between two systems over the same draws for both, and the two-sided p-value (twice the
    /// share of draws on the other side of 0, ties half).
    #[must_use]
    pub fn compare(self, n: usize, difference: impl Fn(&[usize]) -> f64) -> (Interval, f64) {
        let values = self.values(n, difference);
        let share = |side: &dyn Fn(f64) -> bool| values.iter().filter(|value| side(**value)).count() as f64;
        let ties = share(&|value| value == 0.0) / 2.0;
        let smaller = (share(&|value| value < 0.0) + ties).min(share(&|value| value > 0.0) + ties);
        (interval(&values), (2.0 * smaller / values.len() as f64).min(1.0))
    }

    /// The statistic of each draw, sorted; one 0 without samples.
    fn values(self, n: usize, statistic: impl Fn(&[usize]) -> f64) -> Vec<f64> {
        if n == 0 {
            return vec![0.0];
        }
        let mut places = vec![0; n];
        let mut values: Vec<f64> = (0..self.replicates)
            .map(|replicate| {
                let stream = Stream::new(self.seed, &[0; 32], replicate);
                for (step, place) in places.iter_mut().enumerate() {
                    *place = ((stream.uniform(step as u32) * n as f64) as usize).min(n - 1);
                }
                statistic(&places)
            })
            .collect();
        values.sort_by(f64::total_cmp);
        values
    }
}

fn interval(sorted: &[f64]) -> Interval {
    Interval { low: percentile(sorted, 0.025), high: percentile(sorted, 0.975) }
}

/// By linear interpolation between the two nearest.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let at = |place: f64| sorted.get(place as usize).copied().unwrap_or_default();
    let (low, high) = (at(place.floor()), at(place.ceil()));
    low + (high - low) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::{Resampling, percentile};

    fn share_of_ones(values: &[f64]) -> impl Fn(&[usize]) -> f64 {
        |places| places.iter().map(|place| values[*place]).sum::<f64>() / places.len() as f64
    }

    #[test]
    fn the_interval_of_a_share_is_near_the_normal_one() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 4 == 0)).collect();
        let spread = Resampling::default().spread(400, share_of_ones(&values));
        let error = (0.25f64 * 0.75 / 400.0).sqrt();
        assert!((spread.deviation - error).abs() < 0.001, "{spread:?}");
        assert!((spread.interval.low - (0.25 - 1.96 * error)).abs() < 0.01, "{spread:?}");
        assert!((spread.interval.high - (0.25 + 1.96 * error)).abs() < 0.01, "{spread:?}");
        assert_eq!(spread, Resampling::default().spread(400, share_of_ones(&values)));
    }

    #[test]
    fn a_clear_difference_is_seen_and_none_is_not() {
        let difference: Vec<f64> = (0..100).map(|i| f64::from(i % 10 < 8) - f64::from(i % 10 < 5)).collect();
        let (interval, p) = Resampling::default().compare(100, share_of_ones(&difference));
        assert!(interval.low > 0.15 && interval.high < 0.45 && p < 0.01, "{interval:?} {p}");
        let (same, p) = Resampling::default().compare(100, |_| 0.0);
        assert_eq!((same.low, same.high, p), (0.0, 0.0, 1.0));
    }

    #[test]
    fn percentiles_lie_between_neighbours() {
        assert!((percentile(&[0.0, 1.0, 2.0], 0.25) - 0.5).abs() < 1e-12);
        assert!(percentile(&[], 0.5).abs() < 1e-12);
    }
}
