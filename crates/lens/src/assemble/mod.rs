//! Settings and a preset -> a pipeline of real models.

mod eyes;
mod reader;
#[cfg(test)]
mod tests;
#[cfg(not(feature = "nano"))]
mod without_nano;

use crate::{
    Config, Error, ErrorKind, Home, Lens, LensBuilder, Preset, Result, Store,
    config::Precision as PrecisionSetting,
    hub::{Hub, Progress},
    local::ClipEncoder,
    packed::Packed,
    preset::{Located, Part, Role},
    prompt::{FenceKey, Template},
    vocab::{ATTRIBUTE_TEMPLATE, Built, EmbeddedVocabulary, TAG_TEMPLATE, Vocabulary},
};
use lens_nn::{
    backend::cpu::{Cpu, CpuOptions, Precision, Tier},
    weights::Checkpoint,
};
use std::{ops::ControlFlow, path::Path, sync::Arc};

#[cfg(feature = "nano")]
use crate::nano as embedded;
#[cfg(not(feature = "nano"))]
use without_nano as embedded;

/// What assembling tells while it takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A part is downloaded.
    Download(Role, Progress<'a>),
    /// The texts of a vocabulary are embedded: once for a vocabulary and a model.
    Embedding {
        /// [`Role::Tags`] or [`Role::Attributes`].
        role: Role,
        /// Texts done.
        done: usize,
        /// Texts in all.
        total: usize,
    },
}

/// Hears of the steps; `Break` stops the work, and what came so far is kept.
pub type Watch<'w> = dyn FnMut(Step<'_>) -> ControlFlow<()> + 'w;

/// Puts pipelines together. Weights are loaded when they are first needed: evidence that is kept needs none.
pub struct Assembler<'a> {
    config: &'a Config,
    preset: Preset,
    home: &'a Home,
    hub: &'a Hub,
    cpu: Cpu,
    packed: Packed,
}

impl<'a> Assembler<'a> {
    /// What `config` asks for, on this machine.
    ///
    /// # Errors
    /// `Config` when its preset does not exist or a part of it cannot be, or the processor lacks the instructions.
    pub fn new(config: &'a Config, home: &'a Home, hub: &'a Hub) -> Result<Self> {
        let preset = Preset::of(config)?;
        let options = CpuOptions { threads: config.threads, precision: precision(config.precision) };
        let cpu = Cpu::with_tier(options, tier(&config.tier)?);
        Ok(Self { config, preset, home, hub, cpu, packed: Packed::new(home, config.packed) })
    }

    /// The modules that see, and the language model.
    ///
    /// # Errors
    /// As [`Self::eyes`] and [`Self::reader`].
    pub fn lens(&self, watch: &mut Watch<'_>) -> Result<Lens> {
        let builder = self.add_eyes(self.builder()?, watch)?;
        self.add_reader(builder, watch)?.build()
    }

    /// The modules alone.
    ///
    /// # Errors
    /// `Config`, `Weights` or `Remote` when a part cannot be found, downloaded or read.
    pub fn eyes(&self, watch: &mut Watch<'_>) -> Result<Lens> {
        self.add_eyes(self.builder()?, watch)?.build()
    }

    /// The language model alone.
    ///
    /// # Errors
    /// `Config`, `Weights` or `Remote` when it cannot be found, downloaded or loaded.
    pub fn reader(&self, watch: &mut Watch<'_>) -> Result<Lens> {
        self.add_reader(self.builder()?, watch)?.build()
    }

    /// The CLIP model.
    ///
    /// # Errors
    /// As [`Self::eyes`].
    pub fn clip(&self, watch: &mut Watch<'_>) -> Result<ClipEncoder> {
        match self.checkpoint(Role::Clip, watch)? {
            Some(checkpoint) => {
                let cpu = self.cpu_for(&checkpoint)?;
                ClipEncoder::new(checkpoint, cpu)
            }
            None => Err(Error::new(ErrorKind::Config, format!("preset {}", self.preset.name))
                .expected("a CLIP model")
                .found("none")
                .hint("name one under [parts] in the settings")),
        }
    }

    /// The texts of [`Role::Tags`] or [`Role::Attributes`].
    ///
    /// # Errors
    /// `Config` when the preset has none, `Input` when its file cannot be used.
    pub fn vocabulary(&self, role: Role, watch: &mut Watch<'_>) -> Result<Vocabulary> {
        match self.locate(role, watch)? {
            Some(Located::Path(path)) => Vocabulary::open(&path),
            Some(Located::Embedded) => embedded::vocabulary(role),
            Some(Located::Endpoint(_)) | None => {
                Err(Error::new(ErrorKind::Config, format!("preset {}", self.preset.name))
                    .expected(format!("a vocabulary of {role}"))
                    .found("none")
                    .hint("name a file of texts, one on each line"))
            }
        }
    }

