//! The settings after all layers. What each means and may be is written in `default.toml`.

use crate::{Decoding, image::Limits};
use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, path::PathBuf};

/// Every setting of LENS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the preset, or path of its file.
    pub preset: String,
    /// The language model instead of the preset's: repository, folder, base URL, or `endpoint`.
    #[serde(deserialize_with = "text")]
    pub llm: Option<String>,
    /// A folder with models instead of the home's.
    #[serde(deserialize_with = "path")]
    pub models: Option<PathBuf>,
    /// No connection, ever.
    pub offline: bool,
    /// Seed of everything random.
    pub seed: u64,
    /// Arithmetic of the models.
    pub precision: Precision,
    /// The instructions that the processor uses: `auto`, or the name of a [`lens_nn::backend::cpu::Tier`].
    pub tier: String,
    /// Number of threads; 0 is one for each core.
    pub threads: usize,
    /// Models instead of the preset's.
    pub parts: PartSettings,
    /// What a picture may be.
    pub limits: Limits,
    /// The tag module.
    pub tags: VocabularySettings,
    /// The attribute module.
    pub attributes: VocabularySettings,
    /// Labels to choose among.
    pub labels: LabelSettings,
    /// The caption module.
    pub captions: CaptionSettings,
    /// The OCR module.
    pub ocr: OcrSettings,
    /// The prompt.
    pub prompt: PromptSettings,
    /// The search for an answer.
    pub answer: AnswerSettings,
    /// An OpenAI-compatible endpoint.
    pub endpoint: EndpointSettings,
    /// The evidence store.
    pub store: StoreSettings,
    /// Models packed for multiplying.
    pub packed: PackedSettings,
}

/// Arithmetic of the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// bf16 where the processor has it, else f32.
    Auto,
    /// 32-bit floats.
    F32,
    /// bfloat16.
    Bf16,
    /// 8-bit integers.
    Int8,
}

/// A repository (`@revision` where needed) or a folder, instead of the preset's model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSettings {
    /// The encoder of pictures and texts.
    #[serde(deserialize_with = "text")]
    pub clip: Option<String>,
    /// The captioner.
    #[serde(deserialize_with = "text")]
    pub blip: Option<String>,
    /// The detector and the recogniser of text.
    #[serde(deserialize_with = "text")]
    pub ocr: Option<String>,
}

/// A module that looks for the texts of a vocabulary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VocabularySettings {
    /// Whether it looks at all.
    pub enabled: bool,
    /// The most items, at least 1.
    pub top_k: usize,
    /// The least cosine similarity, -1 to 1.
    pub threshold: f32,
    /// A file or a dataset's repository instead of the preset's.
    #[serde(deserialize_with = "text")]
    pub vocabulary: Option<String>,
}

/// Labels to choose among.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelSettings {
    /// What is put around a label, `{}` standing for it, instead of what the preset puts around tags.
    #[serde(deserialize_with = "text")]
    pub template: Option<String>,
}

/// The caption module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptionSettings {
    /// Whether it looks at all.
    pub enabled: bool,
    /// Captions drawn at random.
    pub count: usize,
    /// Width of the beam search, at least 1.
    pub beams: usize,
    /// Words to draw from, at least 1.
    pub top_k: usize,
    /// Above 0; below 1 the draws keep to what is probable.
    pub temperature: f32,
    /// Fewest tokens, the opening words counted.
    pub min_length: usize,
    /// Most tokens, the opening words counted.
    pub max_length: usize,
}

/// The OCR module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcrSettings {
    /// Whether it looks at all.
    pub enabled: bool,
    /// Longest side in pixels.
    pub max_side: u32,
}

/// The prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptSettings {
    /// Name of a template, or path of its file.
    pub template: String,
}

/// The search for an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerSettings {
    /// Width of the beam search, at least 1.
    pub beams: usize,
    /// Below 0 prefers short answers.
    pub length_penalty: f32,
    /// 0 is the model's own habit.
    pub max_new_tokens: usize,
    /// 0 takes the most probable.
    pub temperature: f32,
}

/// An OpenAI-compatible endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointSettings {
    /// Up to and with `/v1`.
    #[serde(deserialize_with = "text")]
    pub base_url: Option<String>,
    /// The model's name there.
    #[serde(deserialize_with = "text")]
    pub model: Option<String>,
    /// Name of the environment variable with the key.
    #[serde(deserialize_with = "text")]
    pub key_env: Option<String>,
    /// A file with the key.
    #[serde(deserialize_with = "path")]
    pub key_file: Option<PathBuf>,
    /// Tokens of a prompt and its answer together.
    pub context_tokens: usize,
    /// Seconds to wait for a connection.
    pub connect_timeout_seconds: u64,
    /// Seconds without a sign of life.
    pub read_timeout_seconds: u64,
    /// Further tries.
    pub retries: u32,
}

/// The evidence store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Whether anything is kept.
    pub enabled: bool,
    /// The most bytes of keys and values.
    pub capacity_bytes: u64,
}

/// Models packed for multiplying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedSettings {
    /// The most bytes that are kept; 0 keeps none.
    pub capacity_bytes: u64,
}

impl Config {
    /// How an answer is searched for.
    #[must_use]
    pub fn decoding(&self) -> Decoding {
        let AnswerSettings { beams, length_penalty, max_new_tokens, temperature } = self.answer;
        let max_new_tokens = (max_new_tokens > 0).then_some(max_new_tokens);
        Decoding { beams, length_penalty, max_new_tokens, temperature, seed: self.seed }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        })
    }
}

/// TOML has no "none", so an empty text is it.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(String::deserialize(deserializer)?).filter(|text| !text.is_empty()))
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(text(deserializer)?.map(PathBuf::from))
}
