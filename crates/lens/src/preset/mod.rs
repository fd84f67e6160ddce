//! Presets: which models and vocabularies see, and which one answers.
//!
//! A preset is a TOML file. Three are compiled in; a user's own is named by its path. Each part can be replaced by
//! a setting: another repository, or a folder.

mod file;
mod part;

#[cfg(test)]
mod tests;

pub use part::{Located, Part, Role};

use crate::{
    Error, ErrorKind, Result,
    config::{Config, Layer},
};
use std::{collections::BTreeMap, path::Path};

const COMPILED_IN: [(&str, &str); 3] = [
    ("nano", include_str!("nano.toml")),
    ("base", include_str!("base.toml")),
    ("paper", include_str!("paper.toml")),
];

/// Models, vocabularies, and the settings that belong to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    /// The name, or the path of the file.
    pub name: String,
    /// One line for a person.
    pub about: String,
    /// What fills each role. A role without a part is not filled.
    pub parts: BTreeMap<Role, Part>,
    /// Settings that go with these parts, below those of the user.
    pub settings: Layer,
}

impl Preset {
    /// The names of the presets that are compiled in, the smallest first.
    #[must_use]
    pub fn names() -> [&'static str; 3] {
        COMPILED_IN.map(|(name, _)| name)
    }

    /// The preset of this name; a name that ends in `.toml` is the path of a file.
    ///
    /// # Errors
    /// `Config` when there is no such preset or its file cannot be used.
    pub fn named(name: &str) -> Result<Self> {
        if let Some((_, text)) = COMPILED_IN.iter().find(|(known, _)| *known == name) {
            return file::parse(name, text);
        }
        if Path::new(name).extension().is_some_and(|extension| extension == "toml") {
            let text = fs_err::read_to_string(name).map_err(|error| {
                Error::new(ErrorKind::Config, format!("preset {name}"))
                    .expected("a readable file")
                    .found(error.kind().to_string())
                    .because(error)
            })?;
            return file::parse(name, &text);
        }
        Err(Error::new(ErrorKind::Config, "preset")
            .expected(format!("one of {}, or the path of a .toml file", Self::names().join(", ")))
            .found(format!("`{name}`")))
    }

    /// The preset that the settings name, with the parts that they replace.
    ///
    /// # Errors
    /// `Config` as [`Preset::named`], and when a replacement is neither a repository nor a path.
    pub fn of(config: &Config) -> Result<Self> {
        let mut preset = Self::named(&config.preset)?;
        let replacements = [
            (Role::Clip, &config.parts.clip),
            (Role::Blip, &config.parts.blip),
            (Role::Ocr, &config.parts.ocr),
            (Role::Llm, &config.llm),
            (Role::Tags, &config.tags.vocabulary),
            (Role::Attributes, &config.attributes.vocabulary),
        ];
        for (role, replacement) in replacements {
            if let Some(text) = replacement {
                preset.parts.insert(role, Part::parse(role, text)?);
            }
        }
        Ok(preset)
    }
}
