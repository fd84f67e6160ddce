//! `lens vocab`: the texts that tags and attributes are chosen from.

use super::{Outcome, describe};
use crate::{
    args::{VocabCommand, VocabKind},
    exit::{Exit, Failure},
    session::Session,
};
use lens::{
    preset::Role,
    vocab::{Built, Vocabulary},
};
use serde_json::json;
use std::path::Path;

pub(super) fn run(command: VocabCommand, session: &Session) -> Outcome {
    match command {
        VocabCommand::Build { file, kind } => build(session, file.as_deref(), kind),
        VocabCommand::Show { file, kind } => show(session, file.as_deref(), kind),
        VocabCommand::Describe { categories, output } => {
            describe::run(session, &categories, output.as_deref())
        }
    }
}

fn vocabulary(session: &Session, file: Option<&Path>, kind: VocabKind) -> Result<Vocabulary, Failure> {
    match file {
        Some(file) => Ok(Vocabulary::open(file)?),
        None => session.assemble(|assembler, watch| assembler.vocabulary(role(kind), watch)),
    }
}

fn role(kind: VocabKind) -> Role {
    match kind {
        VocabKind::Tags => Role::Tags,
        VocabKind::Attributes => Role::Attributes,
    }
}

fn build(session: &Session, file: Option<&Path>, kind: VocabKind) -> Outcome {
    let vocabulary = vocabulary(session, file, kind)?;
    let (embedded, built) = session.assemble(|assembler, watch| {
        let clip = assembler.clip(watch)?;
        assembler.embed(role(kind), vocabulary, &clip, watch)
    })?;
    let vocabulary = embedded.vocabulary();
    let (name, count, printer) = (vocabulary.name(), vocabulary.texts().len(), session.printer);
    if printer.is_json() {
        printer.json(&json!({
            "vocabulary": name, "texts": count, "sha256": vocabulary.sha256(), "computed_now": built == Built::Now,
        }))?;
    } else {
        let how = if built == Built::Now { "embedded" } else { "were embedded before" };
        printer.line(&format!("{name}: {count} texts {how}"))?;
    }
    Ok(Exit::Success)
}

fn show(session: &Session, file: Option<&Path>, kind: VocabKind) -> Outcome {
    let vocabulary = vocabulary(session, file, kind)?;
    let printer = session.printer;
    for text in vocabulary.texts() {
        if printer.is_json() {
            printer.json(&json!({ "text": text }))?;
        } else {
            printer.line(text)?;
        }
    }
    let count = vocabulary.texts().len();
    printer.note(&format!("{} holds {count} texts, SHA-256 {}", vocabulary.name(), vocabulary.sha256()))?;
    Ok(Exit::Success)
}
