//! An error as data: the same parts for people and for programs.

use lens::{Error, ErrorKind};
use serde::Serialize;
use std::error::Error as _;

/// The parts of an error; the `error` object of `--json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ErrorReport {
    /// `input`, `config`, `weights`, `model`, `remote`, `overloaded` or `internal`.
    pub(crate) kind: &'static str,
    /// Thing, expected and found in one sentence.
    pub(crate) message: String,
    /// What the error is about.
    pub(crate) thing: String,
    /// What would have been right.
    pub(crate) expected: Option<String>,
    /// What came instead.
    pub(crate) found: Option<String>,
    /// What to do next.
    pub(crate) hint: Option<String>,
    /// The errors below, the nearest first.
    pub(crate) causes: Vec<String>,
}

impl ErrorReport {
    /// The parts of `error`.
    pub(crate) fn of(error: &Error) -> Self {
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            kind: kind_name(error.kind()),
            message: error.to_string(),
            thing: error.thing().to_owned(),
            expected: owned(error.expectation()),
            found: owned(error.finding()),
            hint: owned(error.advice()),
            causes,
        }
    }
}

fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Input => "input",
        ErrorKind::Config => "config",
        ErrorKind::Weights => "weights",
        ErrorKind::Model => "model",
        ErrorKind::Remote => "remote",
        ErrorKind::Overloaded => "overloaded",
        _ => "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorReport;
    use lens::{Error, ErrorKind};

    #[test]
    fn every_part_is_there() {
        let inner = Error::new(ErrorKind::Internal, "inner").because(std::io::Error::other("innermost"));
        let error = Error::new(ErrorKind::Input, "a.jpg")
            .expected("a picture")
            .found("text")
            .hint("check the file")
            .because(inner);
        let report = serde_json::to_value(ErrorReport::of(&error)).unwrap();
        let expected = serde_json::json!({
            "kind": "input", "message": "a.jpg: expected a picture, found text", "thing": "a.jpg",
            "expected": "a picture", "found": "text", "hint": "check the file", "causes": ["inner", "innermost"],
        });
        assert_eq!(report, expected);
    }
}
