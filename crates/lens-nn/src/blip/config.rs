//! `config.json` of a BLIP captioning checkpoint. Defaults are those of `BlipConfig`.

use crate::{
    Result,
    backend::{Activation, PatchGrid},
    config::{activation, check_heads, require},
    transformer::BlockSizes,
    weights::Checkpoint,
};
use serde::Deserialize;

pub(super) struct BlipConfig {
    pub(super) grid: PatchGrid,
    pub(super) vision: BlockSizes,
    pub(super) vision_layers: usize,
    pub(super) text_width: usize,
    pub(super) text_hidden: usize,
    pub(super) text_heads: usize,
    pub(super) text_layers: usize,
    pub(super) text_activation: Activation,
    pub(super) text_eps: f32,
    pub(super) positions: usize,
    pub(super) vocabulary_size: usize,
    pub(super) tokens: CaptionTokens,
}

/// The ids that steer captions, as the configuration names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptionTokens {
    /// [DEC], the first token of every caption.
    pub bos: u32,
    /// [SEP], which ends a caption.
    pub sep: u32,
    /// [PAD].
    pub pad: u32,
}

#[derive(Deserialize)]
struct File {
    #[serde(default = "default_model_type")]
    model_type: String,
    #[serde(default)]
    text_config: Text,
    #[serde(default)]
    vision_config: Vision,
}

#[derive(Deserialize)]
#[serde(default)]
struct Text {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    hidden_act: String,
    layer_norm_eps: f32,
    bos_token_id: u32,
    sep_token_id: u32,
    pad_token_id: u32,
    position_embedding_type: String,
}

#[derive(Deserialize)]
#[serde(default)]
struct Vision {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_channels: usize,
    image_size: usize,
    patch_size: usize,
    hidden_act: String,
    layer_norm_eps: f32,
}

fn default_model_type() -> String {
    "blip".into()
}

impl Default for Text {
    fn default() -> Self {
        Self {
            vocab_size: 30524,
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 512,
            hidden_act: "gelu".into(),
            layer_norm_eps: 1e-12,
            bos_token_id: 30522,
            sep_token_id: 102,
            pad_token_id: 0,
            position_embedding_type: "absolute".into(),
        }
    }
}

impl Default for Vision {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            num_channels: 3,
            image_size: 384,
            patch_size: 16,
            hidden_act: "gelu".into(),
            layer_norm_eps: 1e-5,
        }
    }
}

impl BlipConfig {
    pub(super) fn read(checkpoint: &Checkpoint) -> Result<Self> {
        let name = "config.json";
        let File { model_type, text_config: text, vision_config: vision } = checkpoint.json(name)?;
        require(name, "model_type", model_type.as_str(), "blip")?;
        require(name, "vision_config.num_channels", &vision.num_channels, &3)?;
        let embedding = text.position_embedding_type.as_str();
        require(name, "text_config.position_embedding_type", embedding, "absolute")?;
        check_heads(name, "text_config", text.hidden_size, text.num_attention_heads)?;
        check_heads(name, "vision_config", vision.hidden_size, vision.num_attention_heads)?;
        Ok(Self {
            grid: PatchGrid::checked(name, vision.image_size, vision.patch_size)?,
            vision: BlockSizes {
                width: vision.hidden_size,
                heads: vision.num_attention_heads,
                hidden: vision.intermediate_size,
                activation: activation(name, "vision_config.hidden_act", &vision.hidden_act)?,
                eps: vision.layer_norm_eps,
            },
            vision_layers: vision.num_hidden_layers,
            text_width: text.hidden_size,
            text_hidden: text.intermediate_size,
            text_heads: text.num_attention_heads,
            text_layers: text.num_hidden_layers,
            text_activation: activation(name, "text_config.hidden_act", &text.hidden_act)?,
            text_eps: text.layer_norm_eps,
            positions: text.max_position_embeddings,
            vocabulary_size: text.vocab_size,
            tokens: CaptionTokens { bos: text.bos_token_id, sep: text.sep_token_id, pad: text.pad_token_id },
        })
    }
}
