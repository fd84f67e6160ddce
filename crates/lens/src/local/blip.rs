//! BLIP as the captioner.

use super::{BATCH, fingerprint, pixels, prepare, view};
use crate::{Fingerprint, Look, Picture, Result, evidence::CaptionKind, lazy::Lazy};
use lens_nn::{
    backend::cpu::Cpu,
    blip::Blip,
    generate::{BeamOptions, Hypothesis, Lengths, SampleOptions, Search, Strategy, Stream, generate},
    preprocess::{Convention, Preprocess},
    tokenizer::Tokenizer,
    weights::Checkpoint,
};
use serde::Deserialize;
use std::sync::Arc;

/// What every caption begins with; it is taken off again (released code: `caption[12:]`).
const PROMPT: &str = "a picture of";

/// How captions are written. The defaults are the released code's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CaptionerOptions {
    /// Width of the beam search for the first caption.
    pub beams: usize,
    /// Captions drawn at random.
    pub samples: usize,
    /// Tokens to draw from.
    pub top_k: usize,
    /// Below 1 the draws keep to what is probable.
    pub temperature: f32,
    /// Fewest tokens, those of "a picture of" and the start counted.
    pub min_length: usize,
    /// Most tokens, counted the same way.
    pub max_length: usize,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for CaptionerOptions {
    fn default() -> Self {
        Self { beams: 5, samples: 10, top_k: 50, temperature: 1.0, min_length: 10, max_length: 30, seed: 0 }
    }
}

/// A caption as it was decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The sentence without the prompt.
    pub text: String,
    /// How it was decoded.
    pub kind: CaptionKind,
    /// Natural logarithm of its probability, summed over the tokens after the prompt.
    pub log_prob: f32,
    /// Tokens after the prompt, the end included.
    pub tokens: usize,
}

/// A BLIP checkpoint with its preprocessing and tokenizer. The weights are loaded when they are first needed.
pub struct Captioner {
    checkpoint: Checkpoint,
    cpu: Arc<Cpu>,
    options: CaptionerOptions,
    fingerprint: Fingerprint,
    /// Under which a look keeps its pixels until it is captioned.
    pixels_key: String,
    model: Lazy<Model>,
}

struct Model {
    blip: Blip<Cpu>,
    length_penalty: f32,
    preprocess: Preprocess,
    tokenizer: Tokenizer,
    /// Ids that every caption starts from: [DEC] and the prompt.
    prompt: Vec<u32>,
}

/// What transformers takes from `generation_config.json` when a caption is searched with beams.
#[derive(Deserialize)]
struct GenerationConfig {
    length_penalty: Option<f32>,
}

impl Captioner {
    /// A captioner of a checkpoint in the Hugging Face layout.
    ///
    /// # Errors
    /// `Config` or `Weights` when the files cannot be read.
    pub fn new(checkpoint: Checkpoint, cpu: Arc<Cpu>, options: CaptionerOptions) -> Result<Self> {
        let fingerprint = fingerprint(&checkpoint, &cpu)?
            .with("beams", &options.beams)
            .with("samples", &options.samples)
            .with("top_k", &options.top_k)
            .with("temperature", &options.temperature)
            .with("min_length", &options.min_length)
            .with("max_length", &options.max_length)
            .with("seed", &options.seed);
        let pixels_key = format!("pixels of blip {}", fingerprint.digest());
        Ok(Self { checkpoint, cpu, options, fingerprint, pixels_key, model: Lazy::new() })
    }

    /// Loads the weights now.
    ///
    /// # Errors
    /// `Config` or `Weights`, naming the file, when the checkpoint cannot be used exactly as published.
    pub fn load(&self) -> Result<()> {
        self.model().map(|_| ())
    }

