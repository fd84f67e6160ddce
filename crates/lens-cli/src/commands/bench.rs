//! `lens bench`: how fast the models run here.

use super::Outcome;
use crate::{exit::Exit, session::Session};
use lens::bench::{self, Report};

const NAME: usize = 16;

pub(super) fn run(session: &Session) -> Outcome {
    let report = session.assemble(bench::run)?;
    if session.printer.is_json() {
        session.printer.json(&report)?;
    } else {
        for (name, value) in lines(&report) {
            session.printer.entry(&name, NAME, &value)?;
        }
    }
    Ok(Exit::Success)
}

fn lines(report: &Report) -> Vec<(String, String)> {
    let Report { tier, threads, precision, peak_operations, read_bandwidth, speeds } = report;
    let machine = format!(
        "{tier}, {threads} threads, {precision}: at most {:.0} GOP/s, {:.1} GB/s from memory",
        peak_operations / 1e9,
        read_bandwidth / 1e9
    );
    let speeds = speeds.iter().map(|speed| {
        let (peak, bandwidth) = (100.0 * speed.share_of_peak, 100.0 * speed.share_of_bandwidth);
        let value = format!(
            "{:.1} {}/s, {peak:.0} % of the operations, {bandwidth:.0} % of the bytes",
            speed.per_second, speed.unit
        );
        (speed.work.to_owned(), value)
    });
    std::iter::once(("machine".to_owned(), machine)).chain(speeds).collect()
}
