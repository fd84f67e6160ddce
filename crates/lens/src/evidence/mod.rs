//! The record of what was seen: versioned, serialisable, and the same bytes for the same inputs.
//!
//! Everything but `timings` and `environment` is the canonical part: [`Evidence::canonical_bytes`] leaves those two
//! out, and [`Evidence::id`] is the SHA-256 of these bytes.

mod collect;
mod fingerprint;
mod item;

pub use collect::Collector;
pub use fingerprint::{Fingerprint, hex};
pub use item::{Caption, CaptionKind, Item, OcrLine, PixelBox, Tag};

use crate::{Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Version of the record's layout. A field that changes its meaning, or a new canonical field, raises it.
pub const VERSION: u32 = 1;

/// All that is known about a picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Layout of the record, [`VERSION`] when written by this build.
    pub version: u32,
    /// Which picture.
    pub image: ImageInfo,
    /// Names of the vocabulary's things that fit the picture, best first.
    pub tags: Vec<Tag>,
    /// Descriptions that fit the picture, best first.
    pub attributes: Vec<Tag>,
    /// Sentences about the picture.
    pub captions: Vec<Caption>,
    /// Lines of text in the picture, in reading order.
    pub ocr: Vec<OcrLine>,
    /// What a reader must know to judge the rest, such as a module that is not configured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// What looked at the picture: the fingerprint of each module by its name.
    pub modules: BTreeMap<String, Fingerprint>,
    /// Milliseconds each module took for the call that this picture was part of; not canonical.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timings: BTreeMap<String, f64>,
    /// Version, processor tier, threads; not canonical.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
}

/// Which picture the evidence is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageInfo {
    /// SHA-256 over the original bytes as 64 hexadecimal digits.
    pub sha256: String,
    /// Pixels across, upright.
    pub width: u32,
    /// Pixels down, upright.
    pub height: u32,
}

/// A remark of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// The module that says it.
    pub module: String,
    /// What it says, one sentence for a person.
    pub text: String,
}

impl Evidence {
    /// The canonical part as compact JSON: keys in the order of the fields, maps sorted, floats in their shortest
    /// exact form.
    ///
    /// # Errors
    /// `Internal` when a score is not a finite number.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>> {
        let canonical = Self { timings: BTreeMap::new(), environment: BTreeMap::new(), ..self.clone() };
        canonical.to_json().map(String::into_bytes)
    }

    /// SHA-256 of the canonical bytes as 64 hexadecimal digits: what an answer cites.
    ///
    /// # Errors
    /// As [`Self::canonical_bytes`].
    pub fn id(&self) -> Result<String> {
        Ok(hex(&Sha256::digest(self.canonical_bytes()?)))
    }

    /// The whole record as compact JSON.
    ///
    /// # Errors
    /// `Internal` when a score is not a finite number: JSON has no form for it.
    pub fn to_json(&self) -> Result<String> {
        self.check_scores()?;
        serde_json::to_string(self)
            .map_err(|error| Error::new(ErrorKind::Internal, "evidence as JSON").because(error))
    }

    /// Reads a record.
    ///
    /// # Errors
    /// `Input` when the text is no record, or one of another version.
    pub fn from_json(text: &str) -> Result<Self> {
        let evidence: Self = serde_json::from_str(text).map_err(|error| {
            Error::new(ErrorKind::Input, "evidence record").found(error.to_string()).because(error)
        })?;
        if evidence.version == VERSION {
            return Ok(evidence);
        }
        Err(Error::new(ErrorKind::Input, "evidence record, field `version`")
            .expected(VERSION.to_string())
            .found(evidence.version.to_string())
            .hint("look at the picture again with this version of lens"))
    }

    fn check_scores(&self) -> Result<()> {
        let tags = self.tags.iter().chain(&self.attributes).flat_map(|tag| [tag.cosine, tag.probability]);
        let captions = self.captions.iter().flat_map(|c| [c.log_prob, c.clip_similarity.unwrap_or(0.0)]);
        let ocr = self.ocr.iter().flat_map(|line| line.characters.iter().copied().chain([line.confidence]));
        match tags.chain(captions).chain(ocr).find(|score| !score.is_finite()) {
            None => Ok(()),
            Some(score) => Err(Error::new(ErrorKind::Internal, "score in the evidence")
                .expected("a finite number")
                .found(score.to_string())),
        }
    }
}

#[cfg(test)]
mod tests;
