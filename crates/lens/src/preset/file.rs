//! A preset's file.

use super::{Part, Preset, Role};
use crate::{
    Error, ErrorKind, Result,
    config::{Config, Layer},
    hub::{Repository, RepositoryKind, Request, Wanted},
};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetFile {
    about: String,
    #[serde(default)]
    parts: BTreeMap<Role, PartFile>,
    #[serde(default)]
    settings: toml::Table,
}

/// One of the first four says where the part is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartFile {
    embedded: Option<bool>,
    repository: Option<String>,
    dataset: Option<String>,
    path: Option<PathBuf>,
    #[serde(default)]
    revisions: Vec<String>,
    files: Option<Vec<String>>,
}

pub(super) fn parse(name: &str, text: &str) -> Result<Preset> {
    let layer = format!("preset {name}");
    let file: PresetFile = toml::from_str(text).map_err(|error| {
        Error::new(ErrorKind::Config, layer.clone())
            .expected("the keys `about`, `parts` and `settings`")
            .found(error.message().to_owned())
            .because(error)
    })?;
    let settings = Layer::table(layer.clone(), file.settings);
    Config::from_layers(std::slice::from_ref(&settings))?;
    let parts = file
        .parts
        .into_iter()
        .map(|(role, part)| Ok((role, part.build(role, &format!("{layer}, part `{role}`"))?)))
        .collect::<Result<_>>()?;
    Ok(Preset { name: name.to_owned(), about: file.about, parts, settings })
}

impl PartFile {
    fn build(self, role: Role, thing: &str) -> Result<Part> {
        let Self { embedded, repository, dataset, path, revisions, files } = self;
        let wanted = files.map_or_else(|| role.wanted(), Wanted::Files);
        match (embedded, repository, dataset, path) {
            (Some(true), None, None, None) => Ok(Part::Embedded),
            (None, None, None, Some(path)) => Ok(Part::Path(path)),
            (None, Some(name), None, None) => {
                let repository = Repository::new(RepositoryKind::Model, &name)?;
                Ok(Part::Repository(Request { repository, revisions, wanted }))
            }
            (None, None, Some(name), None) => {
                let repository = Repository::new(RepositoryKind::Dataset, &name)?;
                Ok(Part::Repository(Request { repository, revisions, wanted }))
            }
            _ => Err(Error::new(ErrorKind::Config, thing)
                .expected("exactly one of `embedded = true`, `repository`, `dataset`, `path`")),
        }
    }
}
