//! Vocabularies: the texts that tags and attributes are chosen from, and their embeddings.
//!
//! A [`Vocabulary`] is read from a text file or from Parquet; [`embed`] computes its embeddings once for a model and
//! keeps them in a file; an [`EmbeddedVocabulary`] is both together.

mod build;
mod file;
mod parquet;
mod temperature;

#[cfg(test)]
mod tests;

pub use build::{Built, cache_path, embed};
pub use file::EmbeddedVocabulary;
pub use temperature::{keep_temperature, temperature};

use crate::{Error, ErrorKind, Result, evidence::hex};
use sha2::{Digest, Sha256};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

/// What is put around a text before it is embedded; `{}` stands for the text.
pub const TAG_TEMPLATE: &str = "A photo of {}";
/// Attributes are whole phrases and are embedded as they are.
pub const ATTRIBUTE_TEMPLATE: &str = "{}";

/// Texts to choose from, each once, in the order of their file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    name: String,
    texts: Vec<String>,
}

impl Vocabulary {
    /// A vocabulary of given texts. Outer white space, empty texts and repetitions go.
    ///
    /// # Errors
    /// `Input` when nothing is left.
    pub fn new<T: AsRef<str>>(name: &str, texts: impl IntoIterator<Item = T>) -> Result<Self> {
        let mut seen = HashSet::new();
        let texts: Vec<String> = texts
            .into_iter()
            .map(|text| text.as_ref().trim().to_owned())
            .filter(|text| !text.is_empty() && seen.insert(text.clone()))
            .collect();
        if texts.is_empty() {
            return Err(Error::new(ErrorKind::Input, format!("vocabulary {name}"))
                .expected("at least one text")
                .found("none")
                .hint("write one text on each line"));
        }
        Ok(Self { name: name.to_owned(), texts })
    }

    /// A vocabulary of lines.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_lines(name: &str, text: &str) -> Result<Self> {
        Self::new(name, text.trim_start_matches('\u{feff}').lines())
    }

    /// Reads a text file (one text on each line), a Parquet file with a column `prompt_descriptions` (texts or lists of
    /// texts), or a folder with Parquet files of this kind or one text file.
    ///
    /// # Errors
    /// `Input` when there is no such file or it holds no texts.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let unreadable =
            |error: std::io::Error| Error::new(ErrorKind::Input, format!("vocabulary {name}")).because(error);
        let mut texts = Vec::new();
        for file in files(path).map_err(unreadable)? {
            let bytes = fs_err::read(&file).map_err(unreadable)?;
            let file_name = file.display().to_string();
            if bytes.starts_with(b"PAR1") {
                texts.extend(parquet::texts(&file_name, bytes)?);
            } else {
                texts.extend(lines(&file_name, bytes)?);
            }
        }
        Self::new(&name, texts)
    }

    /// What the vocabulary is called in messages: its path, or a given name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The texts.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// SHA-256 over the texts, each with a line feed after it, as 64 hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for text in &self.texts {
            hash.update(text.as_bytes());
            hash.update(b"\n");
        }
        hex(&hash.finalize())
    }
}

fn lines(name: &str, bytes: Vec<u8>) -> Result<Vec<String>> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error
            .as_bytes()
            .iter()
            .take(error.utf8_error().valid_up_to())
            .filter(|&&byte| byte == b'\n')
            .count()
            + 1;
        Error::new(ErrorKind::Input, format!("vocabulary {name}, line {line}"))
            .expected("text in UTF-8")
            .found("other bytes")
            .because(error)
    })?;
    Ok(text.trim_start_matches('\u{feff}').lines().map(str::to_owned).collect())
}

/// The file itself, or the Parquet files below a folder in the order of their names, or its text files.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut all = Vec::new();
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { all.push(path) }
        }
    }
    all.sort();
    let of = |extension: &str| -> Vec<PathBuf> {
        all.iter().filter(|path| path.extension().is_some_and(|found| found == extension)).cloned().collect()
    };
    let parquet = of("parquet");
    Ok(if parquet.is_empty() { of("txt") } else { parquet })
}
