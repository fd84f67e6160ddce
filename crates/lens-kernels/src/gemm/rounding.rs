//! What int8 costs a layer, told from its weights alone.

use super::pack::{int8_scale, nearest};
use super::packed::LinearSource;

const LANES: usize = 16;

impl LinearSource<'_> {
    /// How far the products would be off if the weights were int8 and the activations exact: root mean square of the error
    /// over that of the products themselves, for independent inputs of the root mean squares `magnitudes` (inputs), or all
    /// alike. Near 0.008 where a row is normally distributed; more where a few weights are far greater than those
    /// that count. NaN where a weight is not finite or all are zero.
    ///
    /// # Panics
    /// When the lengths do not fit the sizes.
    #[must_use]
    pub fn int8_error(&self, magnitudes: Option<&[f32]>) -> f64 {
        assert_eq!(self.weight.len(), self.outputs * self.inputs, "weights are not outputs x inputs");
        assert!(magnitudes.is_none_or(|m| m.len() == self.inputs), "magnitudes are not one per input");
        let alike = vec![1.0; if magnitudes.is_some() { 0 } else { self.inputs }];
        let magnitudes = magnitudes.unwrap_or(&alike);
        let (mut error, mut products) = (0.0, 0.0);
        for row in self.weight.chunks_exact(self.inputs) {
            let (row_error, row_products) = squares(row, magnitudes);
            error += f64::from(row_error);
            products += f64::from(row_products);
        }
        (error / products).sqrt()
    }
}

/// Mean squares of the error and of the products of one row, summed over the inputs.
fn squares(weights: &[f32], magnitudes: &[f32]) -> (f32, f32) {
    let scale = int8_scale(weights);
    let per_unit = 1.0 / scale;
    let (mut errors, mut products) = ([0.0f32; LANES], [0.0f32; LANES]);
    for (weights, magnitudes) in weights.chunks(LANES).zip(magnitudes.chunks(LANES)) {
        for (lane, (weight, magnitude)) in weights.iter().zip(magnitudes).enumerate() {
            let rounded = f32::from(nearest(weight * per_unit)) * scale;
            let (error, product) = ((weight - rounded) * magnitude, weight * magnitude);
            errors[lane] += error * error;
            products[lane] += product * product;
        }
    }
    (errors.iter().sum(), products.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(weight: &[f32], magnitudes: Option<&[f32]>) -> f64 {
        let source = LinearSource { weight, bias: None, outputs: 1, inputs: weight.len(), gated: false };
        source.int8_error(magnitudes)
    }

    #[test]
    fn weights_that_are_whole_units_lose_nothing() {
        assert!(error(&[127.0, -3.0, 64.0], None).abs() < 1e-9);
    }

    #[test]
    fn a_great_weight_costs_the_small_ones_their_digits() {
        // One unit is 1.27 / 127 = 0.01, so 0.004 becomes 0 and 0.006 one unit.
        let weights = [1.27, 0.004, 0.006];
        let small = (0.004f64.powi(2) + 0.004f64.powi(2)).sqrt();
        assert!((error(&weights, None) - small / 1.27).abs() < 1e-5);
        // Where the small ones alone are multiplied by anything, all that they say is lost.
        let expected = small / (0.004f64.powi(2) + 0.006f64.powi(2)).sqrt();
        assert!((error(&weights, Some(&[0.0, 1.0, 1.0])) - expected).abs() < 1e-3);
    }

    #[test]
    fn nothing_is_said_of_weights_that_are_not_numbers() {
        assert!(error(&[1.0, f32::INFINITY], None).is_nan() && error(&[0.0; 20], None).is_nan());
    }
}
