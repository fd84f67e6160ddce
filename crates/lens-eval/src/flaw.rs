//! What is wrong with a sample.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Kinds of broken data that the report counts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlawKind {
    /// The file of the picture is not there.
    MissingImage,
    /// The picture cannot be decoded.
    UnreadableImage,
    /// The label is none of the classes.
    LabelOutsideList,
    /// An archive ends in the middle.
    TruncatedTar,
    /// A line or a member is no JSON, or JSON of another shape.
    InvalidJson,
    /// A column or a field that the task needs is empty.
    MissingField,
    /// Not the ten answers that VQA has; the sample is scored with those it has.
    AnswerCount,
    /// A sample before has the same id.
    DuplicateId,
    /// The language model could not be asked.
    NotAnswered,
}

impl FlawKind {
    /// Whether the sample can still be scored.
    #[must_use]
    pub fn is_harmless(self) -> bool {
        self == Self::AnswerCount
    }
}

impl fmt::Display for FlawKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingImage => "missing image",
            Self::UnreadableImage => "unreadable image",
            Self::LabelOutsideList => "label outside the list",
            Self::TruncatedTar => "truncated tar",
            Self::InvalidJson => "invalid JSON",
            Self::MissingField => "missing field",
            Self::AnswerCount => "not ten answers",
            Self::DuplicateId => "duplicated id",
            Self::NotAnswered => "not answered",
        })
    }
}

/// Something wrong with a sample, named for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaw {
    /// What sort of thing.
    pub kind: FlawKind,
    /// Where and what, such as `7.jpg: no such file`.
    pub detail: String,
}

impl Flaw {
    /// A flaw of `kind`.
    #[must_use]
    pub fn new(kind: FlawKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}
