//! What the configuration files of all families have in common.

use crate::{
    Error, ErrorKind, Result,
    backend::{Activation, PatchGrid},
};
use std::fmt::Display;

/// The activation that a Hugging Face `hidden_act` names.
pub(crate) fn activation(file: &str, field: &str, name: &str) -> Result<Activation> {
    match name {
        "gelu" => Ok(Activation::Gelu),
        "quick_gelu" => Ok(Activation::QuickGelu),
        "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
        "relu" => Ok(Activation::Relu),
        "silu" | "swish" => Ok(Activation::Silu),
        _ => Err(Error::new(ErrorKind::Config, format!("{file}, field `{field}`"))
            .expected("one of gelu, quick_gelu, gelu_new, gelu_pytorch_tanh, relu, silu")
            .found(format!("`{name}`"))
            .hint("use a checkpoint of a supported family")),
    }
}

/// A field that must have one value, because the other values are not implemented.
pub(crate) fn require<T: PartialEq + Display + ?Sized>(
    file: &str,
    field: &str,
    value: &T,
    wanted: &T,
) -> Result<()> {
    if value == wanted {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, format!("{file}, field `{field}`"))
        .expected(format!("`{wanted}`"))
        .found(format!("`{value}`"))
        .hint("use a checkpoint of a supported family"))
}

/// Heads that divide a width of sane size.
pub(crate) fn check_heads(file: &str, place: &str, width: usize, heads: usize) -> Result<()> {
    if (1..=1 << 20).contains(&width) && heads > 0 && width.is_multiple_of(heads) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, format!("{file}, `{place}`"))
        .expected("a width that is a multiple of the number of heads")
        .found(format!("width {width}, {heads} heads")))
}

impl PatchGrid {
    /// A grid of at least one patch.
    pub(crate) fn checked(file: &str, image_size: usize, patch_size: usize) -> Result<Self> {
        if patch_size > 0 && image_size >= patch_size && image_size <= 4096 {
            return Ok(Self { image_size, patch_size });
        }
        Err(Error::new(ErrorKind::Config, format!("{file}, fields `image_size` and `patch_size`"))
            .expected("a picture of at least one patch and at most 4096 pixels a side")
            .found(format!("a picture of {image_size} and patches of {patch_size} pixels")))
    }
}
