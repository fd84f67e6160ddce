//! Text to ids and back, by the tokenizer files that checkpoints carry.
//!
//! One wrapper over the `tokenizers` crate for CLIP (byte-pair encoding), BLIP (WordPiece) and T5 (Unigram).

mod legacy;

use crate::{Error, ErrorKind, Result, panics, weights::Checkpoint};

/// The tokenizer of a checkpoint.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    file: String,
}

impl Tokenizer {
    /// Reads `tokenizer.json`; without it `vocab.json` and `merges.txt` (CLIP) or `vocab.txt` (BERT).
    ///
    /// # Errors
    /// `Config` when there is none of these or the file is damaged.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Self> {
        const FILE: &str = "tokenizer.json";
        let (file, inner) = match checkpoint.file(FILE)? {
            Some(bytes) => {
                let file = checkpoint.label(FILE);
                let inner = unless_it_panics(|| tokenizers::Tokenizer::from_bytes(&bytes));
                (file.clone(), inner.map_err(|source| damaged(file, source))?)
            }
            None => legacy::read(checkpoint)?,
        };
        Ok(Self { inner: without_padding(inner), file })
    }

    /// Ids of a text with the family's start and end tokens, as many as it takes.
    ///
    /// # Errors
    /// `Input` when the text cannot be encoded.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        self.encoding(text, true)
    }

    /// Ids of a text alone, without start and end tokens.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_plain(&self, text: &str) -> Result<Vec<u32>> {
        self.encoding(text, false)
    }

    /// As [`Self::encode`], cut to at most `limit` ids; the last id, which ends the text, is kept.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_within(&self, text: &str, limit: usize) -> Result<Vec<u32>> {
        let mut ids = self.encode(text)?;
        let end = ids.last().copied();
        ids.truncate(limit);
        if let (Some(last), Some(end)) = (ids.last_mut(), end) {
            *last = end;
        }
        Ok(ids)
    }

    /// Text of ids, without spaces around it. Special tokens and ids beyond the tokenizer are left out. WordPiece closes
    /// the space before `.`, `,`, `?` and `!` but not those of `it ' s`, as transformers 5 (version 4 did by default).
    ///
    /// # Errors
    /// `Model` when the ids cannot be decoded.
    pub fn decode(&self, ids: &[u32]) -> Result<String> {
        let text = unless_it_panics(|| self.inner.decode(ids, true)).map_err(|source| {
            Error::new(ErrorKind::Model, format!("{}: ids that cannot be decoded", self.file)).because(source)
        })?;
        Ok(text.trim().to_owned())
    }

    /// Number of ids of a text, start and end tokens included; what cannot be encoded counts its bytes.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        self.encode(text).map_or(text.len(), |ids| ids.len())
    }

    /// The id of a token, where the tokenizer has it.
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The largest id plus one.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab(true).into_values().max().map_or(0, |id| id as usize + 1)
    }

    /// Refuses the tokenizer of another model: one that has more ids than the model's embeddings, or that does not end
    /// a text with the model's `end` token (`None`: the largest id of the text).
    ///
    /// # Errors
    /// `Config`, naming the file.
    pub fn check_fits(&self, model_vocabulary: usize, end: Option<u32>) -> Result<()> {
        let refuse = |expected: String, found: String| {
            Err(Error::new(ErrorKind::Config, self.file.as_str())
                .expected(expected)
                .found(found)
                .hint("use the tokenizer that belongs to this checkpoint"))
        };
        let size = self.vocabulary_size();
        if size > model_vocabulary {
            let expected = format!("a tokenizer of at most {model_vocabulary} ids, the model's vocabulary");
            return refuse(expected, format!("{size} ids"));
        }
        let ids = self.encode("a")?;
        let (last, end) = (ids.last(), end.or_else(|| ids.iter().max().copied()));
        match (last, end) {
            (Some(last), Some(end)) if *last == end => Ok(()),
            (last, end) => {
                let id = |id: Option<u32>| id.map_or("none".to_owned(), |id| format!("id {id}"));
                let expected =
                    format!("a tokenizer that ends a text with the model's end token, {}", id(end));
                refuse(expected, format!("{} at the end", id(last.copied())))
            }
        }
    }

    fn encoding(&self, text: &str, special: bool) -> Result<Vec<u32>> {
        let encoding = unless_it_panics(|| self.inner.encode_fast(text, special)).map_err(|source| {
            Error::new(ErrorKind::Input, format!("{}: a text that cannot be encoded", self.file))
                .because(source)
        })?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// The `tokenizers` crate panics on some damaged files, so its panics are errors of the file like any other.
fn unless_it_panics<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    panics::caught(work).unwrap_or_else(|| Err("the `tokenizers` crate panicked on it".into()))
}

/// Padding and truncation that a file may ask for are the caller's to decide.
fn without_padding(mut inner: tokenizers::Tokenizer) -> tokenizers::Tokenizer {
    inner.with_padding(None);
    // Only setting a truncation can fail, not removing one.
    let _ = inner.with_truncation(None);
    inner
}

fn damaged(file: String, source: tokenizers::Error) -> Error {
    Error::new(ErrorKind::Config, file)
        .expected("a tokenizer file of the `tokenizers` library")
        .found("something else")
        .hint("download the file again")
        .because(source)
}
