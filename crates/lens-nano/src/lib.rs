//! The small model family that comes inside LENS. Data only: every file is a byte slice.
//!
//! Each family is a list of files as a Hugging Face folder holds them, so the code that loads a published
//! checkpoint from disk loads nano from memory. `MODEL_CARD.md` says what the models know and how well;
//! `LICENSE-WEIGHTS` says under which terms they come.

/// One embedded file.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its name inside the family's folder, such as `config.json`.
    pub name: &'static str,
    /// Its whole content.
    pub bytes: &'static [u8],
}

macro_rules! files {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(File {
            name: $name,
            bytes: {
                const FILE: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!("../", $folder, "/", $name)));
                &FILE.0
            },
        }),*]
    };
}

/// At an address from which numbers of any size are read in place.
#[repr(C, align(64))]
struct Aligned<B: ?Sized>(B);

/// CLIP (`CLIPModel`): pictures and short texts in one space; tags and attributes.
pub static CLIP: &[File] =
    files!("clip": "config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json");

/// BLIP (`BlipForConditionalGeneration`): a picture to a caption.
pub static BLIP: &[File] = files!(
    "blip": "config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json", "generation_config.json",
);

/// T5 (`T5ForConditionalGeneration`): the frozen reader of the evidence.
pub static READER: &[File] =
    files!("reader": "config.json", "model.safetensors", "tokenizer.json", "generation_config.json");

/// The OCR pair for `ocrs` (detector and recogniser), the recogniser's characters in the order of its labels, and words
/// that tell what is likely where letters cannot be seen well.
pub static OCR: &[File] = files!("ocr": "detection.onnx", "recognition.onnx", "alphabet.txt", "words.txt");

/// What CLIP looks for, one text per line: `tags.txt`, `attributes.txt`.
pub static VOCAB: &[File] = files!("vocab": "tags.txt", "attributes.txt");

/// Embeddings of these texts by this CLIP, made by the example `nano_vocabulary` of the library: one safetensors file
/// for each list. Whoever changes CLIP or a list makes them again.
pub static VOCAB_EMBEDDINGS: &[File] = files!("vocab": "tags.safetensors", "attributes.safetensors");

/// The terms of the weights.
pub static LICENSE: &str = include_str!("../LICENSE-WEIGHTS");

/// What the models know, how well, and from which data.
pub static MODEL_CARD: &str = include_str!("../MODEL_CARD.md");

#[cfg(test)]
mod tests {
    use super::{BLIP, CLIP, File, OCR, READER, VOCAB};

    fn find<'a>(files: &'a [File], name: &str) -> &'a [u8] {
        files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("{name} is missing")).bytes
    }

    #[test]
    fn every_family_holds_a_config_a_tokenizer_and_whole_weights() {
        for family in [CLIP, BLIP, READER] {
            assert_eq!(find(family, "config.json").first(), Some(&b'{'));
            assert_eq!(find(family, "tokenizer.json").first(), Some(&b'{'));

            let weights = find(family, "model.safetensors");
            let header = u64::from_le_bytes(weights[..8].try_into().unwrap()) as usize;
            assert_eq!(weights[8], b'{', "a safetensors header is JSON");
            assert!(weights.len() > 8 + header, "the tensors follow the header");
        }
    }

    #[test]
    fn names_are_unique_within_a_family() {
        for family in [CLIP, BLIP, READER, OCR, VOCAB] {
            for (index, file) in family.iter().enumerate() {
                assert!(
                    family[..index].iter().all(|earlier| earlier.name != file.name),
                    "{} comes twice",
                    file.name
                );
            }
        }
    }

    #[test]
    fn vocabularies_are_one_trimmed_text_per_line_without_repeats() {
        for file in VOCAB {
            let text = std::str::from_utf8(file.bytes).unwrap();
            let mut seen = std::collections::HashSet::new();
            for line in text.lines() {
                assert!(!line.is_empty() && line == line.trim(), "{}: {line:?}", file.name);
                assert!(seen.insert(line), "{}: {line:?} comes twice", file.name);
            }
            assert!(seen.len() > 100, "{} holds {} lines", file.name, seen.len());
        }
    }
}
