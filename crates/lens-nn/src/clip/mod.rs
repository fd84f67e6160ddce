//! CLIP: a picture tower and a text tower that meet in one space.
//!
//! Reference: `transformers/models/clip/modeling_clip.py` and `open_clip/{model,transformer}.py`. Checkpoints of both
//! libraries load unchanged; which one it is shows in the configuration file.

mod config;
mod names;
mod text;
mod vision;

use crate::{
    Backend, Result,
    layers::Loader,
    weights::{Checkpoint, Redundant},
};
use config::{ClipConfig, Pooling};
use std::sync::Arc;
use text::TextTower;
use vision::VisionTower;

/// Both towers of a CLIP checkpoint.
pub struct Clip<B: Backend> {
    backend: Arc<B>,
    config: ClipConfig,
    vision: VisionTower<B>,
    text: TextTower<B>,
    logit_scale: f32,
}

impl<B: Backend> Clip<B> {
    /// Loads a checkpoint in the Hugging Face layout (`config.json`) or open_clip's (`open_clip_config.json`).
    ///
    /// # Errors
    /// `Config` for a field whose value is not implemented; `Weights` for a missing, mis-shaped or unused tensor.
    pub fn load(checkpoint: &Checkpoint, backend: Arc<B>) -> Result<Self> {
        let tensors = checkpoint.tensors()?;
        let config = ClipConfig::read(checkpoint, &tensors)?;
        let root = Loader::new(backend.as_ref(), tensors.root());
        let vision = VisionTower::load(&root, &config)?;
        let text = TextTower::load(&root, &config)?;
        let logit_scale = root.scope.read("logit_scale", &[])?.first().copied().unwrap_or_default().exp();
        tensors.finish(&[
            Redundant::Ignored("text_model.embeddings.position_ids"),
            Redundant::Ignored("vision_model.embeddings.position_ids"),
            Redundant::Ignored("attn_mask"),
        ])?;
        Ok(Self { backend, config, vision, text, logit_scale })
    }

    /// Features of pictures (n, 3, size, size), normalised pixels -> (n, [`dimension`](Self::dimension)), not yet of unit
    /// length.
    ///
    /// # Errors
    /// `Input` when the number of values is not a multiple of a picture's.
    pub fn image_features(&self, pixels: &[f32]) -> Result<Vec<f32>> {
        self.backend.within(|| self.vision.features(&self.backend, pixels))
    }

    /// Features of texts given as token ids with their start and end tokens -> (n, dimension), not yet of unit length.
    /// What follows the end token is not computed.
    ///
    /// # Errors
    /// `Input` for an empty text, one longer than the context, or an id beyond the vocabulary.
    pub fn text_features(&self, texts: &[Vec<u32>]) -> Result<Vec<f32>> {
        let features = self.backend.within(|| self.text.forward(&self.backend, texts))?;
        Ok(self.backend.download(&features))
    }

    /// Size of the shared space.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.config.dimension
    }

    /// Side of the picture that the tower takes, in pixels.
    #[must_use]
    pub fn image_size(&self) -> usize {
        self.config.grid.image_size
    }

    /// Most tokens of a text, start and end included.
    #[must_use]
    pub fn context_length(&self) -> usize {
        self.config.context_length
    }

    /// Number of token ids.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.config.vocabulary_size
    }

    /// The id that ends a text and stands for it; `None`: the largest id of the text.
    #[must_use]
    pub fn end_token(&self) -> Option<u32> {
        match self.config.pooling {
            Pooling::FirstOf(id) => Some(id),
            Pooling::LargestId => None,
        }
    }

    /// Factor that turns cosines into logits: exp of the learned temperature.
    #[must_use]
    pub fn logit_scale(&self) -> f32 {
        self.logit_scale
    }
}

/// Scales every row of `dimension` values to unit length. A row of zeros stays as it is.
pub fn normalize(features: &mut [f32], dimension: usize) {
    for row in features.chunks_exact_mut(dimension) {
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        if norm > 0.0 {
            for value in row {
                *value /= norm;
            }
        }
    }
}
