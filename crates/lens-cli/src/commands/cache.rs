//! `lens cache`: the evidence store and the packed models.

use super::Outcome;
use crate::{args::CacheCommand, exit::Exit, session::Session, view::bytes};
use serde_json::json;

pub(super) fn run(command: &CacheCommand, session: &Session) -> Outcome {
    let store = session.store();
    if let Some(reason) = store.absence() {
        session.printer.warning(&format!("there is no store: {reason}"))?;
    }
    match command {
        CacheCommand::Stats => stats(session, &store),
        CacheCommand::Clear => clear(session, &store),
    }
}

fn stats(session: &Session, store: &lens::Store) -> Outcome {
    let (stats, path) = (store.stats()?, session.home.evidence());
    let (packed, folder) = (session.packed().stats(), session.home.packed());
    if session.printer.is_json() {
        session.printer.json(&json!({
            "path": path, "entries": stats.entries, "bytes": stats.bytes, "capacity_bytes": stats.capacity,
            "packed": {
                "path": folder, "models": packed.models, "bytes": packed.bytes, "capacity_bytes": packed.capacity,
            },
        }))?;
        return Ok(Exit::Success);
    }
    let rows = [
        ("file", path.display().to_string()),
        ("pictures", stats.entries.to_string()),
        ("size", format!("{} of at most {}", bytes(stats.bytes), bytes(stats.capacity))),
        ("folder", folder.display().to_string()),
        ("models", format!("{} packed", packed.models)),
        ("size", format!("{} of at most {}", bytes(packed.bytes), bytes(packed.capacity))),
    ];
    for (name, value) in rows {
        session.printer.entry(name, 10, &value)?;
    }
    Ok(Exit::Success)
}

fn clear(session: &Session, store: &lens::Store) -> Outcome {
    let (forgotten, removed) = (store.clear()?, session.packed().clear()?);
    if session.printer.is_json() {
        session.printer.json(&json!({ "forgotten": forgotten, "packed_models_removed": removed.models }))?;
    } else {
        session.printer.line(&format!("Forgot the evidence of {}.", crate::view::pictures(forgotten)))?;
        let size = bytes(removed.bytes);
        session.printer.line(&format!(
            "Removed {} packed models, {size}; they are packed again when needed.",
            removed.models
        ))?;
    }
    Ok(Exit::Success)
}
