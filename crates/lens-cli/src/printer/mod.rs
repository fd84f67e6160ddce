//! The one place that prints. It owns stdout (data), stderr (everything else), progress and colour, and decides
//! every byte: what is longer than the screen is wrapped, and control characters of file names, pictures and
//! models never reach a terminal.

mod log;
mod progress;
mod report;
mod wrap;

pub(crate) use log::log_to_stderr;
pub(crate) use progress::Progress;
pub(crate) use report::ErrorReport;
pub(crate) use wrap::wrap;

use anstyle::{AnsiColor, Style};
use lens::Error;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// Columns when nothing tells the width.
const DEFAULT_WIDTH: usize = 80;
/// Lines longer than this are hard to read even where they fit.
const MAX_WIDTH: usize = 100;

const HEADING: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// What the user wants to see.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PrinterOptions {
    /// Data as JSON lines.
    pub(crate) json: bool,
    /// Only errors on stderr.
    pub(crate) quiet: bool,
}

/// Writes to stdout and stderr.
#[derive(Debug)]
pub(crate) struct Printer {
    options: PrinterOptions,
    stdout_colour: bool,
    stderr_colour: bool,
    stderr_is_terminal: bool,
    width: usize,
    /// Stands still while something else is printed.
    bar: indicatif::ProgressBar,
}

impl Printer {
    /// A printer for this process.
    pub(crate) fn new(options: PrinterOptions) -> Self {
        let colour_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let stderr_is_terminal = io::stderr().is_terminal();
        Self {
            options,
            stdout_colour: colour_wanted && io::stdout().is_terminal(),
            stderr_colour: colour_wanted && stderr_is_terminal,
            stderr_is_terminal,
            width: width(),
            bar: indicatif::ProgressBar::hidden(),
        }
    }

    /// Whether data is printed as JSON lines.
    pub(crate) fn is_json(&self) -> bool {
        self.options.json
    }

    /// Whether only errors go to stderr.
    pub(crate) fn is_quiet(&self) -> bool {
        self.options.quiet
    }

    /// A line of data, as it stands.
    pub(crate) fn line(&self, text: &str) -> io::Result<()> {
        self.to_stdout(&format!("{}\n", printable(text)))
    }

    /// A line of data in bold.
    pub(crate) fn heading(&self, text: &str) -> io::Result<()> {
        self.to_stdout(&format!("{}\n", paint(self.stdout_colour, HEADING, &printable(text))))
    }

    /// Data in two columns: `label` in `columns` characters, then `text`, wrapped beside it.
    pub(crate) fn entry(&self, label: &str, columns: usize, text: &str) -> io::Result<()> {
        let label = format!("{:<columns$}", printable(label));
        let wrapped = wrap(&format!("{label}{}", printable(text)), self.width, columns);
        let text = wrapped.strip_prefix(&label).unwrap_or(&wrapped);
        self.to_stdout(&format!("{}{text}\n", paint(self.stdout_colour, FAINT, &label)))
    }

    /// A piece of an answer, at once and without a line break.
    pub(crate) fn piece(&self, text: &str) -> io::Result<()> {
        self.to_stdout(&printable(text))?;
        io::stdout().flush()
    }

