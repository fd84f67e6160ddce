//! A task: how a data set is read, asked and scored. One small TOML file.

mod builtin;
mod settings;

pub use builtin::{Group, groups};

use crate::{ModuleKind, files};
use lens::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// How a data set is read, asked and scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The name that a user types.
    pub name: String,
    /// The name of the data set for a person.
    pub title: String,
    /// Raised when numbers of this task are no longer comparable with those before.
    pub version: u32,
    /// What the answer is.
    pub kind: Kind,
    /// What was chosen where the paper says nothing.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Where the samples are.
    pub data: DataForm,
    /// What is seen and read.
    pub evidence: EvidenceForm,
    /// What is asked.
    pub prompt: PromptForm,
    /// How an answer becomes a class.
    #[serde(default)]
    pub score: ScoreForm,
    /// Settings of LENS for this task; the user's flags win over them.
    #[serde(default)]
    pub settings: toml::Table,
    /// Figures of the paper in percent, by the name of the system there.
    #[serde(default)]
    pub paper: BTreeMap<String, f64>,
}

/// What the answer is, and so which metrics there are; the first is the one that systems are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One class of a list: accuracy, or mean per class, and top 5.
    Classification,
    /// A short text that people agree on: VQA accuracy.
    Vqa,
    /// The second of two classes or not: area under the ROC curve.
    Binary,
    /// A sentence: CIDEr-D, BLEU-4.
    Captioning,
}

/// Where the samples are and what their fields are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataForm {
    /// How the files lie.
    pub layout: Layout,
    /// The split that is measured: a folder, a part of file names, or a value of `split_column`.
    pub split: String,
    /// The split that demonstrations come from.
    #[serde(default)]
    pub train: Option<String>,
    /// Parquet: the column that names the split, where all splits share the files.
    #[serde(default)]
    pub split_column: Option<String>,
    /// Parquet: the picture, bytes or a struct with `bytes`.
    #[serde(default = "image_column")]
    pub image: String,
    /// Parquet: the class, a number or a name.
    #[serde(default = "label_column")]
    pub label: String,
    /// Parquet: several true texts (captions, answers).
    #[serde(default)]
    pub texts: Option<String>,
    /// Parquet: the question.
    #[serde(default)]
    pub question: Option<String>,
    /// Parquet: the id; without it the number of the row.
    #[serde(default)]
    pub id: Option<String>,
    /// Rows without a label are no samples, rather than broken ones.
    #[serde(default)]
    pub skip_unlabelled: bool,
    /// The classes where the files do not name them, in the order of their numbers.
    #[serde(default)]
    pub classes: Vec<String>,
    /// Other words for classes: as the files say it -> as it is asked and answered.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
    /// Questions and annotations of the split, for layouts of several files.
    #[serde(default)]
    pub files: Vec<String>,
    /// The folder of the pictures, for layouts that name them; `{id:012}` is the number of the picture in 12 digits.
    #[serde(default)]
    pub image_path: Option<String>,
}

/// How the files lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// `SPLIT/CLASS/*.jpg`, or `CLASS/*.jpg`.
    Folders,
    /// Files of Hugging Face's data sets.
    Parquet,
    /// CLIP_benchmark: `SPLIT/*.tar`, `classnames.txt`, `zeroshot_classification_templates.txt`.
    Webdataset,
    /// VQA v2: questions and annotations in JSON, and a folder of pictures; also A-OKVQA's one file.
    Vqa,
    /// Hateful Memes: one JSON object for each line.
    Hateful,
    /// VLMEvalKit: one table with pictures in base64.
    Tsv,
}

