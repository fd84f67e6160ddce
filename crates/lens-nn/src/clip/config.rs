//! CLIP's two configuration files, read into one.

use super::names::{HUGGING_FACE, Names, OPEN_CLIP};
use crate::{
    Error, ErrorKind, Result,
    backend::{Activation, PatchGrid},
    config::{VisionDefaults, VisionFile, activation, check_heads, require},
    transformer::TowerSizes,
    weights::{Checkpoint, Tensors},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What the towers need to know, whichever library wrote the checkpoint.
pub(super) struct ClipConfig {
    pub(super) names: &'static Names,
    pub(super) vision: TowerSizes,
    pub(super) text: TowerSizes,
    pub(super) grid: PatchGrid,
    pub(super) context_length: usize,
    pub(super) vocabulary_size: usize,
    pub(super) dimension: usize,
    pub(super) pooling: Pooling,
}

/// Which token stands for the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    /// The first token with the largest id: open_clip, and Hugging Face files that say `eos_token_id: 2`.
    LargestId,
    /// The first token with this id.
    FirstOf(u32),
}

impl Pooling {
    /// None when the text has no such token: it was made by the tokenizer of another model.
    pub(super) fn position(self, text: &[u32]) -> Option<usize> {
        let wanted = match self {
            Self::LargestId => text.iter().max().copied(),
            Self::FirstOf(id) => Some(id),
        };
        text.iter().position(|&id| Some(id) == wanted)
    }
}

impl ClipConfig {
    /// Reads the configuration that belongs to the tensors: a folder may hold the files of both libraries.
    pub(super) fn read(checkpoint: &Checkpoint, tensors: &Tensors) -> Result<Self> {
        if tensors.contains(OPEN_CLIP.patches.projection) {
            let file = checkpoint.json::<OpenClipFile>(OPEN_CLIP_FILE)?;
            file.model_cfg.resolve(&checkpoint.label(OPEN_CLIP_FILE))
        } else {
            let file = checkpoint.json::<HuggingFaceFile>(HUGGING_FACE_FILE)?;
            file.resolve(&checkpoint.label(HUGGING_FACE_FILE))
        }
    }
}

const HUGGING_FACE_FILE: &str = "config.json";
const OPEN_CLIP_FILE: &str = "open_clip_config.json";

/// `config.json` of transformers. Defaults are those of `CLIPConfig`.
#[derive(Deserialize)]
#[serde(default)]
struct HuggingFaceFile {
    model_type: String,
    projection_dim: usize,
    text_config: HuggingFaceText,
    vision_config: VisionFile,
}

#[derive(Deserialize)]
#[serde(default)]
struct HuggingFaceText {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    hidden_act: String,
    layer_norm_eps: f32,
    eos_token_id: u32,
}

impl Default for HuggingFaceFile {
    fn default() -> Self {
        Self {
            model_type: "clip".into(),
            projection_dim: 512,
            text_config: HuggingFaceText::default(),
            vision_config: VisionFile::default(),
        }
    }
}

impl Default for HuggingFaceText {
    fn default() -> Self {
        Self {
            vocab_size: 49408,
            hidden_size: 512,
            intermediate_size: 2048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: "quick_gelu".into(),
            layer_norm_eps: 1e-5,
            eos_token_id: 49407,
        }
    }
}

impl HuggingFaceFile {
    fn resolve(self, file: &str) -> Result<ClipConfig> {
        let text = self.text_config;
        require(file, "model_type", self.model_type.as_str(), "clip")?;
        check_heads(file, "text_config", text.hidden_size, text.num_attention_heads)?;
        let defaults = VisionDefaults { image_size: 224, patch_size: 32, hidden_act: "quick_gelu" };
        let (grid, vision) = self.vision_config.resolve(file, &defaults)?;
        Ok(ClipConfig {
            names: &HUGGING_FACE,
            dimension: self.projection_dim,
            grid,
            vision,
            context_length: text.max_position_embeddings,
            vocabulary_size: text.vocab_size,
            pooling: match text.eos_token_id {
                2 => Pooling::LargestId,
                id => Pooling::FirstOf(id),
            },
            text: TowerSizes {
                layers: text.num_hidden_layers,
                width: text.hidden_size,
                heads: text.num_attention_heads,
                hidden: text.intermediate_size,
                activation: activation(file, "text_config.hidden_act", &text.hidden_act)?,
                eps: text.layer_norm_eps,
            },
        })
    }
}

