//! Where a picture comes from.

use super::{Limits, Picture, data_uri, folder};
use crate::{Error, ErrorKind, Result};
use std::{
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

/// One picture that has not been read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A file.
    Path(PathBuf),
    /// An encoded picture in memory, with the name that errors call it by.
    Bytes {
        /// The name in messages and records.
        name: String,
        /// The encoded picture.
        bytes: Arc<[u8]>,
    },
    /// A `data:` URI with base64.
    DataUri(Arc<str>),
    /// Standard input, once.
    Stdin,
}

impl Source {
    /// The sources that one argument names: `-`, a `data:` URI, a file, a folder with its sub-folders (sorted;
    /// hidden entries and files that are no pictures are left out), or a glob pattern (sorted).
    ///
    /// # Errors
    /// `Input` when nothing is there, a folder or pattern holds no picture, or the argument is a URL.
    pub fn parse(argument: &str) -> Result<Vec<Self>> {
        if argument == "-" {
            return Ok(vec![Self::Stdin]);
        }
        if starts_with_ignoring_case(argument, "data:") {
            return Ok(vec![Self::DataUri(argument.into())]);
        }
        refuse_url(argument)?;
        let path = Path::new(argument);
        if path.is_dir() {
            return folder::pictures_below(path);
        }
        if !path.exists() && argument.contains(['*', '?', '[']) {
            return folder::pictures_matching(argument);
        }
        // A file that is not there is an error of its own picture, so the others can go on.
        Ok(vec![Self::Path(path.to_path_buf())])
    }

    /// The name in messages and records: the path, `-`, or what the picture was given as.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Bytes { name, .. } => name.clone(),
            Self::DataUri(_) => data_uri::NAME.to_owned(),
            Self::Stdin => "-".to_owned(),
        }
    }

    /// Reads and decodes the picture.
    ///
    /// # Errors
    /// `Input` when it cannot be read, and as [`Picture::decode`].
    pub fn open(&self, limits: &Limits) -> Result<Picture> {
        let name = self.name();
        match self {
            Self::Bytes { bytes, .. } => Picture::decode_named(&name, bytes, limits),
            _ => Picture::decode_named(&name, &self.read(limits)?, limits),
        }
    }

    /// The encoded bytes, never more than `limits.bytes` of them.
    ///
    /// # Errors
    /// `Input` when they cannot be read or are too many.
    pub fn read(&self, limits: &Limits) -> Result<Vec<u8>> {
        match self {
            Self::Path(path) => {
                let file = fs_err::File::open(path).map_err(|error| self.unreadable(error))?;
                let metadata = file.metadata().map_err(|error| self.unreadable(error))?;
                limits.check_bytes(&self.name(), metadata.len())?;
                self.read_at_most(file, limits)
            }
            Self::Stdin => self.read_at_most(std::io::stdin().lock(), limits),
            Self::DataUri(uri) => data_uri::decode(uri, limits),
            Self::Bytes { bytes, .. } => Ok(bytes.to_vec()),
        }
    }

    /// A pipe and a growing file have no size to check first.
    fn read_at_most(&self, reader: impl Read, limits: &Limits) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut bounded = reader.take(limits.bytes.saturating_add(1));
        bounded.read_to_end(&mut bytes).map_err(|error| self.unreadable(error))?;
        limits.check_bytes(&self.name(), bytes.len() as u64)?;
        Ok(bytes)
    }

    fn unreadable(&self, error: std::io::Error) -> Error {
        let found = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        Error::new(ErrorKind::Input, self.name())
            .expected("a readable picture")
            .found(found)
            .hint("check the path")
            .because(error)
    }
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn refuse_url(argument: &str) -> Result<()> {
    let url = ["http://", "https://", "file://", "ftp://"]
        .iter()
        .any(|scheme| starts_with_ignoring_case(argument, scheme));
    if !url {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Input, argument)
        .expected("a path, a folder, a pattern, `-` or a data: URI")
        .found("a URL, which LENS does not fetch")
        .hint("download the picture and give its path, or pipe it: curl URL | lens ask - QUESTION"))
}