/// What is seen and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceForm {
    /// Which modules feed the prompt.
    pub modules: BTreeSet<ModuleKind>,
    /// Whether tags are chosen among the classes of the data set instead of the vocabulary.
    #[serde(default)]
    pub tags_are_classes: bool,
    /// What CLIP alone compares the picture with; `{}` is the class. Several are averaged.
    #[serde(default = "clip_templates")]
    pub clip_templates: Vec<String>,
    /// The text that the data set ships for the picture stands in for OCR, as in the paper's Hateful Memes.
    #[serde(default)]
    pub given_text: bool,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptForm {
    /// The prompt's template.
    #[serde(default = "default_template")]
    pub template: String,
    /// The question where samples have none of their own.
    #[serde(default)]
    pub question: String,
    /// What stands after a sample's own question, such as a request for a short answer.
    #[serde(default)]
    pub suffix: String,
}

/// How an answer becomes a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScoreForm {
    /// Which way decides where the language model gives likelihoods; without them generation does.
    pub decides: Decides,
    /// Whether the model also answers freely, matched with the classes.
    pub generate: bool,
    /// The answer for a class; `{}` is its name.
    pub answer: String,
    /// Whether the mean of the classes' recalls is the first metric, instead of accuracy.
    pub mean_per_class: bool,
}

/// The way that decides on a class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decides {
    /// The largest log-likelihood of the class as the answer.
    #[default]
    Likelihood,
    /// The largest log-likelihood for each token.
    Normalised,
    /// The class that the free answer names.
    Generation,
}

impl Default for ScoreForm {
    fn default() -> Self {
        Self { decides: Decides::Likelihood, generate: true, answer: "{}".to_owned(), mean_per_class: false }
    }
}

impl Task {
    /// A task of the program by name, or the file at a path that ends in `.toml`.
    ///
    /// # Errors
    /// `Config` when there is no such task or its file cannot be used.
    pub fn named(name: &str) -> Result<Self> {
        if Path::new(name).extension().is_some_and(|extension| extension == "toml") {
            return Self::parse(name, &files::read_text(Path::new(name))?);
        }
        match builtin::text(name) {
            Some(text) => Self::parse(name, text),
            None => Err(Error::new(ErrorKind::Config, "task")
                .expected("a task or group of `lens eval list`, or the path of a .toml file")
                .found(format!("`{name}`"))),
        }
    }

    /// The tasks that a name stands for: one, or those of a group.
    ///
    /// # Errors
    /// As [`Self::named`].
    pub fn all_named(name: &str) -> Result<Vec<Self>> {
        match groups().iter().find(|group| group.name == name) {
            Some(group) => group.tasks.iter().map(|task| Self::named(task)).collect(),
            None => Ok(vec![Self::named(name)?]),
        }
    }

    /// A task from its text; `name` stands in errors.
    ///
    /// # Errors
    /// `Config`, naming the field, when the text is no task.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let task: Self = toml::from_str(text).map_err(|error| {
            Error::new(ErrorKind::Config, format!("task {name}")).found(error.to_string()).because(error)
        })?;
        task.check()?;
        Ok(task)
    }

    /// Whether answers are classes.
    #[must_use]
    pub fn has_classes(&self) -> bool {
        matches!(self.kind, Kind::Classification | Kind::Binary)
    }

    fn check(&self) -> Result<()> {
        let wrong = |field: &str, expected: &str| {
            Err(Error::new(ErrorKind::Config, format!("task {}, `{field}`", self.name)).expected(expected))
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || !self.name.chars().all(plain) {
            return wrong("name", "letters, digits, - and _, because it is part of file names");
        }
        if self.evidence.clip_templates.is_empty() {
            return wrong("evidence.clip_templates", "at least one");
        }
        if self.kind == Kind::Binary && self.data.classes.len() != 2 {
            return wrong("data.classes", "two: the negative one first");
        }
        if !self.score.answer.contains("{}") {
            return wrong("score.answer", "a text with {}");
        }
        Ok(())
    }
}

fn image_column() -> String {
    "image".to_owned()
}

fn label_column() -> String {
    "label".to_owned()
}

fn default_template() -> String {
    "default".to_owned()
}

fn clip_templates() -> Vec<String> {
    vec![lens::vocab::TAG_TEMPLATE.to_owned()]
}
