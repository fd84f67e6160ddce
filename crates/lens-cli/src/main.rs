//! The `lens` command: arguments ([`args`]) -> settings and models ([`session`]) -> one of [`commands`] -> exit code
//! ([`exit`]). Only [`printer`] writes to stdout and stderr.

mod args;
mod commands;
mod exit;
mod interrupt;
mod printer;
mod session;
mod view;

use args::Cli;
use clap::{CommandFactory, FromArgMatches};
use exit::{Exit, Failure};
use printer::{Printer, PrinterOptions};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = parse();
    let options = PrinterOptions { json: cli.global.json, quiet: cli.global.quiet };
    let printer = Printer::new(options);
    let exit = commands::run(cli, &printer).unwrap_or_else(|failure| report(&printer, &failure));
    exit.into()
}

/// Help and usage errors are printed here already, as wide as everything else.
fn parse() -> Cli {
    let mut command = Cli::command().term_width(printer::width());
    let matches = command.get_matches_mut();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
}

/// When even stderr cannot be written to, the exit code is all that is left.
fn report(printer: &Printer, failure: &Failure) -> Exit {
    let exit = failure.exit();
    match failure {
        Failure::Usage(error) => _ = printer.usage_error(error),
        Failure::Lens(error) => _ = printer.error(error),
        Failure::Output(error) if exit != Exit::Success => _ = printer.output_lost(error),
        Failure::Output(_) => {}
    }
    exit
}
