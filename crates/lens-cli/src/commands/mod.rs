//! What each command does: parsed arguments and a [`Session`] in, data on the printer and an [`Exit`] out.

mod answering;
mod ask;
mod bench;
mod cache;
mod chat;
mod classify;
mod describe;
mod doctor;
mod eval;
mod looking;
mod models;
mod parts;
mod see;
mod serve;
mod shell;
mod vocab;

use crate::{
    args::{Cli, Command},
    exit::{Exit, Failure},
    printer::Printer,
    session::Session,
};
use lens::config::Layer;

/// How a command ends.
type Outcome = Result<Exit, Failure>;

/// Runs the command of a command line.
pub(crate) fn run(cli: Cli, printer: &Printer) -> Outcome {
    let Cli { global, command } = cli;
    match command {
        Command::Completions { shell } => return shell::completions(shell, printer),
        Command::Man { dir } => return shell::man(dir.as_deref(), printer),
        _ => {}
    }
    let session = Session::new(&global, own_settings(&command), printer)?;
    let outcome = match command {
        Command::Ask(args) => ask::run(args, &session),
        Command::See(args) => see::run(&args, &session),
        Command::Classify(args) => classify::run(&args, &session),
        Command::Chat(args) => chat::run(&args, &session),
        Command::Serve(args) => serve::run(*args, &session),
        Command::Mcp(args) => serve::mcp(args, &session),
        Command::Models(command) => models::run(command, &session),
        Command::Vocab(command) => vocab::run(command, &session),
        Command::Cache(command) => cache::run(&command, &session),
        Command::Eval(command) => eval::run(command, &session),
        Command::Doctor => doctor::run(&session),
        Command::Bench => bench::run(&session),
        Command::Completions { .. } | Command::Man { .. } => Ok(Exit::Success),
    };
    match outcome {
        // What Ctrl-C stopped did not fail, and what it did is kept.
        Err(Failure::Lens(error)) if session.interrupt.is_raised() => {
            printer.stopped(&error)?;
            Ok(Exit::Interrupted)
        }
        outcome => outcome,
    }
}

/// The settings that flags of one command stand for.
fn own_settings(command: &Command) -> Vec<Layer> {
    match command {
        Command::Classify(args) => {
            let template = args.template.clone();
            template.map(|text| Layer::setting("--template", "labels.template", text)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
