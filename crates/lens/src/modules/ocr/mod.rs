//! Text in the picture: the detector is run by the `ocrs` library; lines, their straightening and the recogniser are our
//! own, so that lines may slope and bend and every character has a probability (ocrs returns none).

mod align;
mod beam;
mod case;
mod ctc;
mod curve;
mod direction;
mod engine;
mod ink;
mod layout;
mod models;
mod order;
mod pieces;
mod read;
mod rows;
mod spelling;
mod strip;
mod words;

pub use models::OcrModels;

use crate::{
    Error, ErrorKind, Fingerprint, Item, Look, Module, Result,
    evidence::{OcrLine, hex},
    lazy::Lazy,
};
use engine::Engine;
use lens_nn::panics;
use sha2::{Digest, Sha256};

/// A line that is less sure is noise more often than text. Into 6 of 150 photographs of Flickr8k, hardly any of which has
/// letters, nano still reads some.
const LEAST_CONFIDENCE: f32 = 0.7;
/// The same for a line of one character: a ring is an O, a stroke is an l.
const LEAST_CONFIDENCE_OF_ONE: f32 = 0.9;
/// The same for lines from `LONG` characters on: what is taken for text and is none has few.
const LEAST_CONFIDENCE_OF_LONG: f32 = 0.65;
const LONG: usize = 8;
const FAILED: &str = "The OCR library gave up on this picture: text in it may have been missed.";

/// Reads text. The models are loaded when they are first needed.
pub struct OcrModule {
    models: OcrModels,
    max_side: u32,
    fingerprint: Fingerprint,
    engine: Lazy<Engine>,
}

impl OcrModule {
    /// A reader of pictures, which are reduced to `max_side` pixels on their longest side first.
    #[must_use]
    pub fn new(models: OcrModels, max_side: u32) -> Self {
        let hash = |bytes: &[u8]| hex(&Sha256::digest(bytes));
        let fingerprint = Fingerprint::new()
            .with("detector", &hash(&models.detector))
            .with("recogniser", &hash(&models.recogniser))
            .with("alphabet", &models.alphabet)
            .with("words", &models.words.as_deref().map_or(String::new(), |words| hash(words.as_bytes())))
            .with("spelling", &"the beam's, one code in ten")
            .with("max_side", &max_side)
            .with("lines", &"straightened, with room")
            .with("parts_share", &words::SHARED)
            .with("parts_from", &words::SHRUNK)
            .with("case", &"of the word")
            .with("inks", &"alike in a line, lines together")
            .with("least_confidence", &LEAST_CONFIDENCE)
            .with("least_confidence_of_one", &LEAST_CONFIDENCE_OF_ONE)
            .with("least_confidence_of_long", &LEAST_CONFIDENCE_OF_LONG);
        Self { models, max_side: max_side.max(1), fingerprint, engine: Lazy::new() }
    }
}

impl Module for OcrModule {
    fn name(&self) -> &'static str {
        "ocr"
    }

    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint.clone()
    }

    fn see(&self, looks: &[Look], sink: &mut dyn FnMut(usize, Item)) -> Result<()> {
        let engine = self.engine.get_or_load(|| {
            panics::caught(|| Engine::load(&self.models)).unwrap_or_else(|| Err(unusable(&self.models)))
        })?;
        for (index, look) in looks.iter().enumerate() {
            // ocrs and rten panic on some inputs; nothing of theirs is changed by a call, so none is left half-way.
            match panics::caught(|| engine.read(look.picture(), self.max_side)) {
                Some(lines) => {
                    lines?.into_iter().filter(is_sure).for_each(|line| sink(index, Item::Ocr(line)));
                }
                None => sink(index, Item::Note(FAILED.to_owned())),
            }
        }
        Ok(())
    }
}

fn is_sure(line: &OcrLine) -> bool {
    let least = match line.characters.len() {
        0 | 1 => LEAST_CONFIDENCE_OF_ONE,
        LONG.. => LEAST_CONFIDENCE_OF_LONG,
        _ => LEAST_CONFIDENCE,
    };
    line.confidence >= least
}

fn unusable(models: &OcrModels) -> Error {
    Error::new(ErrorKind::Weights, format!("OCR models of {}", models.name))
        .expected("a detector and a recogniser for ocrs")
        .found("files that it fails on")
        .hint("use models that were exported for ocrs")
}

#[cfg(test)]
mod tests {
    use super::{OcrModels, OcrModule, is_sure};
    use crate::{
        ErrorKind, Module,
        evidence::{OcrLine, PixelBox},
        testing::plain_look,
    };

    #[test]
    fn the_longer_a_line_the_less_sure_it_may_be() {
        for (text, confidence, is_kept) in [
            ("O", 0.85, false),
            ("O", 0.9, true),
            ("soup", 0.65, false),
            ("soup", 0.7, true),
            ("soup 6.90", 0.65, true),
            ("soup 6.90", 0.6, false),
            ("", 0.0, false),
        ] {
            let characters = vec![confidence; text.len()];
            let bounds = PixelBox { x: 0, y: 0, width: 9, height: 9 };
            let line = OcrLine {
                id: String::new(),
                text: text.to_owned(),
                confidence,
                characters,
                bounds,
                ink: None,
            };
            assert_eq!(is_sure(&line), is_kept, "{text} {confidence}");
        }
    }

    #[test]
    fn files_that_are_no_models_are_an_error_that_names_them() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [&b"no model"[..], &[0xff; 64], b""] {
            for name in ["detection.onnx", "recognition.onnx"] {
                fs_err::write(folder.path().join(name), bytes).unwrap();
            }
            let module = OcrModule::new(OcrModels::open(folder.path()).unwrap(), 1600);
            let error = module.see(&[plain_look([0; 3]).unwrap()], &mut |_, _| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Weights);
            let names_it = error.thing().contains(folder.path().to_str().unwrap());
            assert!(names_it && error.advice().is_some(), "{error}");
        }
    }
}
