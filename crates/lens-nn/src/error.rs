//! The one error of the project: what kind, which thing, what was expected, what came, what to do next.

use std::{error::Error as StdError, fmt};

/// What went wrong, in the terms a caller acts on. The exit codes of the command and the statuses of the
/// server are two tables over this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The user's picture, text or file cannot be used.
    Input,
    /// A setting, preset or model configuration is wrong or asks for something that is not implemented.
    Config,
    /// A weight file is missing, damaged or does not fit its configuration.
    Weights,
    /// A model ran and its result cannot be used.
    Model,
    /// Another machine did not answer as agreed.
    Remote,
    /// There is more work than can be taken now; the same request may succeed later.
    Overloaded,
    /// A defect of LENS.
    Internal,
}

/// An error that names the thing, what was expected, what came, and what to do next.
///
/// ```
/// use lens_nn::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Config, "config.json, field `hidden_act`")
///     .expected("one of gelu, quick_gelu, relu")
///     .found("`mish`")
///     .hint("use a checkpoint of a supported family");
/// assert_eq!(error.to_string(), "config.json, field `hidden_act`: expected one of gelu, quick_gelu, relu, found `mish`");
/// ```
#[derive(Debug)]
pub struct Error(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: ErrorKind,
    thing: String,
    expected: Option<String>,
    found: Option<String>,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// `Result` with the project's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind` about `thing`: a file, a field, a tensor, an argument.
    #[must_use]
    pub fn new(kind: ErrorKind, thing: impl Into<String>) -> Self {
        let parts =
            Parts { kind, thing: thing.into(), expected: None, found: None, hint: None, source: None };
        Self(Box::new(parts))
    }

    /// What would have been right.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    /// What came instead.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.0.found = Some(found.into());
        self
    }

    /// What the user can do next, as an imperative sentence without a full stop.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The error below this one.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind, for exit codes and statuses.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The thing the error is about. May hold a path: not for a server's public answers.
    #[must_use]
    pub fn thing(&self) -> &str {
        &self.0.thing
    }

    /// What would have been right, where that is known.
    #[must_use]
    pub fn expectation(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// What came instead, where that is known.
    #[must_use]
    pub fn finding(&self) -> Option<&str> {
        self.0.found.as_deref()
    }

    /// What to do next, where there is advice.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.thing)?;
        match (&self.0.expected, &self.0.found) {
            (Some(expected), Some(found)) => write!(f, ": expected {expected}, found {found}"),
            (Some(expected), None) => write!(f, ": expected {expected}"),
            (None, Some(found)) => write!(f, ": {found}"),
            (None, None) => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
