//! What follows a product.

use crate::Activation;

/// What happens to a product before it is stored: `activation(x W^T + bias) + residual`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Epilogue<'a> {
    /// Applied after the bias; of a gated pair, to the gate.
    pub activation: Activation,
    /// Added last, same shape as the result.
    pub residual: Option<&'a [f32]>,
}