    /// Model and options.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint.clone()
    }

    /// The captions of each look: that of the beam search first, then the samples in the order in which they were
    /// drawn.
    ///
    /// # Errors
    /// What loading reports; `Config` for options that make no sense, `Model` for ids that are no text.
    pub fn caption(&self, looks: &[Look]) -> Result<Vec<Vec<Draft>>> {
        let mut all = Vec::with_capacity(looks.len());
        for batch in looks.chunks(BATCH) {
            all.extend(self.model()?.caption(batch, self.options, &self.pixels_key)?);
        }
        Ok(all)
    }

    /// Makes the pixels of a look beforehand; see [`Module::prepare`](crate::Module::prepare).
    ///
    /// # Errors
    /// As [`Module::prepare`](crate::Module::prepare).
    pub fn prepare(&self, look: &Look) -> Result<()> {
        prepare(&self.model()?.preprocess, &self.pixels_key, look)
    }

    /// What the captioner takes of a picture; see [`Module::view`](crate::Module::view).
    ///
    /// # Errors
    /// As [`Module::view`](crate::Module::view).
    pub fn view(&self, picture: &Picture) -> Result<Picture> {
        view(&self.model()?.preprocess, picture)
    }

    fn model(&self) -> Result<&Model> {
        self.model.get_or_load(|| Model::load(&self.checkpoint, Arc::clone(&self.cpu)))
    }
}

impl Model {
    fn load(checkpoint: &Checkpoint, cpu: Arc<Cpu>) -> Result<Self> {
        let blip = Blip::load(checkpoint, cpu)?;
        let preprocess = Preprocess::from_checkpoint(checkpoint, Convention::Blip, blip.image_size())?;
        let tokenizer = Tokenizer::from_checkpoint(checkpoint)?;
        tokenizer.check_fits(blip.vocabulary_size(), Some(blip.tokens().sep))?;
        let prompt = blip.tokens().prompt(&tokenizer.encode(PROMPT)?);
        let generation: Option<GenerationConfig> = checkpoint.json_if_present("generation_config.json")?;
        let length_penalty = generation.and_then(|file| file.length_penalty).unwrap_or(1.0);
        Ok(Self { blip, length_penalty, preprocess, tokenizer, prompt })
    }

    fn caption(
        &self,
        looks: &[Look],
        options: CaptionerOptions,
        pixels_key: &str,
    ) -> Result<Vec<Vec<Draft>>> {
        let pixels = pixels(&self.preprocess, pixels_key, looks.iter())?;
        let pictures = self.blip.see(&pixels)?;
        let prompts = vec![self.prompt.clone(); looks.len()];
        let searches: Vec<Search> =
            (0..).zip(looks).flat_map(|(source, look)| self.searches(source, look, options)).collect();
        let found = generate(&mut self.blip.captions(&pictures), &prompts, &searches, &mut ())?;
        found.chunks(options.samples + 1).map(|captions| self.drafts(captions)).collect()
    }

    fn drafts(&self, captions: &[Vec<Hypothesis>]) -> Result<Vec<Draft>> {
        let mut drafts = Vec::with_capacity(captions.len());
        for (index, hypothesis) in
            captions.iter().enumerate().filter_map(|(index, list)| Some((index, list.first()?)))
        {
            let kind = if index == 0 { CaptionKind::Beam } else { CaptionKind::Sampled };
            let text = self.text(&hypothesis.tokens)?;
            if !text.is_empty() {
                let tokens = hypothesis.tokens.len();
                drafts.push(Draft { text, kind, log_prob: hypothesis.log_prob, tokens });
            }
        }
        Ok(drafts)
    }

    /// The prompt is decoded too and taken off, as the released code does: a word piece may continue its last word.
    fn text(&self, tokens: &[u32]) -> Result<String> {
        let ids: Vec<u32> = self.prompt.iter().chain(tokens).copied().collect();
        let whole = self.tokenizer.decode(&ids)?;
        Ok(whole.strip_prefix(PROMPT).unwrap_or(&whole).trim().to_owned())
    }

    /// One beam search and the samples, all of one picture.
    fn searches(
        &self,
        source: usize,
        look: &Look,
        options: CaptionerOptions,
    ) -> impl Iterator<Item = Search> + use<> {
        let CaptionerOptions { beams, samples, top_k, temperature, min_length, max_length, seed } = options;
        let (length_penalty, end) = (self.length_penalty, self.blip.tokens().sep);
        let beam = Strategy::Beam(BeamOptions { beams, length_penalty, early_stopping: false, returned: 1 });
        // Of the pixels and not of the file: the same picture, however it was saved, draws the same captions.
        let hash = look.picture().pixel_sha256();
        let sampling = SampleOptions { temperature, top_k, top_p: 1.0 };
        let sample = move |index: usize| Strategy::Sample(sampling, Stream::new(seed, &hash, index as u32));
        let lengths = Lengths { min: min_length, max: max_length };
        let strategies = std::iter::once(beam).chain((0..samples).map(sample));
        strategies.map(move |strategy| Search { source, strategy, lengths, end })
    }
}
