//! Computes the embeddings of a vocabulary once and keeps them.

use super::{EmbeddedVocabulary, Vocabulary};
use crate::{Cancel, Embedder, Error, ErrorKind, Fingerprint, Result};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Texts embedded in one call: enough to fill the processor, few enough to show progress.
const CHUNK: usize = 64;

/// Where embeddings came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Built {
    /// They were kept from an earlier run.
    Kept,
    /// They were computed now.
    Now,
}

/// The file in `folder` that keeps the embeddings of this vocabulary, template and model.
#[must_use]
pub fn cache_path(
    folder: &Path,
    vocabulary: &Vocabulary,
    template: &str,
    embedder: &dyn Embedder,
) -> PathBuf {
    let key = Fingerprint::new()
        .with("vocabulary", &vocabulary.sha256())
        .with("template", template)
        .with("embedder", &embedder.fingerprint().digest());
    folder.join(format!("{}.safetensors", key.digest()))
}

/// The embeddings of a vocabulary: read from `folder` where they are kept, else computed and kept there. What an
/// interrupted run computed is in a `.partial` file beside, and the next run goes on from it. A folder that cannot be
/// written costs only the keeping.
///
/// `progress` hears (done, all) after every chunk.
///
/// # Errors
/// `Input` when `cancel` is raised; what the embedder reports.
pub fn embed(
    vocabulary: Vocabulary,
    template: &str,
    embedder: &dyn Embedder,
    folder: &Path,
    progress: &mut dyn FnMut(usize, usize),
    cancel: &Cancel,
) -> Result<(EmbeddedVocabulary, Built)> {
    let path = cache_path(folder, &vocabulary, template, embedder);
    if let Ok(kept) = EmbeddedVocabulary::open(&path, vocabulary.clone(), template, embedder) {
        return Ok((kept, Built::Kept));
    }
    let partial = Partial::open(path.with_extension("partial"));
    let embeddings = compute(&vocabulary, template, embedder, partial, progress, cancel)?;
    let embedded = EmbeddedVocabulary::new(vocabulary, template, embeddings, embedder.space()?.dimension)?;
    if write_whole(&path, &embedded.to_bytes(embedder)?).is_ok() {
        // Left behind it would only take up room.
        let _ = fs_err::remove_file(path.with_extension("partial"));
    }
    Ok((embedded, Built::Now))
}

fn compute(
    vocabulary: &Vocabulary,
    template: &str,
    embedder: &dyn Embedder,
    mut partial: Partial,
    progress: &mut dyn FnMut(usize, usize),
    cancel: &Cancel,
) -> Result<Vec<f32>> {
    let (texts, dimension) = (vocabulary.texts(), embedder.space()?.dimension);
    let mut embeddings = partial.take(texts.len() * dimension, dimension);
    progress(embeddings.len() / dimension.max(1), texts.len());
    let rest = texts.get(embeddings.len() / dimension.max(1)..).unwrap_or_default();
    for chunk in rest.chunks(CHUNK) {
        let done = embeddings.len() / dimension.max(1);
        if cancel.is_raised() {
            return Err(Error::new(
                ErrorKind::Input,
                format!("embeddings of vocabulary {}", vocabulary.name()),
            )
            .found(format!("stopped after {done} of {} texts", texts.len()))
            .hint("run the command again; it goes on from there"));
        }
        let prompts: Vec<String> = chunk.iter().map(|text| template.replace("{}", text)).collect();
        let rows = embedder.embed_texts(&prompts)?;
        if rows.len() != chunk.len() * dimension {
            return Err(Error::new(ErrorKind::Internal, "embeddings of a chunk of texts")
                .expected((chunk.len() * dimension).to_string())
                .found(rows.len().to_string()));
        }
        partial.append(&rows);
        embeddings.extend(rows);
        progress(done + chunk.len(), texts.len());
    }
    Ok(embeddings)
}

/// Rows computed so far, as raw little-endian f32. Its name holds the key, so the rows belong to this vocabulary.
/// `None` where it cannot be kept.
struct Partial {
    path: PathBuf,
    file: Option<fs_err::File>,
}

impl Partial {
    fn open(path: PathBuf) -> Self {
        if let Some(folder) = path.parent() {
            // Where this fails, opening the file fails too.
            let _ = fs_err::create_dir_all(folder);
        }
        let file = fs_err::OpenOptions::new().create(true).append(true).open(&path).ok();
        Self { path, file }
    }

    /// The whole rows of the file, at most `most` numbers. What follows them is cut off.
    fn take(&mut self, most: usize, dimension: usize) -> Vec<f32> {
        let bytes = fs_err::read(&self.path).unwrap_or_default();
        let (numbers, _) = bytes.as_chunks::<4>();
        let whole = numbers.len() - numbers.len() % dimension.max(1);
        let rows: Vec<f32> =
            numbers.iter().take(whole.min(most)).map(|number| f32::from_le_bytes(*number)).collect();
        let cut = self.file.as_ref().is_some_and(|file| file.set_len(rows.len() as u64 * 4).is_ok());
        if !cut {
            self.file = None;
        }
        rows
    }

    fn append(&mut self, rows: &[f32]) {
        let bytes: Vec<u8> = rows.iter().flat_map(|number| number.to_le_bytes()).collect();
        let written = self.file.as_mut().is_some_and(|file| file.write_all(&bytes).is_ok());
        if !written {
            self.file = None;
        }
    }
}

/// Appears whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs_err::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
