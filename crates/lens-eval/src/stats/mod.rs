//! How sure a number is.

mod bootstrap;
mod calibration;
mod mcnemar;

pub use bootstrap::{Interval, Resampling, Spread};
pub use calibration::{Bin, best_temperature, expected_calibration_error, reliability};
pub use mcnemar::mcnemar;

/// Mean of values; 0 without any.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Standard error of the mean: the sample's standard deviation by the root of its size; 0 for fewer than two values.
#[must_use]
pub fn standard_error(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let (mean, n) = (mean(values), values.len() as f64);
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (variance / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::{mean, standard_error};

    #[test]
    fn the_error_of_four_coins() {
        let coins = [1.0, 0.0, 1.0, 1.0];
        assert!((mean(&coins) - 0.75).abs() < 1e-12);
        // Variance 0.75 / 3 = 0.25; 0.25 / 4 = 0.0625.
        assert!((standard_error(&coins) - 0.25).abs() < 1e-12);
    }
}
