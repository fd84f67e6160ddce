//! One thing seen: a tag, an attribute, a caption, a line of text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a module tells about a picture. Ids are given when the record is put together; a module leaves them empty.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Item {
    /// A name of the tag vocabulary.
    Tag(Tag),
    /// A description of the attribute vocabulary.
    Attribute(Tag),
    /// A sentence about the picture.
    Caption(Caption),
    /// A line of text in the picture.
    Ocr(OcrLine),
    /// Something a reader of the evidence must know, such as "no OCR model is configured".
    Note(String),
}

/// A text of a vocabulary that fits the picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tag {
    /// `T1`, `T2`, ... for tags, `A1`, ... for attributes: best first.
    pub id: String,
    /// The text as the vocabulary spells it.
    pub text: String,
    /// Cosine of the picture's and the text's embedding, in -1..=1.
    pub cosine: f32,
    /// Softmax over the whole vocabulary with the model's logit scale, in 0..=1.
    pub probability: f32,
}

/// How a caption was decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CaptionKind {
    /// The most probable sentence that beam search found.
    #[default]
    Beam,
    /// Drawn at random among the most probable tokens.
    Sampled,
}

/// A sentence about the picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Caption {
    /// `C1`, `C2`, ...: the beam caption first, then the samples.
    pub id: String,
    /// The sentence without the captioner's prompt.
    pub text: String,
    /// Decoding of the first caption with this text.
    pub kind: CaptionKind,
    /// How many captions came out with exactly this text, at least 1.
    pub count: usize,
    /// Natural logarithm of the sentence's probability, summed over the tokens after the prompt.
    pub log_prob: f32,
    /// Cosine of the picture's and the sentence's CLIP embedding; absent when no CLIP model is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_similarity: Option<f32>,
}

/// A rectangle with upright sides in pixels of the upright picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PixelBox {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// A line of text in the picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OcrLine {
    /// `O1`, `O2`, ...: in reading order.
    pub id: String,
    /// What was read. Unclear letters follow common words, and the case of their own; nothing else is corrected.
    pub text: String,
    /// Geometric mean of the characters' probabilities, in 0..=1.
    pub confidence: f32,
    /// One probability for each character of `text`, in 0..=1.
    pub characters: Vec<f32>,
    /// Where the line stands.
    #[serde(rename = "box")]
    pub bounds: PixelBox,
    /// The colour the letters are painted in, where it stands out from the ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ink: Option<String>,
}
