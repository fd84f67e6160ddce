//! The settings: one struct, one documented default file, and layers that override each other.
//!
//! A [`Layer`] is one source: the preset, `config.toml`, an environment variable, a flag. Later layers win, and an
//! error names the layer that it comes from.

mod keys;
mod layer;
mod settings;
mod validate;

#[cfg(test)]
mod tests;

pub use layer::Layer;
pub use settings::{
    AnswerSettings, CaptionSettings, Config, EndpointSettings, LabelSettings, OcrSettings, PackedSettings,
    PartSettings, Precision, PromptSettings, StoreSettings, VocabularySettings,
};

use crate::{Error, ErrorKind, Home, Result, preset::Preset};

/// Every setting with its default and its meaning: a `config.toml` to start from.
pub const DEFAULT_TEXT: &str = include_str!("default.toml");

impl Config {
    /// The settings of this machine: the preset, then `config.toml`, then the environment, then `flags`.
    ///
    /// # Errors
    /// `Config`, naming the layer and the key, for a key that does not exist or a value that cannot be.
    pub fn load(home: &Home, flags: &[Layer]) -> Result<Self> {
        let environment = Layer::environment(&|name| std::env::var(name).ok())?;
        Self::with_preset(Layer::file(&home.config())?, environment, flags)
    }

    fn with_preset(file: Option<Layer>, environment: Vec<Layer>, flags: &[Layer]) -> Result<Self> {
        let mut layers: Vec<Layer> =
            file.into_iter().chain(environment).chain(flags.iter().cloned()).collect();
        let chosen = Self::from_layers(&layers)?.preset;
        layers.insert(0, Preset::named(&chosen)?.settings);
        Self::from_layers(&layers)
    }

    /// The defaults with `layers` over them, the first the lowest.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_layers(layers: &[Layer]) -> Result<Self> {
        let mut table = keys::defaults()?;
        let mut config = read(&table, "the default settings")?;
        for layer in layers {
            layer.write_over(&mut table)?;
            config = read(&table, layer.name())?;
        }
        Ok(config)
    }
}

/// The whole table becomes settings after each layer, so that a wrong value is blamed on the layer it came with.
fn read(table: &toml::Table, layer: &str) -> Result<Config> {
    let config: Config = table.clone().try_into().map_err(|error: toml::de::Error| {
        Error::new(ErrorKind::Config, layer)
            .found(error.message().to_owned())
            .hint("see the default settings for what each key may be")
            .because(error)
    })?;
    validate::validate(&config, layer)?;
    Ok(config)
}
