//! Models elsewhere: asked for several samples at once, and what they fail at is told apart from their being gone.

use super::{
    answering::{Heard, Wanted, hear},
    vision::concerns_all,
};
use crate::{Flaw, FlawKind};
use lens::{Cancel, Error, ErrorKind, Lens, Prompt, Result};
use std::thread;

/// What any language model can answer.
const EASY: &str = "Question: What colour is snow?\nShort answer:";

/// Asks each on a thread of its own; they wait for the network and not for this machine. The answers stand in the order of
/// the questions.
pub(super) fn at_once<Q: Send, A: Send>(
    questions: Vec<Q>,
    ask: impl Fn(Q) -> Result<A> + Sync,
) -> Result<Vec<A>> {
    let ask = &ask;
    thread::scope(|scope| {
        let start = |question| scope.spawn(move || ask(question));
        let running: Vec<_> = questions.into_iter().map(start).collect();
        let lost = |_| Err(Error::new(ErrorKind::Internal, "a question to a model").found("a panic"));
        running.into_iter().map(|one| one.join().unwrap_or_else(lost)).collect()
    })
}

/// What the language model says to each. One that it fails at is a flaw of that sample, as long as it answers anything
/// else.
///
/// # Errors
/// The endpoint's, when it does not answer an easy question either: then every sample would fare the same.
pub(super) fn hear_elsewhere(
    lens: &Lens,
    wanted: &[Wanted<'_>],
    cancel: &Cancel,
) -> Result<Vec<Result<Heard, Flaw>>> {
    let ask = |one: &Wanted<'_>| Ok(hear(lens, std::slice::from_ref(one), cancel));
    let heard = at_once(wanted.iter().collect(), ask)?;
    let failed = |heard: &Result<Vec<Heard>>| heard.as_ref().is_err_and(may_be_gone);
    if heard.iter().any(failed) {
        lens.reader()?.answer(&[Prompt::new(EASY)], lens.decoding(), &mut |_, _| (), cancel)?;
    }
    let flaw = |text: String| Flaw::new(FlawKind::NotAnswered, text);
    let sort = |heard: Result<Vec<Heard>>| match heard {
        Ok(found) => Ok(found.into_iter().next().ok_or_else(|| flaw("no answer".to_owned()))),
        Err(error) if concerns_all(&error) && !may_be_gone(&error) => Err(error),
        Err(error) => Ok(Err(flaw(error.to_string()))),
    };
    heard.into_iter().map(sort).collect()
}

/// Whether the endpoint failed, at this question or at all.
fn may_be_gone(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Remote | ErrorKind::Overloaded)
}
