//! `lens completions` and `lens man`: both are made from the definition of the command line.

use super::Outcome;
use crate::{args::Cli, exit::Exit, printer::Printer};
use clap::CommandFactory;
use clap_complete::Shell;
use lens::{Error, ErrorKind};
use std::path::Path;

pub(super) fn completions(shell: Shell, printer: &Printer) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lens", &mut script);
    printer.raw(&script)?;
    Ok(Exit::Success)
}

/// One page to stdout, or a page for each command into `folder`.
pub(super) fn man(folder: Option<&Path>, printer: &Printer) -> Outcome {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        printer.raw(&page)?;
        return Ok(Exit::Success);
    };
    fs_err::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder)).map_err(
        |error| {
            Error::new(ErrorKind::Input, folder.display().to_string())
                .expected("a folder that manual pages can be written to")
                .found(error.to_string())
                .because(error)
        },
    )?;
    Ok(Exit::Success)
}
