//! `lens models`: what is on this machine, and what the preset needs.

use super::{
    Outcome,
    parts::{State, licence, place},
};
use crate::{
    args::ModelsCommand,
    exit::{Exit, Failure},
    session::Session,
    view::bytes,
};
use lens::{
    Error, ErrorKind, Preset,
    hub::{CachedRepository, Hub, Repository, RepositoryKind, Request, Wanted},
    preset::Part,
};
use serde_json::json;

/// Columns of names in the list.
const ROLE: usize = 14;
const NAME: usize = 48;

pub(super) fn run(command: ModelsCommand, session: &Session) -> Outcome {
    let hub = &session.hub;
    match command {
        ModelsCommand::List => list(session, hub),
        ModelsCommand::Pull { names } => pull(session, hub, &names),
        ModelsCommand::Verify { names } => verify(session, hub, &names),
        ModelsCommand::Path { name } => path(session, hub, &name),
        ModelsCommand::Rm { names } => remove(session, hub, &names),
    }
}

fn list(session: &Session, hub: &Hub) -> Outcome {
    let printer = session.printer;
    let preset = Preset::of(&session.config)?;
    let cached = hub.repositories();
    if printer.is_json() {
        for (role, part) in &preset.parts {
            let state = State::of(*role, part, hub).name();
            printer.json(&json!({
                "preset": preset.name, "role": role.to_string(), "part": place(part), "state": state,
                "licence": licence(*role, part),
            }))?;
        }
        for one in &cached {
            printer.json(&json!({
                "repository": one.repository.name(), "folder": one.folder, "shared": one.shared,
                "bytes": one.bytes, "revisions": one.revisions,
            }))?;
        }
        return Ok(Exit::Success);
    }
    printer.heading(&format!("Preset {}: {}", preset.name, preset.about))?;
    for (role, part) in &preset.parts {
        let state = State::of(*role, part, hub).name();
        printer.entry(&format!("  {role}"), ROLE, &format!("{:<NAME$}{state}", place(part)))?;
    }
    if let Some(licence) = preset.parts.iter().find_map(|(role, part)| licence(*role, part)) {
        printer.entry("  licence", ROLE, licence)?;
    }
    printer.heading("Downloaded")?;
    if cached.is_empty() {
        printer.line("  nothing")?;
    }
    for one in &cached {
        let shared = if one.shared { "  (shared cache)" } else { "" };
        printer.line(&format!("  {:<NAME$}{:>10}{shared}", one.repository.name(), bytes(one.bytes)))?;
    }
    Ok(Exit::Success)
}

fn pull(session: &Session, hub: &Hub, names: &[String]) -> Outcome {
    let requests = if names.is_empty() {
        let parts = Preset::of(&session.config)?.parts;
        parts
            .into_values()
            .filter_map(|part| if let Part::Repository(request) = part { Some(request) } else { None })
            .collect()
    } else {
        names.iter().map(|name| request(name)).collect::<Result<Vec<Request>, Error>>()?
    };
    if requests.is_empty() {
        session.printer.note(&format!("preset {} needs no download", session.config.preset))?;
    }
    for request in requests {
        let folder = session.download(&format!("downloading {}", request.repository), |progress| {
            hub.pull(&request, progress)
        })?;
        if session.printer.is_json() {
            session.printer.json(&json!({ "repository": request.repository.name(), "folder": folder }))?;
        } else {
            session.printer.line(&format!("{}  {}", request.repository, folder.display()))?;
        }
    }
    Ok(Exit::Success)
}

fn verify(session: &Session, hub: &Hub, names: &[String]) -> Outcome {
    let mut chosen = hub.repositories();
    if !names.is_empty() {
        let wanted = names.iter().map(|name| find(hub, name)).collect::<Result<Vec<_>, _>>()?;
        chosen.retain(|one| wanted.contains(one));
    }
    let mut exit = Exit::Success;
    for one in chosen {
        let progress = session.printer.progress(&format!("checking {}", one.repository));
        let damages = hub.verify(&one, &mut |file| {
            progress.says(&format!("checking {}", file.display()));
            session.go_on()
        })?;
        drop(progress);
        if session.interrupt.is_raised() {
            return Ok(Exit::Interrupted);
        }
        for damage in &damages {
            exit = Exit::Weights;
            session.printer.error(
                &Error::new(ErrorKind::Weights, damage.file.display().to_string())
                    .expected(format!("SHA-256 {}", damage.expected))
                    .found(damage.found.clone())
                    .hint(format!("remove the file, then run: lens models pull {}", one.repository)),
            )?;
        }
        if session.printer.is_json() {
            let damaged: Vec<_> = damages.iter().map(|damage| &damage.file).collect();
            session.printer.json(&json!({ "repository": one.repository.name(), "damaged": damaged }))?;
        } else if damages.is_empty() {
            session.printer.line(&format!("{}  whole", one.repository))?;
        }
    }
    Ok(exit)
}

fn path(session: &Session, hub: &Hub, name: &str) -> Outcome {
    let folder = match hub.cached(&request(name)?) {
        Some(snapshot) => snapshot,
        None => find(hub, name)?.folder,
    };
    if session.printer.is_json() {
        session.printer.json(&json!({ "path": folder }))?;
    } else {
        session.printer.line(&folder.display().to_string())?;
    }
    Ok(Exit::Success)
}

fn remove(session: &Session, hub: &Hub, names: &[String]) -> Outcome {
    for name in names {
        let repository = find(hub, name)?.repository;
        let freed = hub.remove(&repository)?;
        if session.printer.is_json() {
            session.printer.json(&json!({ "repository": repository.name(), "freed_bytes": freed }))?;
        } else {
            session.printer.line(&format!("Removed {repository}, {}.", bytes(freed)))?;
        }
    }
    Ok(Exit::Success)
}

/// A model by `organisation/name` or `organisation/name@revision`.
fn request(name: &str) -> Result<Request, Error> {
    let (name, revision) =
        name.split_once('@').map_or((name, None), |(name, revision)| (name, Some(revision)));
    let repository = Repository::new(RepositoryKind::Model, name)?;
    Ok(Request {
        repository,
        revisions: revision.map(str::to_owned).into_iter().collect(),
        wanted: Wanted::Model,
    })
}

/// What is on this machine under a name, model or dataset.
fn find(hub: &Hub, name: &str) -> Result<CachedRepository, Failure> {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    hub.repositories().into_iter().find(|one| one.repository.name() == name).ok_or_else(|| {
        Error::new(ErrorKind::Input, name)
            .expected("a repository on this machine")
            .found("none of that name")
            .hint("see what there is: lens models list")
            .into()
    })
}
