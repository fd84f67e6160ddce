//! One prompt to the language model and its answer back, printed while it comes.

use crate::{exit::Failure, session::Session};
use lens::{Answer, Lens, prompt::PackedPrompt};
use std::io;

/// Answers one prompt; `hear` gets the pieces as they come.
pub(super) fn answer(
    session: &Session,
    lens: &Lens,
    prompt: &PackedPrompt,
    hear: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<Answer, Failure> {
    let cancel = session.interrupt.cancel();
    let mut thinking = Some(session.printer.progress("thinking"));
    let mut lost = None;
    let mut on_token = |_: usize, piece: &str| {
        thinking = None;
        if let Err(error) = hear(piece) {
            cancel.raise();
            lost.get_or_insert(error);
        }
    };
    let answers = lens.answer(std::slice::from_ref(prompt), &mut on_token, cancel);
    match lost {
        Some(error) => Err(error.into()),
        None => Ok(answers?.into_iter().next().unwrap_or_default()),
    }
}

/// Answers one prompt without printing it.
pub(super) fn answer_silently(
    session: &Session,
    lens: &Lens,
    prompt: &PackedPrompt,
) -> Result<Answer, Failure> {
    answer(session, lens, prompt, &mut |_| Ok(()))
}

/// Prints the answer to one prompt while it comes, after `label`.
pub(super) fn say(
    session: &Session,
    lens: &Lens,
    prompt: &PackedPrompt,
    label: &str,
) -> Result<Answer, Failure> {
    let printer = session.printer;
    let mut begun = false;
    let answer = answer(session, lens, prompt, &mut |piece| {
        if !std::mem::replace(&mut begun, true) {
            printer.piece(label)?;
        }
        printer.piece(piece)
    });
    if begun {
        // Also after an error: what is said next starts on a line of its own.
        printer.line("")?;
    }
    let answer = answer?;
    if !begun {
        printer.line(&format!("{label}{}", answer.text))?;
    }
    if !prompt.dropped.is_empty() {
        let dropped = prompt.dropped.join(", ");
        printer.note(&format!("more evidence than the language model reads; left out: {dropped}"))?;
    }
    Ok(answer)
}
