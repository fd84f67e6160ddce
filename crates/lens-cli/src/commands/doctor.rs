//! `lens doctor`: what this program is, what it works with, and what is wrong.

use super::{
    Outcome,
    parts::{State, licence, place},
};
use crate::{exit::Exit, session::Session, view::bytes};
use lens::{Config, Preset};
use lens_nn::backend::cpu::Tier;
use serde_json::{Map, Value};
use std::path::Path;

const NAME: usize = 12;

pub(super) fn run(session: &Session) -> Outcome {
    let facts = facts(session)?;
    if session.printer.is_json() {
        let object: Map<String, Value> =
            facts.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        session.printer.json(&object)?;
        return Ok(Exit::Success);
    }
    for (name, value) in facts {
        session.printer.entry(name, NAME, &value)?;
    }
    Ok(Exit::Success)
}

fn facts(session: &Session) -> Result<Vec<(&'static str, String)>, crate::exit::Failure> {
    let (config, home) = (&session.config, &session.home);
    let preset = Preset::of(config)?;
    let store = session.store();
    let stats = store.stats()?;
    let store = match store.absence() {
        Some(reason) => format!("none: {reason}"),
        None => format!(
            "{}, {}, {} of at most {}",
            home.evidence().display(),
            crate::view::pictures(stats.entries),
            bytes(stats.bytes),
            bytes(stats.capacity)
        ),
    };
    let threads = match config.threads {
        0 => format!("{}, one for each core", std::thread::available_parallelism().map_or(1, usize::from)),
        count => count.to_string(),
    };
    let mut facts = vec![
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("home", described(home.root(), "not there yet")),
        ("settings", described(&home.config(), "not there, defaults hold")),
        ("preset", format!("{}: {}", preset.name, preset.about)),
        ("missing", missing(session, &preset)),
        ("processor", processor(config)),
        ("precision", config.precision.to_string()),
        ("threads", threads),
        ("offline", if config.offline { "yes: no connection is made" } else { "no" }.to_owned()),
        ("store", store),
        ("packed", packed(session)),
    ];
    if let Some(licence) = preset.parts.iter().find_map(|(role, part)| licence(*role, part)) {
        facts.push(("licence", licence.to_owned()));
    }
    Ok(facts)
}

/// The instructions in use, and those that there are where fewer are asked for.
fn processor(config: &Config) -> String {
    let best = Tier::detect();
    if config.tier == "auto" { best.to_string() } else { format!("{} (it has {best})", config.tier) }
}

fn packed(session: &Session) -> String {
    let stats = session.packed().stats();
    let place = session.home.packed();
    let (size, capacity) = (bytes(stats.bytes), bytes(stats.capacity));
    format!("{}, {} models, {size} of at most {capacity}", place.display(), stats.models)
}

fn described(path: &Path, absent: &str) -> String {
    if path.exists() { path.display().to_string() } else { format!("{} ({absent})", path.display()) }
}

/// The parts that do not work as things are.
fn missing(session: &Session, preset: &Preset) -> String {
    let wanting: Vec<String> = preset
        .parts
        .iter()
        .map(|(role, part)| (role, part, State::of(*role, part, &session.hub)))
        .filter(|(.., state)| state.is_wanting())
        .map(|(role, part, state)| format!("{role} ({}, {})", place(part), state.name()))
        .collect();
    if wanting.is_empty() { "nothing".to_owned() } else { wanting.join(", ") }
}
