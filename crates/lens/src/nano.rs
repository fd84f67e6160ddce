//! The small models inside the program.

#[cfg(feature = "ocr")]
use crate::modules::ocr::OcrModels;
use crate::{
    Embedder, Error, ErrorKind, Result,
    preset::Role,
    vocab::{ATTRIBUTE_TEMPLATE, EmbeddedVocabulary, Vocabulary},
};
#[cfg(feature = "ocr")]
use lens_nano::OCR;
use lens_nano::{BLIP, CLIP, File, READER, VOCAB, VOCAB_EMBEDDINGS};
use lens_nn::weights::{Bytes, Checkpoint};

/// What nano's CLIP met its names in while it was trained.
pub const TAG_TEMPLATE: &str = "a photo of a {}";

/// The model of a role: CLIP, BLIP or the reader.
///
/// # Errors
/// `Config` when this build has no model for the role.
pub fn checkpoint(role: Role) -> Result<Checkpoint> {
    let files = match role {
        Role::Clip => CLIP,
        Role::Blip => BLIP,
        Role::Llm => READER,
        Role::Ocr | Role::Tags | Role::Attributes => &[],
    };
    if files.is_empty() {
        return Err(missing(role));
    }
    let files: Vec<_> = files.iter().map(|file| (file.name, file.bytes)).collect();
    Checkpoint::embedded(&format!("nano {role}"), &files)
}

/// The OCR pair, `None` when this build has none.
#[cfg(feature = "ocr")]
#[must_use]
pub fn ocr() -> Option<OcrModels> {
    let text = |name| find(OCR, name).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let (detector, recogniser) = (find(OCR, "detection.onnx")?, find(OCR, "recognition.onnx")?);
    let models = OcrModels::new(detector, recogniser, text("alphabet.txt"));
    Some(match text("words.txt") {
        Some(words) => models.with_words(words),
        None => models,
    })
}

/// The texts of [`Role::Tags`] or [`Role::Attributes`].
///
/// # Errors
/// `Config` for another role, `Internal` when the file is no text.
pub fn vocabulary(role: Role) -> Result<Vocabulary> {
    let bytes = find(VOCAB, &format!("{role}.txt")).ok_or_else(|| missing(role))?;
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("nano vocabulary {role}")).because(error))?;
    Vocabulary::from_lines(&format!("nano {role}"), text)
}

/// What is put around the texts of a role before nano's CLIP embeds them.
#[must_use]
pub fn template(role: Role) -> &'static str {
    if role == Role::Tags { TAG_TEMPLATE } else { ATTRIBUTE_TEMPLATE }
}

/// The texts of a role with the embeddings that were made when nano was.
///
/// # Errors
/// `Weights` when they were made of other texts or by another CLIP than `embedder`.
pub fn vocabulary_with_embeddings(role: Role, embedder: &dyn Embedder) -> Result<EmbeddedVocabulary> {
    let bytes = find(VOCAB_EMBEDDINGS, &format!("{role}.safetensors")).ok_or_else(|| missing(role))?;
    EmbeddedVocabulary::from_bytes(Bytes::embedded(bytes), vocabulary(role)?, template(role), embedder)
}

fn find(files: &[File], name: &str) -> Option<&'static [u8]> {
    files.iter().find(|file| file.name == name).map(|file| file.bytes)
}

fn missing(role: Role) -> Error {
    Error::new(ErrorKind::Config, format!("nano {role}"))
        .expected("a model inside the program")
        .found("none in this build")
        .hint("choose another preset, or name a model")
}

#[cfg(test)]
mod tests {
    use super::{vocabulary, vocabulary_with_embeddings};
    use crate::{Embedder, local::ClipEncoder, preset::Role};
    use lens_nn::backend::cpu::{Cpu, CpuOptions};
    use std::sync::Arc;

    /// `cargo run --release -p lens-vision --example nano_vocabulary` makes them again.
    #[test]
    fn the_kept_embeddings_are_those_of_this_clip() {
        let cpu = Arc::new(Cpu::new(CpuOptions::default()));
        let clip = ClipEncoder::new(super::checkpoint(Role::Clip).unwrap(), cpu).unwrap();
        for role in [Role::Tags, Role::Attributes] {
            let kept = vocabulary_with_embeddings(role, &clip).unwrap();
            assert!(kept.lies_in_its_file(), "{role}: copied");
            let texts = vocabulary(role).unwrap();
            let last = texts.texts().last().unwrap();
            let fresh = clip.embed_texts(&[super::template(role).replace("{}", last)]).unwrap();
            let kept = &kept.embeddings()[kept.embeddings().len() - fresh.len()..];
            let cosine: f32 = kept.iter().zip(&fresh).map(|(a, b)| a * b).sum();
            assert!(cosine > 0.9999, "{role}: {cosine}");
        }
    }
}
