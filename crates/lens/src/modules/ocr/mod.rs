//! Text in the picture: words and lines by the `ocrs` library, the recogniser run by ourselves, so that every
//! character has a probability (ocrs returns none).

mod ctc;
mod engine;
mod ink;
mod models;

pub use models::OcrModels;

use crate::{Error, ErrorKind, Fingerprint, Item, Look, Module, Result, evidence::hex, lazy::Lazy};
use engine::Engine;
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A line that is less sure is noise more often than text.
const LEAST_CONFIDENCE: f32 = 0.5;
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
            .with("max_side", &max_side)
            .with("least_confidence", &LEAST_CONFIDENCE);
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
        let engine = self
            .engine
            .get_or_load(|| guarded(|| Engine::load(&self.models)).unwrap_or_else(|| Err(unusable())))?;
        for (index, look) in looks.iter().enumerate() {
            match guarded(|| engine.read(look.picture(), self.max_side)) {
                Some(lines) => {
                    let sure = lines?.into_iter().filter(|line| line.confidence >= LEAST_CONFIDENCE);
                    sure.for_each(|line| sink(index, Item::Ocr(line)));
                }
                None => sink(index, Item::Note(FAILED.to_owned())),
            }
        }
        Ok(())
    }
}

/// ocrs and rten panic on some inputs; `None` then. Nothing of theirs is changed by a call, so none is left half-way.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

fn unusable() -> Error {
    Error::new(ErrorKind::Weights, "OCR models")
        .expected("a detector and a recogniser for ocrs")
        .found("files that it fails on")
        .hint("use models that were exported for ocrs")
}
