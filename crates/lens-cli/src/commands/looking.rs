//! Many pictures in a row: read, looked at in batches, handed on one by one. A picture that fails becomes an error
//! entry and the others go on.

use super::Outcome;
use crate::{
    exit::{Exit, Failure, Tally},
    session::Session,
    view::ErrorRecord,
};
use lens::{Error, ErrorKind, Evidence, Lens, Look, image::Source};

/// The most pictures, and the most pixels, that are held at a time.
const BATCH_PICTURES: usize = 8;
const BATCH_PIXELS: u64 = 1 << 26;

/// A picture that was looked at.
pub(super) struct Seen {
    /// The path, or what the picture was given as.
    pub(super) name: String,
    /// The picture, for what else is to be computed of it.
    pub(super) look: Look,
    /// What was seen.
    pub(super) evidence: Evidence,
}

/// A picture on the way, and its name.
type Named<T> = (String, Result<T, Error>);

/// Looks at every picture that `arguments` name and gives each to `each`, in order. An error of `each` counts for
/// its picture. Ctrl-C ends it between two batches: what was seen of the last one is done and handed on, and an `each`
/// that has more to do with it asks for itself.
pub(super) fn for_each(
    session: &Session,
    lens: &Lens,
    arguments: &[String],
    question: Option<&str>,
    each: &mut dyn FnMut(Seen) -> Result<(), Failure>,
) -> Outcome {
    let mut tally = Tally::default();
    let sources = sources(arguments);
    let total = sources.len();
    let mut opened = sources.into_iter().map(|(name, source)| {
        let look = source.and_then(|source| open(session, &source, question));
        (name, look)
    });
    let mut done = 0;
    while done < total && !session.interrupt.is_raised() {
        let batch = batch(&mut opened);
        let progress =
            session.printer.progress(&format!("looking at {}", crate::view::pictures(batch.len() as u64)));
        let seen = see(lens, batch);
        drop(progress);
        for (name, outcome) in seen {
            done += 1;
            let outcome = match outcome {
                Ok((look, evidence)) => each(Seen { name: name.clone(), look, evidence }),
                Err(error) => Err(error.into()),
            };
            match outcome {
                Ok(()) => tally.succeeded(),
                Err(Failure::Lens(error)) if !concerns_all(&error) => {
                    tally.failed(error.kind());
                    report(session, &name, &error)?;
                }
                Err(other) => return Err(other),
            }
        }
    }
    Ok(if session.interrupt.is_raised() { Exit::Interrupted } else { tally.exit() })
}

/// The evidence of all pictures that `arguments` name, with their names, and how the looking ended: the pictures that
/// failed are reported and not in the list.
pub(super) fn all(
    session: &Session,
    lens: &Lens,
    arguments: &[String],
    question: Option<&str>,
) -> Result<(Vec<(String, Evidence)>, Exit), Failure> {
    let mut all = Vec::new();
    let exit = for_each(session, lens, arguments, question, &mut |Seen { name, evidence, .. }| {
        all.push((name, evidence));
        Ok(())
    })?;
    Ok((all, exit))
}

/// An argument that names no picture stays in the list as its error.
fn sources(arguments: &[String]) -> Vec<Named<Source>> {
    let mut sources = Vec::new();
    for argument in arguments {
        match Source::parse(argument) {
            Ok(found) => sources.extend(found.into_iter().map(|source| (source.name(), Ok(source)))),
            Err(error) => sources.push((argument.clone(), Err(error))),
        }
    }
    sources
}

fn open(session: &Session, source: &Source, question: Option<&str>) -> Result<Look, Error> {
    let look = Look::new(source.open(&session.config.limits)?);
    Ok(match question {
        Some(question) => look.asking(question),
        None => look,
    })
}

fn batch(opened: &mut impl Iterator<Item = Named<Look>>) -> Vec<Named<Look>> {
    let mut batch = Vec::new();
    let mut pixels = 0;
    while batch.len() < BATCH_PICTURES && pixels < BATCH_PIXELS {
        let Some((name, look)) = opened.next() else { break };
        if let Ok(look) = &look {
            pixels += u64::from(look.picture().width()) * u64::from(look.picture().height());
        }
        batch.push((name, look));
    }
    batch
}

fn see(lens: &Lens, batch: Vec<Named<Look>>) -> Vec<Named<(Look, Evidence)>> {
    let looks: Vec<Look> = batch.iter().filter_map(|(_, look)| look.as_ref().ok()).cloned().collect();
    let together = lens.see(&looks).ok().filter(|all| all.len() == looks.len());
    let mut together = together.into_iter().flatten();
    let mut see_one = |look: Look| {
        let evidence = match together.next() {
            Some(evidence) => evidence,
            // Something is wrong with one of the batch: each on its own, so that the error finds its picture.
            None => alone(lens, &look)?,
        };
        Ok((look, evidence))
    };
    batch.into_iter().map(|(name, look)| (name, look.and_then(&mut see_one))).collect()
}

fn alone(lens: &Lens, look: &Look) -> Result<Evidence, Error> {
    Ok(lens.see(std::slice::from_ref(look))?.into_iter().next().unwrap_or_default())
}

/// A broken model or setting breaks every picture; the first one says enough.
fn concerns_all(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Config | ErrorKind::Weights)
}

/// On stderr for a person; with `--json` also in the picture's place on stdout.
fn report(session: &Session, name: &str, error: &Error) -> Result<(), Failure> {
    session.printer.picture_error(name, error)?;
    if session.printer.is_json() {
        session.printer.json(&ErrorRecord::new(name, error))?;
    }
    Ok(())
}
