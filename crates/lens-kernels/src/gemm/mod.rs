//! Products of activations and packed weights with everything that follows them done before they are stored.

mod packed;

pub use packed::{LinearSource, PackedLinear, Precision};

use crate::{Activation, Threads};
use packed::PANEL;

/// What happens to a product before it is stored: `activation(x W^T + bias) + residual`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Epilogue<'a> {
    /// Applied after the bias; of a gated pair, to the gate.
    pub activation: Activation,
    /// Added last, same shape as the result.
    pub residual: Option<&'a [f32]>,
}

/// (rows, inputs) -> (rows, outputs): `activation(x W^T + bias) + residual`; of a gated layer,
/// `activation(x Wg^T + bg) * (x Wv^T + bv) + residual`.
///
/// # Panics
/// When `x`, `out` or the residual do not have the sizes of the layer.
pub fn linear(threads: &Threads, x: &[f32], layer: &PackedLinear, epilogue: Epilogue<'_>, out: &mut [f32]) {
    let (inputs, outputs) = (layer.inputs(), layer.outputs());
    assert!(x.len().is_multiple_of(inputs), "{} activations are not rows of {inputs} inputs", x.len());
    assert_eq!(out.len(), x.len() / inputs * outputs, "result is not rows x {outputs} outputs");
    assert!(
        epilogue.residual.is_none_or(|r| r.len() == out.len()),
        "residual has not the shape of the result"
    );
    threads.for_each_chunk(out, outputs, |row, out| {
        let residual = epilogue.residual.map(|r| &r[row * outputs..(row + 1) * outputs]);
        let x = &x[row * inputs..(row + 1) * inputs];
        linear_row(x, layer, Epilogue { residual, ..epilogue }, out);
    });
}

fn linear_row(x: &[f32], layer: &PackedLinear, epilogue: Epilogue<'_>, out: &mut [f32]) {
    let columns = if layer.gated { PANEL / 2 } else { PANEL };
    let panels = layer.panels.chunks_exact(x.len() * PANEL).zip(layer.bias.chunks_exact(PANEL));
    for ((index, out), (panel, bias)) in out.chunks_mut(columns).enumerate().zip(panels) {
        let mut sums = [0.0f32; PANEL];
        for (x, weights) in x.iter().zip(panel.chunks_exact(PANEL)) {
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += x * weight);
        }
        sums.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
        let (gates, values) = sums.split_at(columns);
        for (column, out) in out.iter_mut().enumerate() {
            let activated = epilogue.activation.apply(gates[column]);
            *out = if layer.gated { activated * values[column] } else { activated };
            *out += epilogue.residual.map_or(0.0, |r| r[index * columns + column]);
        }
    }
}
