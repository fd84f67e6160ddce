//! The command line: what may be typed and how the help explains it. Nothing is opened or computed here.

mod eval;
mod global;
mod pictures;
mod serve;
mod upkeep;

pub(crate) use eval::{EvalCalibrate, EvalCommand, EvalRun};
pub(crate) use global::Global;
pub(crate) use pictures::{Ask, Chat, Classify, See};
pub(crate) use serve::{Mcp, Serve, ServeImages, ServeLimits};
pub(crate) use upkeep::{CacheCommand, ModelsCommand, VocabCommand, VocabKind};

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// What `lens --help` says about how the command ends. `exit.rs` holds the numbers.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    a defect of LENS
  2    the command line cannot be understood
  3    a picture, text or file cannot be used
  4    a setting, preset or model configuration is wrong
  5    a weight file is missing or damaged
  6    a model gave a result that cannot be used
  7    another machine did not answer as agreed
  8    too much work at the moment; try again later
  9    some of several pictures failed; the others are done
  130  ended by Ctrl-C; what is printed is whole";

const EXAMPLES: &str = "\
Examples:
  lens ask photo.jpg \"What is unusual here?\"
  lens see photo.jpg
  lens --preset base ask holiday/*.jpg \"Is anybody swimming?\"
  lens ask photo.jpg \"Who wrote this?\" --llm http://localhost:11434/v1#llama3.2
  lens serve --upstream http://localhost:11434/v1
  curl -s https://example.org/cat.png | lens ask - \"What animal is this?\"";

const SETTINGS: &str = "\
Settings: flags win over LENS_* variables (LENS_PRESET, LENS_LLM, ...), these
over config.toml in the LENS home, and that over the preset. `lens doctor` shows
where the home is and what holds.";

fn after_long_help() -> String {
    format!("{EXAMPLES}\n\n{SETTINGS}\n\n{EXIT_CODES}")
}

/// Give any text-only language model eyes.
///
/// Vision models turn a picture into text: tags, attributes, captions and the
/// words in it. A language model reads that text and your question, and answers.
#[derive(Debug, Parser)]
#[command(name = "lens", version, after_help = EXAMPLES, after_long_help = after_long_help())]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ask(Ask),
    See(See),
    Classify(Classify),
    Chat(Chat),
    Serve(Box<Serve>),
    Mcp(Mcp),
    /// List, download, check, find and remove models
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Build, show and write vocabularies for tags and attributes
    #[command(subcommand)]
    Vocab(VocabCommand),
    /// Look at or empty the store of what was seen before
    #[command(subcommand)]
    Cache(CacheCommand),
    #[command(subcommand)]
    Eval(EvalCommand),
    /// Show the settings, files and processor that LENS works with
    Doctor,
    /// Measure how fast the models run on this machine
    #[command(after_help = "\
For each model: what it does in a second, the share of the operations that the
processor can do, and the share of the bytes that memory can give. Run it on a
machine that does nothing else.

Examples:
  lens bench
  lens --preset base --precision int8 bench --json")]
    Bench,
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  lens completions bash > ~/.local/share/bash-completion/completions/lens"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages
    #[command(after_help = "Examples:\n  lens man > lens.1\n  lens man --dir ~/.local/share/man/man1")]
    Man {
        /// Write a page for each command into this folder [default: lens.1 to stdout]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_after_the_command() {
        let before = Cli::parse_from(["lens", "--preset", "base", "--seed", "7", "--json", "see", "a.png"]);
        let after = Cli::parse_from(["lens", "see", "a.png", "--preset", "base", "--seed", "7", "--json"]);
        assert_eq!(format!("{before:?}"), format!("{after:?}"));
        assert_eq!((before.global.preset.as_deref(), before.global.seed), (Some("base"), Some(7)));
        assert!(before.global.json);
    }
}
