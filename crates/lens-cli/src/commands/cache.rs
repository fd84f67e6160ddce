//! `lens cache`: the evidence store.

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
    if session.printer.is_json() {
        session.printer.json(&json!({
            "path": path, "entries": stats.entries, "bytes": stats.bytes, "capacity_bytes": stats.capacity,
        }))?;
        return Ok(Exit::Success);
    }
    let rows = [
        ("file", path.display().to_string()),
        ("pictures", stats.entries.to_string()),
        ("size", format!("{} of at most {}", bytes(stats.bytes), bytes(stats.capacity))),
    ];
    for (name, value) in rows {
        session.printer.entry(name, 10, &value)?;
    }
    Ok(Exit::Success)
}

fn clear(session: &Session, store: &lens::Store) -> Outcome {
    let forgotten = store.clear()?;
    if session.printer.is_json() {
        session.printer.json(&json!({ "forgotten": forgotten }))?;
    } else {
        session.printer.line(&format!("Forgot the evidence of {}.", crate::view::pictures(forgotten)))?;
    }
    Ok(Exit::Success)
}
