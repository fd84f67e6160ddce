//! The door for eyes: what turns a picture into items of evidence.

use crate::{
    Picture, Result,
    evidence::{Fingerprint, Item},
    look::Look,
};

/// One way of looking: tags, attributes, captions, OCR, or your own.
///
/// A module is frozen: the same picture and the same fingerprint give the same items, whatever else is in the batch.
pub trait Module: Send + Sync {
    /// Name in the record's `modules` and `notes`, such as `tags`.
    fn name(&self) -> &str;

    /// Model, vocabulary, precision and parameters: all that changes what the module sees.
    fn fingerprint(&self) -> Fingerprint;

    /// Whether the items depend on [`Look::question`]. The evidence of such a module is kept per question.
    fn reads_question(&self) -> bool {
        false
    }

    /// Does what of the looking needs no model and leaves it in the look, such as resizing: a server has it done for the
    /// next pictures while a batch is looked at. Nothing depends on whether it was called.
    ///
    /// # Errors
    /// What loading reports; `Input` when the picture is far too thin to be resized.
    fn prepare(&self, _look: &Look) -> Result<()> {
        Ok(())
    }

    /// Looks at a batch and hands each item to `sink` with the index of its look. The items of one look come in
    /// the order they are to be read, best first.
    ///
    /// # Errors
    /// `Model` when a model's result cannot be used, or what loading reports. Items handed over before are void.
    fn see(&self, looks: &[Look], sink: &mut dyn FnMut(usize, Item)) -> Result<()>;

    /// The pixels that the module's encoder takes of a picture, before normalisation: resized, cropped or squashed.
    /// `None` for a module that looks at the picture as it is, or at none.
    ///
    /// # Errors
    /// What loading reports; `Input` when the picture is far too thin to be resized.
    fn view(&self, _picture: &Picture) -> Result<Option<Picture>> {
        Ok(None)
    }
}
