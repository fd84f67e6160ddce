//! The commands that look at pictures.

use clap::Args;
use std::path::PathBuf;

const IMAGE_HELP: &str = "Path, folder, glob pattern, data: URI, or - for stdin";

/// Answer a question about each picture
#[derive(Debug, Args)]
#[command(override_usage = "lens ask [OPTIONS] <IMAGE>... <QUESTION>")]
#[command(after_help = "\
Examples:
  lens ask photo.jpg \"What is unusual here?\"
  lens ask holiday/ \"Is anybody swimming?\" --json
  lens ask before.png after.png \"What has changed?\" --together")]
pub(crate) struct Ask {
    /// The pictures (path, folder, glob pattern, data: URI, or - for stdin) and the question last
    #[arg(required = true, value_name = "IMAGE... QUESTION")]
    pub(crate) images_and_question: Vec<String>,

    /// The question, when all arguments are pictures
    #[arg(long, value_name = "TEXT")]
    pub(crate) question: Option<String>,

    /// Put all pictures into one prompt and give one answer
    #[arg(long)]
    pub(crate) together: bool,

    /// Print the prompt that the language model reads, and do not ask it
    #[arg(long)]
    pub(crate) show_prompt: bool,
}

/// Print what the vision models see
///
/// Tags, attributes, captions, and the text in the picture, with scores.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lens see photo.jpg
  lens see scans/ --json > evidence.jsonl
  lens see photo.jpg --seed 7")]
pub(crate) struct See {
    #[arg(required = true, value_name = "IMAGE", help = IMAGE_HELP)]
    pub(crate) images: Vec<String>,
}

/// Choose among given labels, with both models side by side
///
/// The vision model compares picture and labels; the language model reads the
/// evidence and tells how likely each label is as the answer.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lens classify photo.jpg --labels animals.txt
  lens classify photo.jpg --labels breeds.txt --template \"a photo of a {}, a dog\"")]
pub(crate) struct Classify {
    #[arg(required = true, value_name = "IMAGE", help = IMAGE_HELP)]
    pub(crate) images: Vec<String>,

    /// A file with one label in each line
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: PathBuf,

    /// What the language model is asked
    #[arg(long, value_name = "TEXT", default_value = "What is in this picture?")]
    pub(crate) question: String,

    /// What is put around a label for the vision model, {} standing for it
    /// [default: what the preset puts around tags]
    #[arg(long, value_name = "TEXT")]
    pub(crate) template: Option<String>,

    /// How many labels to print, the most likely first
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) top: usize,
}

/// Ask one question after the other
///
/// The picture is looked at once, and the language model remembers the earlier
/// questions and answers.
#[derive(Debug, Args)]
#[command(after_help = "\
One question per line; Ctrl-D or an empty input ends.

Examples:
  lens chat photo.jpg
  lens chat photo.jpg < questions.txt")]
pub(crate) struct Chat {
    #[arg(required = true, value_name = "IMAGE", help = "Path, folder, glob pattern or data: URI")]
    pub(crate) images: Vec<String>,
}
