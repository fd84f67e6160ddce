//! The commands that look after models, vocabularies and the store.

use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// `lens models ...`
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the models of the preset and of this machine
    List,
    /// Download the models of the preset, or the ones named
    #[command(
        after_help = "Examples:\n  lens --preset base models pull\n  lens models pull google/flan-t5-small"
    )]
    Pull {
        /// Repositories, with @revision where needed [default: those of the preset]
        #[arg(value_name = "REPOSITORY")]
        names: Vec<String>,
    },
    /// Check the downloaded files against their SHA-256
    Verify {
        /// Repositories [default: all on this machine]
        #[arg(value_name = "REPOSITORY")]
        names: Vec<String>,
    },
    /// Print the folder of a model
    Path {
        /// Repository
        #[arg(value_name = "REPOSITORY")]
        name: String,
    },
    /// Remove models from this machine
    Rm {
        /// Repositories
        #[arg(value_name = "REPOSITORY", required = true)]
        names: Vec<String>,
    },
}

/// `lens vocab ...`
#[derive(Debug, Subcommand)]
pub(crate) enum VocabCommand {
    /// Compute the text embeddings of a vocabulary once, ahead of its first use
    #[command(after_help = "\
A vocabulary is a text file with one entry per line, or a Parquet file with a
column `prompt_descriptions`. An interrupted build goes on where it stopped.

Example:
  lens vocab build birds.txt --kind tags")]
    Build {
        /// The vocabulary [default: those of the preset]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// What the entries are: tags are embedded as \"A photo of ...\", attributes as they stand
        #[arg(long, value_enum, default_value_t = VocabKind::Tags)]
        kind: VocabKind,
    },
    /// Print the entries of a vocabulary
    Show {
        /// The vocabulary [default: the one of the preset]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Which of the preset's vocabularies
        #[arg(long, value_enum, default_value_t = VocabKind::Tags)]
        kind: VocabKind,
    },
    /// Have the language model write attributes for new categories
    #[command(after_help = "\
Writes one attribute per line, ready for `vocab build --kind attributes`. Needs a
language model that follows instructions. An interrupted run goes on where it
stopped when it is given the same output.

Example:
  lens vocab describe birds.txt --output birds-attributes.txt \\
       --llm http://localhost:11434/v1#llama3.2")]
    Describe {
        /// A file with one category per line
        #[arg(value_name = "FILE")]
        categories: PathBuf,
        /// Where the attributes go [default: stdout]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Which vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VocabKind {
    /// Names of things
    Tags,
    /// Descriptions
    Attributes,
}

/// `lens cache ...`
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Print how full the store is, and what packed models take
    Stats,
    /// Forget everything that was seen and remove packed models; downloaded models stay
    Clear,
}
