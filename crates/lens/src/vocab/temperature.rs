//! The temperature of tag probabilities, fitted once for a vocabulary and a model and kept beside its embeddings.

use super::{EmbeddedVocabulary, cache_path};
use crate::{Embedder, Error, ErrorKind, Result};
use std::path::Path;

/// What divides the logits of this vocabulary under this model: 1 where nothing was fitted.
#[must_use]
pub fn temperature(folder: &Path, vocabulary: &EmbeddedVocabulary, embedder: &dyn Embedder) -> f32 {
    let path = path(folder, vocabulary, embedder);
    let kept = fs_err::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
    kept.filter(|kept: &f32| kept.is_finite() && *kept > 0.0).unwrap_or(1.0)
}

/// Keeps a fitted temperature.
///
/// # Errors
/// `Config` when the folder cannot be written to.
pub fn keep_temperature(
    folder: &Path,
    vocabulary: &EmbeddedVocabulary,
    embedder: &dyn Embedder,
    temperature: f32,
) -> Result<()> {
    let path = path(folder, vocabulary, embedder);
    let aside = path.with_extension("partial-temperature");
    let written = fs_err::create_dir_all(folder)
        .and_then(|()| fs_err::write(&aside, format!("{temperature}\n")))
        .and_then(|()| fs_err::rename(&aside, &path));
    written.map_err(|error| {
        Error::new(ErrorKind::Config, path.display().to_string())
            .expected("a folder that can be written to")
            .found(error.kind().to_string())
            .hint("set LENS_HOME to a folder that LENS may write to")
            .because(error)
    })
}

fn path(folder: &Path, vocabulary: &EmbeddedVocabulary, embedder: &dyn Embedder) -> std::path::PathBuf {
    let embeddings = cache_path(folder, vocabulary.vocabulary(), vocabulary.template(), embedder);
    embeddings.with_extension("temperature")
}

#[cfg(test)]
mod tests {
    use super::{keep_temperature, temperature};
    use crate::{
        Embedder,
        testing::ColourEmbedder,
        vocab::{EmbeddedVocabulary, Vocabulary},
    };

    fn embedded(texts: &[&str]) -> EmbeddedVocabulary {
        let vocabulary = Vocabulary::new("colours", texts).unwrap();
        let embeddings = ColourEmbedder.embed_texts(vocabulary.texts()).unwrap();
        EmbeddedVocabulary::new(vocabulary, "{}", embeddings, 3).unwrap()
    }

    #[test]
    fn it_belongs_to_one_vocabulary_and_is_one_without_fitting() {
        let folder = tempfile::tempdir().unwrap();
        let (fitted, other) = (embedded(&["red"]), embedded(&["blue"]));
        let home = folder.path().join("vocab");
        keep_temperature(&home, &fitted, &ColourEmbedder, 2.5).unwrap();
        let found = [&fitted, &other].map(|vocabulary| temperature(&home, vocabulary, &ColourEmbedder));
        assert_eq!(found.map(f32::to_bits), [2.5f32, 1.0].map(f32::to_bits));
    }
}
