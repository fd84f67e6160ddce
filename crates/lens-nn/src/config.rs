//! What the configuration files of all families have in common.

use crate::{
    Error, ErrorKind, Result,
    backend::{Activation, PatchGrid},
    transformer::TowerSizes,
};
use serde::Deserialize;
use std::fmt::Display;

/// `vision_config` of a Hugging Face file. The defaults are those that `CLIPVisionConfig` and `BlipVisionConfig` share;
/// where they differ the family gives its own.
#[derive(Deserialize)]
#[serde(default)]
pub(crate) struct VisionFile {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_channels: usize,
    image_size: Option<usize>,
    patch_size: Option<usize>,
    hidden_act: Option<String>,
    layer_norm_eps: f32,
}

impl Default for VisionFile {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            num_channels: 3,
            image_size: None,
            patch_size: None,
            hidden_act: None,
            layer_norm_eps: 1e-5,
        }
    }
}

/// What the families' defaults differ in.
pub(crate) struct VisionDefaults {
    pub(crate) image_size: usize,
    pub(crate) patch_size: usize,
    pub(crate) hidden_act: &'static str,
}

impl VisionFile {
    /// The picture's grid and the tower's sizes, checked.
    pub(crate) fn resolve(&self, file: &str, defaults: &VisionDefaults) -> Result<(PatchGrid, TowerSizes)> {
        require(file, "vision_config.num_channels", &self.num_channels, &3)?;
        check_heads(file, "vision_config", self.hidden_size, self.num_attention_heads)?;
        let image_size = self.image_size.unwrap_or(defaults.image_size);
        let patch_size = self.patch_size.unwrap_or(defaults.patch_size);
        let hidden_act = self.hidden_act.as_deref().unwrap_or(defaults.hidden_act);
        let sizes = TowerSizes {
            layers: self.num_hidden_layers,
            width: self.hidden_size,
            heads: self.num_attention_heads,
            hidden: self.intermediate_size,
            activation: activation(file, "vision_config.hidden_act", hidden_act)?,
            eps: self.layer_norm_eps,
        };
        Ok((PatchGrid::checked(file, image_size, patch_size)?, sizes))
    }
}

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
