//! CLIP as the embedder.

use super::{BATCH, fingerprint, pixels, prepare, view};
use crate::{Embedder, Fingerprint, Look, Picture, Result, Space, lazy::Lazy};
use lens_nn::{
    backend::cpu::Cpu,
    clip::{Clip, normalize},
    preprocess::{Convention, Preprocess},
    tokenizer::Tokenizer,
    weights::Checkpoint,
};
use std::sync::Arc;

/// A tensor that only files of open_clip have.
const OPEN_CLIP_MARK: &str = "visual.conv1.weight";

/// A CLIP checkpoint with its preprocessing and tokenizer. The weights are loaded when they are first needed.
pub struct ClipEncoder {
    checkpoint: Checkpoint,
    cpu: Arc<Cpu>,
    fingerprint: Fingerprint,
    /// Under which a look keeps its embedding.
    key: String,
    /// Under which it keeps its pixels until then.
    pixels_key: String,
    model: Lazy<Model>,
}

struct Model {
    clip: Clip<Cpu>,
    preprocess: Preprocess,
    tokenizer: Tokenizer,
}

impl ClipEncoder {
    /// An encoder of a checkpoint of transformers or open_clip.
    ///
    /// # Errors
    /// `Config` or `Weights` when the files cannot be read.
    pub fn new(checkpoint: Checkpoint, cpu: Arc<Cpu>) -> Result<Self> {
        let fingerprint = fingerprint(&checkpoint, &cpu)?;
        let key = format!("clip {}", fingerprint.digest());
        let pixels_key = format!("pixels of {key}");
        Ok(Self { checkpoint, cpu, fingerprint, key, pixels_key, model: Lazy::new() })
    }

    /// Loads the weights now.
    ///
    /// # Errors
    /// `Config` or `Weights`, naming the file, when the checkpoint cannot be used exactly as published.
    pub fn load(&self) -> Result<()> {
        self.model().map(|_| ())
    }

    fn model(&self) -> Result<&Model> {
        self.model.get_or_load(|| Model::load(&self.checkpoint, Arc::clone(&self.cpu)))
    }
}

impl Model {
    fn load(checkpoint: &Checkpoint, cpu: Arc<Cpu>) -> Result<Self> {
        let open_clip = checkpoint.tensors()?.contains(OPEN_CLIP_MARK);
        let convention = if open_clip { Convention::OpenClip } else { Convention::Clip };
        let clip = Clip::load(checkpoint, cpu)?;
        let preprocess = Preprocess::from_checkpoint(checkpoint, convention, clip.image_size())?;
        let tokenizer = Tokenizer::from_checkpoint(checkpoint)?;
        tokenizer.check_fits(clip.vocabulary_size(), clip.end_token())?;
        Ok(Self { clip, preprocess, tokenizer })
    }

    fn embed(&self, looks: &[&Look], pixels_key: &str) -> Result<Vec<Vec<f32>>> {
        let mut embeddings = Vec::with_capacity(looks.len());
        for batch in looks.chunks(BATCH) {
            let pixels = pixels(&self.preprocess, pixels_key, batch.iter().copied())?;
            let mut features = self.clip.image_features(&pixels)?;
            normalize(&mut features, self.clip.dimension());
            embeddings.extend(features.chunks_exact(self.clip.dimension()).map(<[f32]>::to_vec));
        }
        Ok(embeddings)
    }
}

impl Embedder for ClipEncoder {
    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint.clone()
    }

    fn space(&self) -> Result<Space> {
        let Model { clip, .. } = self.model()?;
        Ok(Space { dimension: clip.dimension(), logit_scale: clip.logit_scale() })
    }

    fn prepare(&self, look: &Look) -> Result<()> {
        prepare(&self.model()?.preprocess, &self.pixels_key, look)
    }

    fn embed_looks(&self, looks: &[Look]) -> Result<Vec<Arc<Vec<f32>>>> {
        Look::encode_missing(looks, &self.key, |missing| self.model()?.embed(missing, &self.pixels_key))
    }

    fn embed_texts(&self, texts: &[String]) -> Result<Vec<f32>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let Model { clip, tokenizer, .. } = self.model()?;
        let limit = clip.context_length();
        let ids =
            texts.iter().map(|text| tokenizer.encode_within(text, limit)).collect::<Result<Vec<_>>>()?;
        let mut features = clip.text_features(&ids)?;
        normalize(&mut features, clip.dimension());
        Ok(features)
    }

    fn view(&self, picture: &Picture) -> Result<Option<Picture>> {
        view(&self.model()?.preprocess, picture).map(Some)
    }
}
