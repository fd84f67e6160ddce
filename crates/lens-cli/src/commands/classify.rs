//! `lens classify`: given labels, sorted by the vision model and by the language model.

use super::{Outcome, looking};
use crate::{
    args::Classify,
    exit::Failure,
    session::Session,
    view::{ClassifiedRecord, print_classification},
};
use lens::{Cancel, Classification, Error, ErrorKind};
use std::path::Path;

pub(super) fn run(args: &Classify, session: &Session) -> Outcome {
    let labels = read_labels(&args.labels)?;
    let lens = session.lens()?;
    lens.reader()?;
    let mut first = true;
    looking::for_each(session, &lens, &args.images, Some(&args.question), &mut |seen| {
        if session.interrupt.is_raised() {
            return Ok(());
        }
        let look = seen.look(&session.config.limits)?;
        let mut clip = lens.clip_scores(&[look], &labels)?.pop().unwrap_or_default();
        // A picture that was begun is done: half an answer would name the wrong label.
        let (mut llm, basis) = lens.reader_scores(&seen.evidence, &labels, &args.question, &Cancel::new())?;
        clip.truncate(args.top);
        llm.truncate(args.top);
        let result = Classification { evidence: seen.evidence, clip, llm, basis };
        if session.printer.is_json() {
            session.printer.json(&ClassifiedRecord::new(&seen.name, &result))?;
            return Ok(());
        }
        if !std::mem::take(&mut first) {
            session.printer.line("")?;
        }
        print_classification(session.printer, &seen.name, &result)?;
        Ok(())
    })
}

/// One label per line; empty lines do not count.
fn read_labels(path: &Path) -> Result<Vec<String>, Failure> {
    let unusable = |found: String| {
        Error::new(ErrorKind::Input, path.display().to_string())
            .expected("a text file with one label in each line")
            .found(found)
            .hint("write one label on each line")
    };
    let text =
        fs_err::read_to_string(path).map_err(|error| unusable(error.kind().to_string()).because(error))?;
    let labels: Vec<String> =
        text.lines().map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned).collect();
    if labels.is_empty() {
        return Err(unusable("no label".to_owned()).into());
    }
    Ok(labels)
}
