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
    let Report { tier, threads, precision, kept_in_bf16, peak_operations, read_bandwidth, speeds } = report;
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
    let layers = match kept_in_bf16.as_slice() {
        names if precision == "int8" => Some(exceptions(names)),
        _ => None,
    };
    let layers = layers.map(|layers| ("layers in bf16".to_owned(), layers));
    std::iter::once(("machine".to_owned(), machine)).chain(speeds).chain(layers).collect()
}

/// The layers that int8 would cost too much.
fn exceptions(names: &[String]) -> String {
    if names.is_empty() { "none, int8 suits them all".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{Report, lines};

    #[test]
    fn layers_that_int8_does_not_suit_are_named() {
        struct Case(&'static str, &'static [&'static str], Option<&'static str>);
        let cases = [
            Case("bf16", &[], None),
            Case("int8", &[], Some("none, int8 suits them all")),
            Case("int8", &["a.fc1", "b.fc1"], Some("a.fc1, b.fc1")),
        ];
        for Case(precision, names, expected) in cases {
            let report = Report {
                tier: "portable".to_owned(),
                threads: 1,
                precision: precision.to_owned(),
                kept_in_bf16: names.iter().map(|&name| name.to_owned()).collect(),
                peak_operations: 1e9,
                read_bandwidth: 1e9,
                speeds: Vec::new(),
            };
            let lines = lines(&report);
            let found = lines.iter().find(|(name, _)| name == "layers in bf16");
            assert_eq!(found.map(|(_, value)| value.as_str()), expected);
        }
    }
}
