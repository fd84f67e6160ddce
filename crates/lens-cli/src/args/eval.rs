//! `lens eval ...`

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use std::path::PathBuf;

/// Measure LENS on data sets, side by side with other systems
#[derive(Debug, Subcommand)]
pub(crate) enum EvalCommand {
    Run(Box<EvalRun>),
    /// List the tasks and groups of tasks inside the program
    List,
    /// Print the file of a task, to start a new one from
    Show {
        /// The task
        #[arg(value_name = "TASK")]
        task: String,
    },
    /// Write one report over finished runs: report.md, report.html, plots
    #[command(after_help = "Example:\n  lens eval report runs/nano runs/base --out report")]
    Report {
        /// Folders of runs
        #[arg(required = true, value_name = "RUN")]
        runs: Vec<PathBuf>,
        /// Where the report goes [default: the first run's folder]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    Calibrate(EvalCalibrate),
}

/// Run tasks: pictures are looked at once, then every system answers
///
/// A run that was stopped or killed goes on where it stopped when the same command
/// is given again, and ends with the same bytes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lens eval run pets --data sets/pets --out runs/pets --system lens,clip
  lens eval run paper/vision --data sets --out runs/vision --preset paper
  lens eval run my-task.toml --data photos --out runs/mine --shots 0,1,3
  lens eval run vqav2 --data coco --out runs/vqa --captions 1,5,20 --limit 1000")]
pub(crate) struct EvalRun {
    /// Tasks, groups of tasks (see `lens eval list`), or files of your own that end in .toml
    #[arg(required = true, value_name = "TASK")]
    pub(crate) tasks: Vec<String>,

    /// The data set, or a folder with one named after each task
    #[arg(long, value_name = "PATH")]
    pub(crate) data: PathBuf,

    /// Folder of the run
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Who answers: lens, clip, llm-only, swapped (evidence of another picture), captioner, vlm
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "lens")]
    pub(crate) system: Vec<String>,

    /// Vision model that gets the pixels, behind an OpenAI-compatible endpoint: BASE_URL#MODEL
    #[arg(long, value_name = "URL")]
    pub(crate) vlm: Option<String>,

    /// Modules that feed the prompt, instead of the task's: tags, attributes, captions, ocr
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) modules: Vec<String>,

    /// Also leave modules out: every subset, or one at a time
    #[arg(long, value_name = "HOW", value_parser = PossibleValuesParser::new(["subsets", "leave-one-out"]))]
    pub(crate) ablate: Option<String>,

    /// Also with at most so many drawn captions beside the beam search's
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub(crate) captions: Vec<usize>,

    /// Demonstrations before the question
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "0")]
    pub(crate) shots: Vec<usize>,

    /// How demonstrations are chosen: the nearest in CLIP's space, or at random
    #[arg(long, value_name = "HOW", default_value = "rices", value_parser = PossibleValuesParser::new(["rices", "random"]))]
    pub(crate) demonstrations: String,

    /// The most training samples that demonstrations are chosen from
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) pool: usize,

    /// The most samples of each task
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,

    /// Samples that the language model is asked in one step
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) batch: usize,

    /// Percent of broken samples above which the run fails at its end
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    pub(crate) max_broken: f64,

    /// A setting over those of the task, such as captions.count=20
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// Fit the temperature of tag probabilities on captioned or labelled pictures
///
/// Each listed tag counts by itself: it is true where a caption of the picture names
/// it, or where it is the picture's class. The temperature is kept in the LENS home
/// for this vocabulary and model, and the tagger reads it from then on.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  lens eval calibrate nano-flickr8k --data flickr8k.parquet --out calibration"
)]
pub(crate) struct EvalCalibrate {
    /// A task with captions, or one whose classes are texts of the vocabulary
    #[arg(value_name = "TASK")]
    pub(crate) task: String,

    /// The data set
    #[arg(long, value_name = "PATH")]
    pub(crate) data: PathBuf,

    /// The most samples
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,

    /// Folder for the reliability diagrams and calibration.json
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
