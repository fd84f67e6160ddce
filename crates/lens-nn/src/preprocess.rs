//! An upright RGB picture -> the pixels a vision tower takes, exactly as the reference prepares them.
//!
//! Resize, crop, rescale, normalise. Which sizes and constants, the checkpoint's files say; how they are rounded, the
//! library that published the checkpoint ([`Convention`]). The 8-bit picture equals Pillow 11.3 bit for bit.

mod config;
mod geometry;
mod hugging_face;
mod normalize;
mod open_clip;
mod resize;
mod rgb;

pub use rgb::RgbView;

use crate::{Result, weights::Checkpoint};
use config::Plan;
use geometry::Window;
use normalize::Levels;

/// Whose files, defaults and rounding apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convention {
    /// transformers' `CLIPImageProcessor`: the shorter edge to the size, then the centre.
    Clip,
    /// transformers' `BlipImageProcessor`: squashed to a square.
    Blip,
    /// open_clip's transform for inference.
    OpenClip,
}

/// What a checkpoint does to a picture before its vision tower sees it.
#[derive(Debug)]
pub struct Preprocess {
    plan: Plan,
    levels: Levels,
}

impl Preprocess {
    /// Reads `processor_config.json` or `preprocessor_config.json` (transformers), or `open_clip_config.json`, for a
    /// vision tower that takes `image_size` x `image_size` pixels.
    ///
    /// # Errors
    /// `Config`, naming the file and the field, when the file is missing, asks for something that is not implemented, or
    /// does not end in pictures of `image_size`.
    pub fn from_checkpoint(
        checkpoint: &Checkpoint,
        convention: Convention,
        image_size: usize,
    ) -> Result<Self> {
        let (plan, levels) = match convention {
            Convention::Clip | Convention::Blip => hugging_face::read(checkpoint, convention, image_size)?,
            Convention::OpenClip => open_clip::read(checkpoint, image_size)?,
        };
        Ok(Self { plan, levels })
    }

    /// Side of the square result in pixels.
    #[must_use]
    pub fn size(&self) -> usize {
        self.plan.size
    }

    /// The picture as the model sees it, before normalisation: size x size pixels, row by row, as R, G, B.
    ///
    /// # Errors
    /// `Input` when the picture is so thin that its longer edge would be beyond 2^31 pixels once resized.
    pub fn resized_rgb(&self, image: RgbView<'_>) -> Result<Vec<u8>> {
        let Window { columns, rows } = Window::new(self.plan, image)?;
        Ok(resize::bicubic_window(image, &columns, &rows))
    }

    /// The pixels for the vision tower: normalised f32 (3, size, size).
    ///
    /// # Errors
    /// As [`Self::resized_rgb`].
    pub fn pixels(&self, image: RgbView<'_>) -> Result<Vec<f32>> {
        Ok(self.levels.normalize(&self.resized_rgb(image)?))
    }
}
