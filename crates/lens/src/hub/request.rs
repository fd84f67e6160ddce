//! What is asked of a hub.

use crate::{Error, ErrorKind, Result};
use glob::{MatchOptions, Pattern};
use std::fmt;

/// File types that cannot run code when they are opened.
const ALLOWED: [&str; 7] = ["safetensors", "json", "txt", "model", "parquet", "onnx", "rten"];

/// Whole models in one file, and the index of a model in several; the first that is there is taken.
const WEIGHTS: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
];

/// What a repository holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RepositoryKind {
    /// Weights.
    Model,
    /// Rows.
    Dataset,
}

/// A repository of a hub.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    kind: RepositoryKind,
    name: String,
}

/// Some files of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where they are.
    pub repository: Repository,
    /// The branches, references or commits to look in, in this order; none: `main`.
    pub revisions: Vec<String>,
    /// Which files.
    pub wanted: Wanted,
}

/// Which files of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Safetensors weights, configuration and tokenizer, all in the repository's root.
    Model,
    /// For each entry, every file that matches one of its patterns, and at least one; `|` separates patterns, `*`
    /// stands for anything but `/`.
    Files(Vec<String>),
}

impl Repository {
    /// A repository by its name, `organisation/name`.
    ///
    /// # Errors
    /// `Config` when that cannot be a name.
    pub fn new(kind: RepositoryKind, name: &str) -> Result<Self> {
        let is_part = |part: &str| {
            !part.is_empty()
                && !part.starts_with(['.', '-'])
                && !part.contains("--")
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        };
        let parts: Vec<&str> = name.split('/').collect();
        if parts.len() <= 2 && parts.into_iter().all(is_part) {
            return Ok(Self { kind, name: name.to_owned() });
        }
        Err(Error::new(ErrorKind::Config, format!("`{name}`"))
            .expected("a repository such as google/flan-t5-base, or an existing path")
            .hint("check the spelling; a path starts with ./ or /"))
    }

    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> RepositoryKind {
        self.kind
    }

    /// `organisation/name`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Request {
    /// The revisions to look in, in order.
    pub(super) fn revisions(&self) -> Vec<&str> {
        match self.revisions.as_slice() {
            [] => vec!["main"],
            named => named.iter().map(String::as_str).collect(),
        }
    }
}

impl Wanted {
    /// The wanted ones of `files`, small ones first and weights last, or what is missing.
    pub(super) fn select<'a>(&self, files: &[&'a str]) -> Result<Vec<&'a str>, String> {
        let allowed: Vec<&str> = files.iter().copied().filter(|file| is_allowed(file)).collect();
        match self {
            Self::Model => select_model(&allowed).ok_or_else(|| lack_of_model(files)),
            Self::Files(entries) => select_matching(entries, &allowed),
        }
    }
}

fn is_allowed(file: &str) -> bool {
    ALLOWED.contains(&ending(file))
}

/// What follows the last point. On a hub, capitals make another name.
fn ending(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn select_model<'a>(allowed: &[&'a str]) -> Option<Vec<&'a str>> {
    let root: Vec<&str> = allowed.iter().copied().filter(|file| !file.contains('/')).collect();
    let weights = WEIGHTS.into_iter().find(|name| root.contains(name))?;
    let shards: Vec<&str> = match weights.strip_suffix(".index.json") {
        Some(_) => shards(&root)?,
        None => root.iter().copied().filter(|file| *file == weights).collect(),
    };
    let config = root.iter().any(|file| matches!(*file, "config.json" | "open_clip_config.json"));
    let tokenizer = root.iter().any(|file| matches!(*file, "tokenizer.json" | "spiece.model" | "vocab.json"));
    let is_text = |file: &&str| matches!(ending(file), "json" | "txt" | "model");
    let texts = root
        .iter()
        .copied()
        .filter(is_text)
        .filter(|file| !file.ends_with(".index.json") || *file == weights);
    (config && tokenizer).then(|| texts.chain(shards).collect())
}

/// `model-00001-of-00002.safetensors` and its like, if all of them are there.
fn shards<'a>(root: &[&'a str]) -> Option<Vec<&'a str>> {
    let mut shards = Vec::new();
    let mut count = 0;
    for file in root {
        let middle = file.strip_prefix("model-").and_then(|rest| rest.strip_suffix(".safetensors"));
        if let Some((_, of)) = middle.and_then(|middle| middle.split_once("-of-")) {
            count = of.parse().ok()?;
            shards.push(*file);
        }
    }
    (count > 0 && shards.len() == count).then_some(shards)
}

fn lack_of_model(files: &[&str]) -> String {
    let root = |ending: &str| files.iter().find(|file| !file.contains('/') && file.ends_with(ending));
    match (root(".safetensors"), root(".bin").or_else(|| root(".pt"))) {
        (None, Some(pickle)) => format!("only `{pickle}`, a pickle, which LENS never opens"),
        (None, None) => "no weights".to_owned(),
        (Some(_), _) => "no whole set of weights, config.json and tokenizer".to_owned(),
    }
}

fn select_matching<'a>(entries: &[String], allowed: &[&'a str]) -> Result<Vec<&'a str>, String> {
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
    let mut selected: Vec<&str> = Vec::new();
    for entry in entries {
        let patterns: Vec<Pattern> = entry.split('|').filter_map(|text| Pattern::new(text).ok()).collect();
        let matches = |file: &str| patterns.iter().any(|pattern| pattern.matches_with(file, options));
        let found: Vec<&str> = allowed.iter().copied().filter(|file| matches(file)).collect();
        if found.is_empty() {
            return Err(format!("no file {}", entry.replace('|', " or ")));
        }
        selected.extend(found.into_iter().filter(|file| !selected.contains(file)).collect::<Vec<_>>());
    }
    Ok(selected)
}
