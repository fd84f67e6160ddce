//! Many pictures in a row: read, looked at in batches, handed on one by one. A picture that fails becomes an error
//! entry and the others go on.

use super::Outcome;
use crate::{
    exit::{Exit, Failure, Tally},
    session::Session,
    view::ErrorRecord,
};
use lens::{
    Error, ErrorKind, Evidence, Lens, Look, Picture,
    evidence::hex,
    image::{Limits, Source},
};

/// The most pictures, and the most pixels, that are held at a time.
const BATCH_PICTURES: usize = 8;
const BATCH_PIXELS: u64 = 1 << 26;

/// A picture that was looked at, now or before.
pub(super) struct Seen {
    /// The path, or what the picture was given as.
    pub(super) name: String,
    /// What was seen.
    pub(super) evidence: Evidence,
    opened: Opened,
}

impl Seen {
    /// The picture, for what else is to be computed of it.
    ///
    /// # Errors
    /// As [`Picture::decode_named`]: a picture whose evidence is known is decoded only now.
    pub(super) fn look(&self, limits: &Limits) -> Result<Look, Error> {
        match &self.opened {
            Opened::Decoded(look) => Ok(look.clone()),
            Opened::Read(bytes) => Ok(Look::new(Picture::decode_named(&self.name, bytes, limits)?)),
        }
    }
}

/// A picture as far as it had to be opened.
enum Opened {
    Read(Vec<u8>),
    Decoded(Look),
}

/// A picture at first sight.
enum Glance {
    /// The store holds its evidence: decoding a large photo would take longer than answering.
    Known(Vec<u8>, Box<Evidence>),
    Unseen(Look),
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
    let limits = &session.config.limits;
    let mut glances = sources.into_iter().map(|(name, source)| {
        let glance = source.and_then(|source| glance(lens, &source, limits, question));
        (name, glance)
    });
    let mut done = 0;
    while done < total && !session.interrupt.is_raised() {
        let batch = batch(&mut glances);
        let progress =
            session.printer.progress(&format!("looking at {}", crate::view::pictures(batch.len() as u64)));
        let seen = see(lens, batch);
        drop(progress);
        for (name, outcome) in seen {
            done += 1;
            match outcome.map_err(Failure::from).and_then(&mut *each) {
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

fn glance(lens: &Lens, source: &Source, limits: &Limits, question: Option<&str>) -> Result<Glance, Error> {
    let bytes = source.read(limits)?;
    if let Some(evidence) = lens.recall(&hex(&Picture::sha256_of(&bytes)), question) {
        return Ok(Glance::Known(bytes, Box::new(evidence)));
    }
    let look = Look::new(Picture::decode_named(&source.name(), &bytes, limits)?);
    Ok(Glance::Unseen(match question {
        Some(question) => look.asking(question),
        None => look,
    }))
}

fn batch(glances: &mut impl Iterator<Item = Named<Glance>>) -> Vec<Named<Glance>> {
    let mut batch = Vec::new();
    let mut pixels = 0;
    while batch.len() < BATCH_PICTURES && pixels < BATCH_PIXELS {
        let Some((name, glance)) = glances.next() else { break };
        if let Ok(Glance::Unseen(look)) = &glance {
            pixels += u64::from(look.picture().width()) * u64::from(look.picture().height());
        }
        batch.push((name, glance));
    }
    batch
}

fn see(lens: &Lens, batch: Vec<Named<Glance>>) -> Vec<Named<Seen>> {
    let unseen = |(_, glance): &Named<Glance>| match glance {
        Ok(Glance::Unseen(look)) => Some(look.clone()),
        _ => None,
    };
    let looks: Vec<Look> = batch.iter().filter_map(unseen).collect();
    let together = lens.see(&looks).ok().filter(|all| all.len() == looks.len());
    let mut together = together.into_iter().flatten();
    let mut see_one = |name: &str, glance: Glance| {
        let (opened, evidence) = match glance {
            Glance::Known(bytes, evidence) => (Opened::Read(bytes), *evidence),
            Glance::Unseen(look) => {
                let evidence = match together.next() {
                    Some(evidence) => evidence,
                    // Something is wrong with one of the batch: each on its own, so that the error finds its picture.
                    None => alone(lens, &look)?,
                };
                (Opened::Decoded(look), evidence)
            }
        };
        Ok(Seen { name: name.to_owned(), evidence, opened })
    };
    let each = |(name, glance): Named<Glance>| {
        let seen = glance.and_then(|glance| see_one(&name, glance));
        (name, seen)
    };
    batch.into_iter().map(each).collect()
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
