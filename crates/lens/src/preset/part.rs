//! One part of a preset.

use crate::{
    Result,
    hub::{Hub, Progress, Repository, RepositoryKind, Request, Wanted},
};
use serde::Deserialize;
use std::{fmt, ops::ControlFlow, path::PathBuf};

/// What a part is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The encoder of pictures and texts.
    Clip,
    /// The captioner.
    Blip,
    /// The detector and the recogniser of text.
    Ocr,
    /// The language model.
    Llm,
    /// The vocabulary of tags.
    Tags,
    /// The vocabulary of attributes.
    Attributes,
}

/// Where a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Inside the program.
    Embedded,
    /// A folder, or for a vocabulary a file.
    Path(PathBuf),
    /// On a hub, or in the cache of one.
    Repository(Request),
    /// The language model behind `[endpoint]`; with a base URL, behind that one instead.
    Endpoint(Option<String>),
}

/// Where a part is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    /// Inside the program.
    Embedded,
    /// A folder, or for a vocabulary a file.
    Path(PathBuf),
    /// Nowhere: it is asked over the network.
    Endpoint(Option<String>),
}

impl Role {
    /// The files that are needed when nobody says more exactly.
    #[must_use]
    pub fn wanted(self) -> Wanted {
        let files = |pattern: &[&str]| Wanted::Files(pattern.iter().map(|&text| text.to_owned()).collect());
        match self {
            Self::Clip | Self::Blip | Self::Llm => Wanted::Model,
            Self::Ocr => files(&["*det*.rten|*det*.onnx", "*rec*.rten|*rec*.onnx"]),
            Self::Tags => files(&["data/train-*.parquet|*/train/*.parquet|*.parquet|*.txt"]),
            Self::Attributes => files(&["data/full-*.parquet|*/full/*.parquet|*.parquet|*.txt"]),
        }
    }

    fn kind(self) -> RepositoryKind {
        match self {
            Self::Tags | Self::Attributes => RepositoryKind::Dataset,
            _ => RepositoryKind::Model,
        }
    }
}

impl Part {
    /// What a setting names: an existing path, a base URL or `endpoint` (language models only), else a repository,
    /// with `@revision` where needed.
    ///
    /// # Errors
    /// `Config` when it is none of them.
    pub fn parse(role: Role, text: &str) -> Result<Self> {
        let path = PathBuf::from(text);
        // A file that is not there must not be looked for on a hub.
        let file = path.extension().is_some_and(|ending| ending == "txt" || ending == "parquet");
        if path.exists() || file || text.starts_with(['/', '.', '~']) {
            return Ok(Self::Path(path));
        }
        if role == Role::Llm {
            if text == "endpoint" {
                return Ok(Self::Endpoint(None));
            }
            if text.starts_with("http://") || text.starts_with("https://") {
                return Ok(Self::Endpoint(Some(text.to_owned())));
            }
        }
        let (name, revision) = text.split_once('@').map_or((text, None), |(name, rev)| (name, Some(rev)));
        let repository = Repository::new(role.kind(), name)?;
        let revisions = revision.map(str::to_owned).into_iter().collect();
        Ok(Self::Repository(Request { repository, revisions, wanted: role.wanted() }))
    }

    /// Where the part is on this machine, after a download where needed.
    ///
    /// # Errors
    /// As [`Hub::fetch`].
    pub fn locate(
        &self,
        hub: &Hub,
        progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Located> {
        match self {
            Self::Embedded => Ok(Located::Embedded),
            Self::Path(path) => Ok(Located::Path(path.clone())),
            Self::Endpoint(base_url) => Ok(Located::Endpoint(base_url.clone())),
            Self::Repository(request) => hub.fetch(request, progress).map(Located::Path),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clip => "clip",
            Self::Blip => "blip",
            Self::Ocr => "ocr",
            Self::Llm => "llm",
            Self::Tags => "tags",
            Self::Attributes => "attributes",
        })
    }
}
