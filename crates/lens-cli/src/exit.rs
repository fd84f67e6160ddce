//! How the command ends: exit codes, and the failures that lead to them.

use lens::{Error, ErrorKind};
use std::{io, process::ExitCode};

/// How the command ended. The numbers are part of its interface: `lens --help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All that was asked for is done; a reader that closed the pipe early has what it wanted.
    Success,
    /// A defect of LENS.
    Internal,
    /// The command line cannot be understood.
    Usage,
    /// A picture, text or file cannot be used.
    Input,
    /// A setting, preset or model configuration is wrong.
    Config,
    /// A weight file is missing or damaged.
    Weights,
    /// A model gave a result that cannot be used.
    Model,
    /// Another machine did not answer as agreed.
    Remote,
    /// Too much work at the moment; it may succeed later.
    Overloaded,
    /// Some of several pictures failed; what is printed about the others is whole.
    Partial,
    /// Ctrl-C; what is printed is whole.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees. 130 is what shells call a program that Ctrl-C ended.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Input => 3,
            Self::Config => 4,
            Self::Weights => 5,
            Self::Model => 6,
            Self::Remote => 7,
            Self::Overloaded => 8,
            Self::Partial => 9,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Input => Self::Input,
            ErrorKind::Config => Self::Config,
            ErrorKind::Weights => Self::Weights,
            ErrorKind::Model => Self::Model,
            ErrorKind::Remote => Self::Remote,
            ErrorKind::Overloaded => Self::Overloaded,
            _ => Self::Internal,
        }
    }
}

/// Why a command could not go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments contradict each other or lack something.
    Usage(Error),
    /// What the library reports.
    Lens(Error),
    /// stdout or stderr cannot be written to.
    Output(io::Error),
}

impl Failure {
    /// How the command ends because of this.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Lens(error) => error.kind().into(),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
            Self::Output(_) => Exit::Internal,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Lens(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// How a run over several pictures ends: 0 when all went well, the kind of the first failure when none did, and
/// [`Exit::Partial`] in between.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    done: usize,
    first_failure: Option<ErrorKind>,
}

impl Tally {
    /// Counts a picture that went well.
    pub(crate) fn succeeded(&mut self) {
        self.done += 1;
    }

    /// Counts a picture that did not.
    pub(crate) fn failed(&mut self, kind: ErrorKind) {
        self.first_failure.get_or_insert(kind);
    }

    /// The exit of the whole run.
    pub(crate) fn exit(&self) -> Exit {
        match (self.done, self.first_failure) {
            (_, None) => Exit::Success,
            (0, Some(kind)) => kind.into(),
            (_, Some(_)) => Exit::Partial,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, Failure, Tally};
    use lens::{Error, ErrorKind};
    use std::{collections::HashSet, io};

    const ALL: [Exit; 11] = [
        Exit::Success,
        Exit::Internal,
        Exit::Usage,
        Exit::Input,
        Exit::Config,
        Exit::Weights,
        Exit::Model,
        Exit::Remote,
        Exit::Overloaded,
        Exit::Partial,
        Exit::Interrupted,
    ];

    #[test]
    fn every_exit_has_a_code_of_its_own_and_the_help_names_it() {
        let codes: HashSet<u8> = ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes.len(), ALL.len());
        for code in codes {
            let listed = crate::args::EXIT_CODES
                .lines()
                .any(|line| line.trim_start().starts_with(&format!("{code} ")));
            assert!(listed, "--help does not explain exit code {code}");
        }
    }

    #[test]
    fn each_kind_of_error_has_its_exit() {
        let kinds = [
            (ErrorKind::Input, Exit::Input),
            (ErrorKind::Config, Exit::Config),
            (ErrorKind::Weights, Exit::Weights),
            (ErrorKind::Model, Exit::Model),
            (ErrorKind::Remote, Exit::Remote),
            (ErrorKind::Overloaded, Exit::Overloaded),
            (ErrorKind::Internal, Exit::Internal),
        ];
        for (kind, exit) in kinds {
            assert_eq!(Failure::from(Error::new(kind, "a thing")).exit(), exit);
        }
    }

    #[test]
    fn a_closed_pipe_is_success_and_a_full_disk_is_not() {
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit(), Exit::Success);
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::StorageFull)).exit(), Exit::Internal);
    }

    #[test]
    fn a_run_over_several_pictures_ends_by_what_became_of_them() {
        struct Case {
            outcomes: &'static [Option<ErrorKind>],
            exit: Exit,
        }
        let cases = [
            Case { outcomes: &[], exit: Exit::Success },
            Case { outcomes: &[None, None], exit: Exit::Success },
            Case { outcomes: &[None, Some(ErrorKind::Input)], exit: Exit::Partial },
            Case { outcomes: &[Some(ErrorKind::Remote), Some(ErrorKind::Input)], exit: Exit::Remote },
        ];
        for Case { outcomes, exit } in cases {
            let mut tally = Tally::default();
            for outcome in outcomes {
                match outcome {
                    None => tally.succeeded(),
                    Some(kind) => tally.failed(*kind),
                }
            }
            assert_eq!(tally.exit(), exit, "{outcomes:?}");
        }
    }
}
