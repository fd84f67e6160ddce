//! The modules that see.

use super::{Assembler, Watch, embedded};
use crate::{
    Embedder, LensBuilder, Result,
    config::VocabularySettings,
    local::{Captioner, CaptionerOptions, ClipEncoder},
    modules::{AbsentModule, CaptionModule, VocabularyModule},
    preset::Role,
    vocab::{self, EmbeddedVocabulary},
};
#[cfg(feature = "ocr")]
use crate::{
    modules::ocr::{OcrModels, OcrModule},
    preset::Located,
};
use std::sync::Arc;

/// What the evidence says when no OCR model is there.
const NO_OCR: &str = "No OCR model is configured: text in the picture was not read.";

impl Assembler<'_> {
    pub(super) fn add_eyes(&self, builder: LensBuilder, watch: &mut Watch<'_>) -> Result<LensBuilder> {
        let (builder, clip) = self.add_clip(builder, watch)?;
        let builder = self.add_captions(builder, clip, watch)?;
        if !self.config.ocr.enabled {
            return Ok(builder);
        }
        #[cfg(feature = "ocr")]
        if let Some(module) = self.ocr(watch)? {
            return Ok(builder.module(module));
        }
        Ok(builder.module(AbsentModule::new("ocr", NO_OCR)))
    }

    /// The OCR module, where there are models for it.
    #[cfg(feature = "ocr")]
    fn ocr(&self, watch: &mut Watch<'_>) -> Result<Option<OcrModule>> {
        let models = match self.locate(Role::Ocr, watch)? {
            Some(Located::Path(folder)) => Some(OcrModels::open(&folder)?),
            #[cfg(feature = "nano")]
            Some(Located::Embedded) => crate::nano::ocr(),
            _ => None,
        };
        Ok(models.map(|models| OcrModule::new(models, self.config.ocr.max_side)))
    }

    /// CLIP, and the modules that choose from a vocabulary.
    fn add_clip(
        &self,
        mut builder: LensBuilder,
        watch: &mut Watch<'_>,
    ) -> Result<(LensBuilder, Option<Arc<ClipEncoder>>)> {
        if !self.preset.parts.contains_key(&Role::Clip) {
            return Ok((builder, None));
        }
        let clip = Arc::new(self.clip(watch)?);
        builder = builder.embedder(clip.clone());
        if let Some(vocabulary) = self.embedded(Role::Tags, &self.config.tags, &clip, watch)? {
            let VocabularySettings { top_k, threshold, .. } = self.config.tags;
            let temperature = vocab::temperature(&self.home.vocab(), &vocabulary, &*clip);
            let module = VocabularyModule::tags(clip.clone(), vocabulary, top_k, threshold);
            builder = builder.module(module.with_temperature(temperature));
        }
        if let Some(vocabulary) = self.embedded(Role::Attributes, &self.config.attributes, &clip, watch)? {
            let VocabularySettings { top_k, threshold, .. } = self.config.attributes;
            builder =
                builder.module(VocabularyModule::attributes(clip.clone(), vocabulary, top_k, threshold));
        }
        Ok((builder, Some(clip)))
    }

    /// The vocabulary of a module that is wanted and has one.
    fn embedded(
        &self,
        role: Role,
        settings: &VocabularySettings,
        clip: &ClipEncoder,
        watch: &mut Watch<'_>,
    ) -> Result<Option<EmbeddedVocabulary>> {
        if !settings.enabled || !self.preset.parts.contains_key(&role) {
            return Ok(None);
        }
        if self.is_embedded(role) && self.is_embedded(Role::Clip) {
            return embedded::vocabulary_with_embeddings(role, clip).map(Some);
        }
        let vocabulary = self.vocabulary(role, watch)?;
        self.embed(role, vocabulary, clip, watch).map(|(embedded, _)| Some(embedded))
    }

    fn add_captions(
        &self,
        builder: LensBuilder,
        clip: Option<Arc<ClipEncoder>>,
        watch: &mut Watch<'_>,
    ) -> Result<LensBuilder> {
        if !self.config.captions.enabled {
            return Ok(builder);
        }
        let Some(captioner) = self.captioner(watch)? else { return Ok(builder) };
        let embedder = clip.map(|clip| clip as Arc<dyn Embedder>);
        Ok(builder.module(CaptionModule::new(captioner, embedder)))
    }

    /// The captioner, where the preset has one.
    ///
    /// # Errors
    /// As [`Self::eyes`].
    pub fn captioner(&self, watch: &mut Watch<'_>) -> Result<Option<Captioner>> {
        let Some(checkpoint) = self.checkpoint(Role::Blip, watch)? else { return Ok(None) };
        let settings = &self.config.captions;
        let options = CaptionerOptions {
            beams: settings.beams,
            samples: settings.count,
            top_k: settings.top_k,
            temperature: settings.temperature,
            min_length: settings.min_length,
            max_length: settings.max_length,
            seed: self.config.seed,
        };
        let cpu = self.cpu_for(&checkpoint)?;
        Captioner::new(checkpoint, cpu, options).map(Some)
    }
}
