//! From the order of published files to that of the product.

use super::bf16;
use super::layout::{Layout, Parts};
use super::packed::{LinearSource, PANEL, Precision};
use crate::aligned::{AlignedWords, as_floats_mut};

/// Longer rows of bytes could overflow the sum in i32.
const MOST_INT8_INPUTS: usize = i32::MAX as usize / (255 * 127);

pub(crate) fn pack(source: &LinearSource<'_>, precision: Precision) -> (Layout, AlignedWords) {
    let LinearSource { weight, bias, outputs, inputs, gated } = *source;
    assert!(inputs > 0 && outputs > 0, "a linear layer has no {outputs}x{inputs} weights");
    assert_eq!(weight.len(), outputs * inputs, "weights are not outputs x inputs");
    assert!(bias.is_none_or(|b| b.len() == outputs), "bias is not one value per output");
    assert!(
        !gated || outputs.is_multiple_of(2),
        "a gated layer has an even number of outputs, not {outputs}"
    );
    assert!(u32::try_from(inputs.max(outputs)).is_ok(), "{outputs}x{inputs} weights are too many");
    assert!(precision != Precision::Int8 || inputs <= MOST_INT8_INPUTS, "int8 cannot sum {inputs} inputs");
    let layout = Layout { precision, inputs, outputs: if gated { outputs / 2 } else { outputs }, gated };
    let parts = layout.parts();
    let mut words = AlignedWords::zeroed(parts.as_ref().map_or(0, |parts| parts.sums.end));
    layout.write_header(words.as_mut_slice());
    if let Some(parts) = parts {
        let mut layer = Layer { layout, parts, words: words.as_mut_slice() };
        for column in 0..layout.panels() * PANEL {
            if let Some(row) = weight_row(layout, column) {
                layer.put_bias(column, bias.map_or(0.0, |b| b[row]));
                layer.put_weights(column, &weight[row * inputs..(row + 1) * inputs]);
            }
        }
    }
    (layout, words)
}

/// Which weight row a packed column holds; None for a column that pads the last panel.
fn weight_row(layout: Layout, column: usize) -> Option<usize> {
    if !layout.gated {
        return (column < layout.outputs).then_some(column);
    }
    let pair = PANEL / 2;
    let output = column / PANEL * pair + column % pair;
    let value = column % PANEL >= pair;
    (output < layout.outputs).then_some(if value { layout.outputs + output } else { output })
}

/// A layer whose columns are being filled.
struct Layer<'a> {
    layout: Layout,
    parts: Parts,
    words: &'a mut [u32],
}

impl Layer<'_> {
    fn put_bias(&mut self, column: usize, bias: f32) {
        self.words[self.parts.bias.start + column] = bias.to_bits();
    }

    fn put_weights(&mut self, column: usize, weights: &[f32]) {
        let steps = self.layout.steps();
        let first = self.parts.panels.start + column / PANEL * steps * PANEL;
        let words = self.words[first..first + steps * PANEL][column % PANEL..].iter_mut().step_by(PANEL);
        match self.layout.precision {
            Precision::F32 => words.zip(weights).for_each(|(word, x)| *word = x.to_bits()),
            Precision::Bf16 => words.zip(weights.chunks(2)).for_each(|(word, pair)| {
                *word = bf16::pair(pair[0], pair.get(1).copied().unwrap_or(0.0));
            }),
            Precision::Int8 => {
                let scale = int8_scale(weights);
                let per_unit = 1.0 / scale;
                let mut sum = 0;
                for (word, quad) in words.zip(weights.chunks(4)) {
                    let mut bytes = [0; 4];
                    for (byte, x) in bytes.iter_mut().zip(quad) {
                        let whole = nearest(x * per_unit);
                        sum += i32::from(whole);
                        *byte = whole.cast_unsigned();
                    }
                    *word = u32::from_le_bytes(bytes);
                }
                as_floats_mut(self.words)[self.parts.scales.start + column] = scale;
                self.words[self.parts.sums.start + column] = sum.cast_unsigned();
            }
        }
    }
}

/// The nearest integer, ties to even, of |x| <= 127.
pub(super) fn nearest(x: f32) -> i8 {
    // Adding 1.5 * 2^23 rounds, and leaves the integer in the lowest bits.
    const SHIFT: f32 = 12_582_912.0;
    ((x + SHIFT).to_bits() as u8).cast_signed()
}

/// What one unit is worth when the greatest weight is 127. NaN where a weight is not finite, so that the result is NaN
/// too.
pub(super) fn int8_scale(weights: &[f32]) -> f32 {
    let greatest = weights.iter().fold(0.0f32, |greatest, x| greatest.max(x.abs()));
    if !weights.iter().all(|x| x.is_finite()) {
        return f32::NAN;
    }
    // A scale below the normal range would lose the weights' digits; so small a weight is as good as zero.
    (greatest / 127.0).max(f32::MIN_POSITIVE)
}