    /// Bytes made by a program for a program: a script, a manual page.
    pub(crate) fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        self.bar.suspend(|| io::stdout().write_all(bytes))?;
        io::stdout().flush()
    }

    /// One JSON object on a line of its own.
    pub(crate) fn json(&self, value: &impl Serialize) -> io::Result<()> {
        let line = serde_json::to_string(value).map_err(io::Error::other)?;
        self.to_stdout(&format!("{line}\n"))
    }

    /// Something worth knowing; silent with `--quiet`.
    pub(crate) fn note(&self, text: &str) -> io::Result<()> {
        self.message(FAINT, "note", text)
    }

    /// Something that may not be what the user wants; silent with `--quiet`.
    pub(crate) fn warning(&self, text: &str) -> io::Result<()> {
        self.message(WARNING, "warning", text)
    }

    /// What a person types next, when there is one.
    pub(crate) fn prompt(&self, text: &str) -> io::Result<()> {
        if self.stderr_is_terminal && io::stdin().is_terminal() && !self.options.quiet {
            return self.to_stderr(&paint(self.stderr_colour, HINT, text));
        }
        Ok(())
    }

    /// An error with its hint, always.
    pub(crate) fn error(&self, error: &Error) -> io::Result<()> {
        self.report(&ErrorReport::of(error))
    }

    /// An error that ends the command; with `--json` it is also the last object on stdout.
    pub(crate) fn fatal(&self, report: &ErrorReport) -> io::Result<()> {
        self.report(report)?;
        if self.is_json() { self.json(&serde_json::json!({ "error": report })) } else { Ok(()) }
    }

    /// Work that Ctrl-C stopped, and how to go on with it; silent with `--quiet`.
    pub(crate) fn stopped(&self, error: &Error) -> io::Result<()> {
        self.message(WARNING, "stopped", &error.to_string())?;
        error.advice().map_or(Ok(()), |hint| self.message(HINT, "  hint", hint))
    }

    /// An error that one of the pictures met; it names the picture.
    pub(crate) fn picture_error(&self, name: &str, error: &Error) -> io::Result<()> {
        let mut report = ErrorReport::of(error);
        if !report.message.contains(name) {
            report.message = format!("{name}: {}", report.message);
        }
        self.report(&report)
    }

    /// stdout is closed or full; stderr may still work.
    pub(crate) fn output_lost(&self, error: &io::Error) -> io::Result<()> {
        self.labelled(ERROR, "output error", &format!("stdout: {error}"))
    }

    fn report(&self, report: &ErrorReport) -> io::Result<()> {
        let head = format!("{} error", report.kind);
        self.labelled(ERROR, &head, &report.message)?;
        if report.found.is_none() {
            for cause in &report.causes {
                self.labelled(FAINT, "  cause", cause)?;
            }
        }
        match &report.hint {
            Some(hint) => self.labelled(HINT, "  hint", hint),
            None => Ok(()),
        }
    }

    /// Says on a terminal that work is under way, once it takes longer than a second, until it is dropped.
    pub(crate) fn progress(&self, what: &str) -> Progress {
        let visible = self.stderr_is_terminal && !self.options.quiet;
        Progress::start(self.bar.clone(), what, visible)
    }

    fn message(&self, style: Style, label: &str, text: &str) -> io::Result<()> {
        if self.options.quiet { Ok(()) } else { self.labelled(style, label, text) }
    }

    fn labelled(&self, style: Style, label: &str, text: &str) -> io::Result<()> {
        let indent = 2 + label.chars().take_while(|character| *character == ' ').count();
        let wrapped = wrap(&format!("{label}: {}", printable(text)), self.width, indent);
        let text = wrapped.strip_prefix(label).unwrap_or(&wrapped);
        self.to_stderr(&format!("{}{text}\n", paint(self.stderr_colour, style, label)))
    }

    fn to_stdout(&self, text: &str) -> io::Result<()> {
        self.bar.suspend(|| io::stdout().write_all(text.as_bytes()))
    }

    fn to_stderr(&self, text: &str) -> io::Result<()> {
        self.bar.suspend(|| io::stderr().write_all(text.as_bytes()))
    }
}

/// Columns of the terminal, of `COLUMNS`, or 80.
pub(crate) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    columns.or_else(terminal).unwrap_or(DEFAULT_WIDTH).clamp(20, MAX_WIDTH)
}

fn paint(colour: bool, style: Style, text: &str) -> String {
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// Text without what moves a cursor, changes colours or hides other text.
fn printable(text: &str) -> String {
    let hidden = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if hidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{HEADING, paint, printable};

    #[test]
    fn nothing_a_picture_says_controls_the_terminal() {
        assert_eq!(printable("caf\u{e9}\n\tok"), "caf\u{e9}\n\tok");
        assert_eq!(printable("a\u{1b}[2Jb\r\u{202e}c\u{7}"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}");
    }

    #[test]
    fn colour_is_a_wrapper_around_the_text() {
        assert_eq!(paint(false, HEADING, "Tags"), "Tags");
        assert_eq!(paint(true, HEADING, "Tags"), "\u{1b}[1mTags\u{1b}[0m");
    }
}