#[derive(Deserialize)]
struct OpenClipFile {
    model_cfg: OpenClipModel,
}

/// `model_cfg` of open_clip. What is not named here and would change the towers is refused in [`refuse_variants`].
#[derive(Deserialize)]
struct OpenClipModel {
    embed_dim: usize,
    #[serde(default)]
    quick_gelu: bool,
    vision_cfg: OpenClipVision,
    text_cfg: OpenClipText,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
struct OpenClipVision {
    image_size: usize,
    patch_size: usize,
    width: usize,
    layers: usize,
    #[serde(default = "default_head_width")]
    head_width: usize,
    #[serde(default = "default_mlp_ratio")]
    mlp_ratio: f64,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
struct OpenClipText {
    context_length: usize,
    vocab_size: usize,
    width: usize,
    heads: usize,
    layers: usize,
    #[serde(default = "default_mlp_ratio")]
    mlp_ratio: f64,
    #[serde(flatten)]
    others: Map<String, Value>,
}

fn default_head_width() -> usize {
    64
}

fn default_mlp_ratio() -> f64 {
    4.0
}

impl OpenClipModel {
    fn resolve(self, file: &str) -> Result<ClipConfig> {
        let (text, vision) = (self.text_cfg, self.vision_cfg);
        refuse_variants(file, "model_cfg", &self.others, &["custom_text", "nonscalar_logit_scale"])?;
        refuse_variants(file, "model_cfg.vision_cfg", &vision.others, VISION_VARIANTS)?;
        refuse_variants(file, "model_cfg.text_cfg", &text.others, TEXT_VARIANTS)?;
        let heads = vision.width.checked_div(vision.head_width).unwrap_or(0);
        check_heads(file, "model_cfg.vision_cfg", vision.width, heads)?;
        check_heads(file, "model_cfg.text_cfg", text.width, text.heads)?;
        let activation = if self.quick_gelu { Activation::QuickGelu } else { Activation::Gelu };
        let sizes = |layers, width: usize, heads, mlp_ratio: f64| TowerSizes {
            layers,
            width,
            heads,
            hidden: (width as f64 * mlp_ratio) as usize,
            activation,
            eps: 1e-5,
        };
        Ok(ClipConfig {
            names: &OPEN_CLIP,
            dimension: self.embed_dim,
            grid: PatchGrid::checked(file, vision.image_size, vision.patch_size)?,
            context_length: text.context_length,
            vocabulary_size: text.vocab_size,
            pooling: Pooling::LargestId,
            text: sizes(text.layers, text.width, text.heads, text.mlp_ratio),
            vision: sizes(vision.layers, vision.width, heads, vision.mlp_ratio),
        })
    }
}

/// Fields of open_clip that select another architecture when they are set.
const VISION_VARIANTS: &[&str] = &[
    "timm_model_name",
    "ls_init_value",
    "attentional_pool",
    "no_ln_pre",
    "final_ln_after_pool",
    "act_kwargs",
    "norm_kwargs",
    "pos_embed_type",
    "pool_type",
    "block_type",
    "qk_norm",
    "scaled_cosine",
    "input_patchnorm",
    "in_chans",
];
const TEXT_VARIANTS: &[&str] = &[
    "hf_model_name",
    "ls_init_value",
    "embed_cls",
    "no_causal_mask",
    "final_ln_after_pool",
    "pool_type",
    "proj_bias",
    "proj_type",
    "act_kwargs",
    "norm_kwargs",
    "block_type",
    "qk_norm",
    "scaled_cosine",
    "eos_id",
];

fn refuse_variants(file: &str, place: &str, others: &Map<String, Value>, variants: &[&str]) -> Result<()> {
    for (field, value) in others {
        let usual = match value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => {
                matches!(text.as_str(), "tok" | "argmax" | "learnable" | "linear" | "none" | "default")
            }
            _ => false,
        };
        if !usual && variants.contains(&field.as_str()) {
            return Err(Error::new(ErrorKind::Config, format!("{file}, field `{place}.{field}`"))
                .expected("a plain CLIP without this variant")
                .found(format!("`{value}`"))
                .hint("use a checkpoint of the ViT-B, -L, -H or -bigG family"));
        }
    }
    Ok(())
}
