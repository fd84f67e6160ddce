//! `lens chat`: one question after the other about the same pictures.

use super::{
    Outcome,
    answering::{answer_silently, say},
    looking,
};
use crate::{
    args::Chat,
    exit::{Exit, Failure},
    printer::ErrorReport,
    session::Session,
    view::{Reading, TurnRecord},
};
use lens::{Error, ErrorKind, Evidence, Lens, prompt::Turn};
use std::io::BufRead;

pub(super) fn run(args: &Chat, session: &Session) -> Outcome {
    if args.images.iter().any(|image| image == "-") {
        return Err(Failure::Usage(
            Error::new(ErrorKind::Input, "-")
                .expected("pictures from files")
                .found("stdin, which the questions come from")
                .hint("save the picture to a file first"),
        ));
    }
    let lens = session.lens()?;
    let (seen, exit) = looking::all(session, &lens, &args.images, None)?;
    if seen.is_empty() || exit == Exit::Interrupted {
        return Ok(exit);
    }
    let pictures: Vec<&Evidence> = seen.iter().map(|(_, evidence)| evidence).collect();
    let mut history = Vec::new();
    while let Some(question) = next_question(session)? {
        match turn(session, &lens, &pictures, &history, &question) {
            Ok(turn) => history.push(turn),
            // The next question may fare better: a shorter one, or an endpoint that is back.
            Err(Failure::Lens(error)) => report(session, &question, &error)?,
            Err(other) => return Err(other),
        }
        if session.interrupt.is_raised() {
            return Ok(Exit::Interrupted);
        }
    }
    Ok(exit)
}

/// A question without an answer: on stderr for a person, with `--json` also in the answer's place.
fn report(session: &Session, question: &str, error: &Error) -> Result<(), Failure> {
    session.printer.error(error)?;
    if session.printer.is_json() {
        let error = ErrorReport::of(error);
        session.printer.json(&serde_json::json!({ "question": question, "error": error }))?;
    }
    Ok(())
}

fn next_question(session: &Session) -> Result<Option<String>, Failure> {
    let mut line = String::new();
    while line.trim().is_empty() {
        line.clear();
        session.printer.prompt("> ")?;
        let read = session.interrupt.while_waiting(|| std::io::stdin().lock().read_line(&mut line));
        let read = read.map_err(|error| {
            Error::new(ErrorKind::Input, "stdin")
                .expected("lines of text")
                .found(error.to_string())
                .because(error)
        })?;
        if read == 0 {
            return Ok(None);
        }
    }
    Ok(Some(line.trim().to_owned()))
}

fn turn(
    session: &Session,
    lens: &Lens,
    pictures: &[&Evidence],
    history: &[Turn],
    question: &str,
) -> Result<Turn, Failure> {
    let prompt = lens.prompt(pictures, history, question)?;
    let answer = if session.printer.is_json() {
        let answer = answer_silently(session, lens, &prompt)?;
        let llm = lens.reader()?.info();
        session.printer.json(&TurnRecord::new(Reading {
            question,
            prompt: &prompt,
            answer: &answer,
            llm: &llm,
        }))?;
        answer
    } else {
        say(session, lens, &prompt, "")?
    };
    Ok(Turn { question: question.to_owned(), answer: answer.text })
}
