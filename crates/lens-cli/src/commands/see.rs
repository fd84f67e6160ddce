//! `lens see`: the evidence itself.

use super::{Outcome, looking};
use crate::{
    args::See,
    session::Session,
    view::{SeenRecord, print_evidence},
};

pub(super) fn run(args: &See, session: &Session) -> Outcome {
    let lens = session.eyes()?;
    let mut first = true;
    looking::for_each(session, &lens, &args.images, None, &mut |seen| {
        if session.printer.is_json() {
            session.printer.json(&SeenRecord { source: &seen.name, evidence: &seen.evidence })?;
            return Ok(());
        }
        if !std::mem::take(&mut first) {
            session.printer.line("")?;
        }
        print_evidence(session.printer, &seen.name, &seen.evidence)?;
        Ok(())
    })
}
