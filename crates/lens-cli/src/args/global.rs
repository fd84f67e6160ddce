//! The flags that every command takes, before or after its name.

use clap::{
    Args,
    builder::{FalseyValueParser, PossibleValuesParser},
};
use std::path::PathBuf;

/// Flags that change a setting are `None` when not given, so that a lower layer of the settings decides.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Models to use: nano (inside the program), base, paper, or a preset's file
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) preset: Option<String>,

    /// Language model: a repository, a folder, or an OpenAI-compatible endpoint as URL#MODEL
    #[arg(long, global = true, value_name = "MODEL")]
    pub(crate) llm: Option<String>,

    /// Folder with models, instead of the one in the LENS home
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) models: Option<PathBuf>,

    /// Make no connection, ever
    #[arg(long, global = true)]
    pub(crate) offline: bool,

    /// Print one JSON object per line; what fails is an object with the key `error`
    #[arg(long, global = true, env = "LENS_JSON", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) json: bool,

    /// Seed of everything random
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) seed: Option<i64>,

    /// Arithmetic: auto is bf16 where the processor has it, else f32
    #[arg(long, global = true, value_name = "KIND", value_parser = PossibleValuesParser::new(["auto", "f32", "bf16", "int8"]))]
    pub(crate) precision: Option<String>,

    /// Threads to compute with [0: one for each core]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<u32>,

    /// No progress and no notes on stderr, only errors
    #[arg(long, short, global = true, env = "LENS_QUIET", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) quiet: bool,
}
