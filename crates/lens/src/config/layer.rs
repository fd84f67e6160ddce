//! One source of settings.

use super::keys;
use crate::{Error, ErrorKind, Result};
use std::{io, path::Path};
use toml::{Table, Value};

/// Some settings and where they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    name: String,
    table: Table,
}

impl Layer {
    /// The settings of a TOML text. `name` is what errors call it.
    ///
    /// # Errors
    /// `Config` with the line when it is not TOML.
    pub fn toml(name: impl Into<String>, text: &str) -> Result<Self> {
        let name = name.into();
        let table = text.parse().map_err(|error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
            Error::new(ErrorKind::Config, format!("{name}, line {line}"))
                .expected("TOML")
                .found(error.message().to_owned())
                .because(error)
        })?;
        Ok(Self { name, table })
    }

    /// The settings of a parsed table.
    pub(crate) fn table(name: impl Into<String>, table: Table) -> Self {
        Self { name: name.into(), table }
    }

    /// The settings of a TOML file, or none when there is no such file.
    ///
    /// # Errors
    /// `Config` when it cannot be read or is not TOML.
    pub fn file(path: &Path) -> Result<Option<Self>> {
        let name = path.display().to_string();
        match fs_err::read_to_string(path) {
            Ok(text) => Self::toml(name, &text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::new(ErrorKind::Config, name)
                .expected("a readable settings file")
                .found(error.kind().to_string())
                .because(error)),
        }
    }

    /// One setting, as a flag gives it: `Layer::setting("--beams", "answer.beams", 3)`.
    #[must_use]
    pub fn setting(name: impl Into<String>, key: &str, value: impl Into<Value>) -> Self {
        let mut parts = key.rsplit('.');
        let leaf = Table::from_iter([(parts.next().unwrap_or_default().to_owned(), value.into())]);
        let table =
            parts.fold(leaf, |inner, section| Table::from_iter([(section.to_owned(), Value::Table(inner))]));
        Self { name: name.into(), table }
    }

    /// The settings of the environment, one layer for each variable: `LENS_` and the key in capitals.
    ///
    /// # Errors
    /// `Config`, naming the variable, when its text is not of the setting's type.
    pub fn environment(variable: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Self>> {
        let defaults = keys::defaults()?;
        let mut layers = Vec::new();
        for key in keys::leaves(&defaults) {
            let name = format!("LENS_{}", key.replace('.', "_").to_ascii_uppercase());
            if let (Some(text), Some(default)) = (variable(&name), keys::get(&defaults, &key)) {
                layers.push(Self::setting(&name, &key, parse_as(&name, &text, default)?));
            }
        }
        Ok(layers)
    }

    /// What errors call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes these settings over those in `below`, which holds every key that exists.
    pub(super) fn write_over(&self, below: &mut Table) -> Result<()> {
        let all = below.clone();
        self.write_section(&self.table, below, &all, "")
    }

    fn write_section(&self, section: &Table, below: &mut Table, all: &Table, prefix: &str) -> Result<()> {
        for (name, value) in section {
            let key = format!("{prefix}{name}");
            let Some(old) = below.get_mut(name) else { return Err(self.unknown(&key, value, all)) };
            match (value, old) {
                (Value::Table(inner), Value::Table(old)) => {
                    self.write_section(inner, old, all, &format!("{key}."))?;
                }
                (Value::Integer(whole), old @ Value::Float(_)) => *old = Value::Float(*whole as f64),
                (value, old) if value.same_type(old) => *old = value.clone(),
                (value, old) => return Err(wrong_type(&format!("{}, key `{key}`", self.name), old, value)),
            }
        }
        Ok(())
    }

    fn unknown(&self, key: &str, value: &Value, all: &Table) -> Error {
        let error =
            Error::new(ErrorKind::Config, format!("{}, key `{key}`", self.name)).found("no such setting");
        let inner = value.as_table().and_then(|table| keys::leaves(table).into_iter().next());
        let full = inner.map_or_else(|| key.to_owned(), |leaf| format!("{key}.{leaf}"));
        match keys::nearest(all, &full) {
            Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
            None => error.hint("see the default settings for the keys that exist"),
        }
    }
}

fn parse_as(name: &str, text: &str, default: &Value) -> Result<Value> {
    let parsed = match default {
        Value::Boolean(_) => match text {
            "1" | "true" => Some(true.into()),
            "0" | "false" | "" => Some(false.into()),
            _ => None,
        },
        Value::Integer(_) => text.parse::<i64>().ok().map(Value::Integer),
        Value::Float(_) => text.parse::<f64>().ok().map(Value::Float),
        _ => Some(text.into()),
    };
    parsed.ok_or_else(|| wrong_type(name, default, &text.into()))
}

fn wrong_type(thing: &str, expected: &Value, found: &Value) -> Error {
    let expected = match expected {
        Value::Boolean(_) => "true or false",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Table(_) => "a section",
        _ => "a text in quotes",
    };
    Error::new(ErrorKind::Config, thing).expected(expected).found(found.to_string())
}
