//! `config.json` of a BLIP captioning checkpoint. Defaults are those of `BlipConfig`.

use crate::{
    Result,
    backend::{Activation, PatchGrid},
    config::{VisionDefaults, VisionFile, activation, check_heads, require},
    transformer::TowerSizes,
    weights::Checkpoint,
};
use serde::Deserialize;

pub(super) struct BlipConfig {
    pub(super) grid: PatchGrid,
    pub(super) vision: TowerSizes,
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
    /// `[DEC]`, the first token of every caption.
    pub bos: u32,
    /// `[SEP]`, which ends a caption.
    pub sep: u32,
    /// `[PAD]`.
    pub pad: u32,
}

#[derive(Deserialize)]
struct File {
    #[serde(default = "default_model_type")]
    model_type: String,
    #[serde(default)]
    text_config: Text,
    #[serde(default)]
    vision_config: VisionFile,
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

impl BlipConfig {
    pub(super) fn read(checkpoint: &Checkpoint) -> Result<Self> {
        const FILE: &str = "config.json";
        let File { model_type, text_config: text, vision_config: vision } = checkpoint.json(FILE)?;
        let name = &checkpoint.label(FILE);
        require(name, "model_type", model_type.as_str(), "blip")?;
        let embedding = text.position_embedding_type.as_str();
        require(name, "text_config.position_embedding_type", embedding, "absolute")?;
        check_heads(name, "text_config", text.hidden_size, text.num_attention_heads)?;
        let defaults = VisionDefaults { image_size: 384, patch_size: 16, hidden_act: "gelu" };
        let (grid, vision) = vision.resolve(name, &defaults)?;
        Ok(Self {
            grid,
            vision,
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
