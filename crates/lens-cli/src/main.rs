//! The `lens` command: arguments ([`args`]) -> settings and models ([`session`]) -> one of [`commands`] -> exit code
//! ([`exit`]). Only [`printer`] writes to stdout and stderr, but for the last words of a defect.

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
use lens_nn::panics;
use printer::{ErrorReport, Printer, PrinterOptions};
use std::{
    io::Write,
    panic::{catch_unwind, set_hook, take_hook},
    process::ExitCode,
    thread,
};

fn main() -> ExitCode {
    report_only_own_panics();
    catch_unwind(run).unwrap_or(Exit::Internal).into()
}

fn run() -> Exit {
    let cli = parse();
    let options = PrinterOptions { json: cli.global.json, quiet: cli.global.quiet };
    let printer = Printer::new(options);
    commands::run(cli, &printer).unwrap_or_else(|failure| report(&printer, &failure))
}

/// A panic of a decoder that is caught becomes an error with words of its own; any other is a defect of LENS.
fn report_only_own_panics() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        // The OCR library computes on threads of its own and hands their panics to the caller, who catches them.
        let of_ocr = thread::current().name().is_some_and(|name| name.starts_with("rten-"));
        if !of_ocr && !panics::is_caught() {
            usual(panic);
            // Where stderr is gone there is nobody to tell.
            _ = writeln!(
                std::io::stderr(),
                "This is a defect of LENS. Please report it with the command that you ran."
            );
        }
    }));
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
        Failure::Usage(error) => _ = printer.fatal(&ErrorReport { kind: "usage", ..ErrorReport::of(error) }),
        Failure::Lens(error) => _ = printer.fatal(&ErrorReport::of(error)),
        Failure::Output(error) if exit != Exit::Success => _ = printer.output_lost(error),
        Failure::Output(_) => {}
    }
    exit
}