    /// The embeddings of a vocabulary, from the home or made now.
    ///
    /// # Errors
    /// As [`crate::vocab::embed`].
    pub fn embed(
        &self,
        role: Role,
        vocabulary: Vocabulary,
        clip: &ClipEncoder,
        watch: &mut Watch<'_>,
    ) -> Result<(EmbeddedVocabulary, Built)> {
        let cancel = crate::Cancel::new();
        let mut progress = |done, total| {
            if watch(Step::Embedding { role, done, total }).is_break() {
                cancel.raise();
            }
        };
        let template = self.vocabulary_template(role);
        crate::vocab::embed(vocabulary, template, clip, &self.home.vocab(), &mut progress, &cancel)
    }

    /// The machine that the models run on.
    #[must_use]
    pub fn cpu(&self) -> &Cpu {
        &self.cpu
    }

    /// The preset with the parts that the settings replace.
    #[must_use]
    pub fn preset(&self) -> &Preset {
        &self.preset
    }

    /// The parts that every pipeline has: prompt, decoding, store, fence.
    fn builder(&self) -> Result<LensBuilder> {
        let around_a_tag = self.vocabulary_template(Role::Tags);
        let mut builder = Lens::builder()
            .label_template(self.config.labels.template.as_deref().unwrap_or(around_a_tag))
            .decoding(self.config.decoding())
            .environment("tier", &format!("{:?}", self.cpu.tier()))
            .environment("threads", &self.cpu.threads());
        // The setting's default stands for the form that suits the language model.
        if self.config.prompt.template != "default" {
            builder = builder.template(Template::named(&self.config.prompt.template)?);
        }
        if let Ok(secret) = self.home.secret() {
            builder = builder.fence(FenceKey::new(secret));
        }
        if self.config.store.enabled {
            builder =
                builder.store(Arc::new(Store::open(&self.home.evidence(), self.config.store.capacity_bytes)));
        }
        Ok(builder)
    }

    fn locate(&self, role: Role, watch: &mut Watch<'_>) -> Result<Option<Located>> {
        let Some(part) = self.preset.parts.get(&role) else { return Ok(None) };
        part.locate(self.hub, &mut |progress| watch(Step::Download(role, progress))).map(Some)
    }

    fn checkpoint(&self, role: Role, watch: &mut Watch<'_>) -> Result<Option<Checkpoint>> {
        match self.locate(role, watch)? {
            Some(Located::Path(folder)) => self.open(&folder).map(Some),
            Some(Located::Embedded) => embedded::checkpoint(role).map(Some),
            Some(Located::Endpoint(_)) | None => Ok(None),
        }
    }

    /// A folder with a model. Its fingerprint is kept in the home.
    fn open(&self, folder: &Path) -> Result<Checkpoint> {
        Ok(Checkpoint::open(folder)?.remembering(self.home.fingerprints()))
    }

    /// The machine for one model, which keeps its packed layers. The models inside the program are packed sooner than
    /// they would be read.
    fn cpu_for(&self, checkpoint: &Checkpoint) -> Result<Arc<Cpu>> {
        if checkpoint.is_embedded() {
            return Ok(Arc::new(self.cpu.clone()));
        }
        let folder = self.packed.folder(checkpoint, self.cpu.precision())?;
        Ok(Arc::new(folder.map_or_else(|| self.cpu.clone(), |folder| self.cpu.keeping_packs(folder))))
    }

    fn is_embedded(&self, role: Role) -> bool {
        self.preset.parts.get(&role) == Some(&Part::Embedded)
    }

    /// nano's CLIP met names in another form than the article's.
    fn vocabulary_template(&self, role: Role) -> &'static str {
        match role {
            Role::Tags if self.is_embedded(Role::Clip) => embedded::TAG_TEMPLATE,
            Role::Tags => TAG_TEMPLATE,
            _ => ATTRIBUTE_TEMPLATE,
        }
    }
}

fn tier(setting: &str) -> Result<Tier> {
    if setting == "auto" {
        return Ok(Tier::detect());
    }
    let available = Tier::available();
    available.iter().copied().find(|tier| tier.to_string() == setting).ok_or_else(|| {
        let names: Vec<String> = available.iter().map(Tier::to_string).collect();
        Error::new(ErrorKind::Config, "setting `tier`")
            .expected(format!("auto, or what this processor has: {}", names.join(", ")))
            .found(setting)
    })
}

fn precision(setting: PrecisionSetting) -> Precision {
    match setting {
        PrecisionSetting::Auto if Tier::detect().has_bf16() => Precision::Bf16,
        PrecisionSetting::Auto | PrecisionSetting::F32 => Precision::F32,
        PrecisionSetting::Bf16 => Precision::Bf16,
        PrecisionSetting::Int8 => Precision::Int8,
    }
}
