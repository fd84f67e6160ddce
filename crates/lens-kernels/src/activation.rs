//! The non-linearity after a product.

/// The non-linearity after a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// The product as it is.
    #[default]
    None,
    /// x Phi(x), with the error function.
    Gelu,
    /// x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2: `gelu_new`, `gelu_pytorch_tanh`.
    GeluTanh,
    /// x sigmoid(1.702 x).
    QuickGelu,
    /// max(x, 0).
    Relu,
    /// x sigmoid(x).
    Silu,
}
