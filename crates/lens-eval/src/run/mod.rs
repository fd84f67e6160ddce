//! A run: vision once, then every condition over the evidence. Its folder holds
//!
//! - `run.json`: what runs, fixed at the first start, with the run's id;
//! - `samples_TASK_CONDITION.jsonl`: one line for each sample, in the order of the files;
//! - `gallery_TASK.jsonl`: pictures and evidence of the first samples, to look at;
//! - `tags_TASK.jsonl`: the listed tags of every sample with their probabilities, and which are true, where the data tell;
//! - `times.jsonl`: when it ran and how long each stage took, the one file that differs between two runs;
//! - what [`crate::report`] writes.
//!
//! A killed run goes on where it stopped; the other files end with the same bytes.

mod answering;
mod asking;
mod demonstrations;
mod elsewhere;
mod embeddings;
mod gallery;
mod lines;
mod pixels;
mod plan;
mod tags;
mod times;
mod vision;

#[cfg(test)]
mod tests;

pub use gallery::Exhibit;
pub(crate) use gallery::path as gallery_path;
pub use lines::Line;
pub use plan::{Plan, TaskPlan};
pub(crate) use tags::{Tagged, path as tags_path};

use crate::{
    Sweep, Task, Vlm,
    data::{Dataset, Row},
    files,
};
use asking::Asker;
use demonstrations::Demonstrations;
use lens::{Cancel, Error, ErrorKind, Lens, Result, Store, config::Layer, image::Limits};
use lines::Lines;
use std::{
    fmt,
    path::{Path, PathBuf},
    time::Instant,
};
use times::Times;
use vision::Vision;

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The tasks, each with a data set of its own.
    pub tasks: Vec<Task>,
    /// The data set, or a folder with one named after each task.
    pub data: PathBuf,
    /// The folder of the run.
    pub out: PathBuf,
    /// The conditions.
    pub sweep: Sweep,
    /// The most samples of each task.
    pub limit: Option<usize>,
    /// Chooses samples and random demonstrations.
    pub seed: u64,
    /// The most training samples that demonstrations are chosen from.
    pub pool: usize,
    /// Samples in one step of the language model.
    pub batch: usize,
    /// The largest share of samples that may be broken, 0 to 1.
    pub max_broken: f64,
    /// What a picture may be.
    pub limits: Limits,
}

impl Options {
    /// LENS alone on all samples, eight at a time; demonstrations from 2000 training samples; a twentieth may be broken.
    #[must_use]
    pub fn new(tasks: Vec<Task>, data: impl Into<PathBuf>, out: impl Into<PathBuf>) -> Self {
        Self {
            tasks,
            data: data.into(),
            out: out.into(),
            sweep: Sweep::default(),
            limit: None,
            seed: 0,
            pool: 2000,
            batch: 8,
            max_broken: 0.05,
            limits: Limits::default(),
        }
    }
}

/// The models of a run.
pub struct Models<'a> {
    /// Makes the pipeline with a task's settings below the user's.
    pub open: &'a dyn Fn(&[Layer]) -> Result<Lens>,
    /// Where embeddings of pictures are kept beside the evidence.
    pub store: &'a Store,
    /// The model of [`crate::System::Vlm`].
    pub vlm: Option<&'a Vlm>,
}

/// A part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Pictures are looked at.
    Vision,
    /// Training pictures are compared.
    Demonstrations,
    /// Questions are answered.
    Answers,
}

/// How far a stage is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which.
    pub stage: Stage,
    /// Of which task.
    pub task: String,
    /// The condition, in [`Stage::Answers`].
    pub condition: String,
    /// Samples done.
    pub done: usize,
    /// Samples in all.
    pub total: usize,
}

impl Progress {
    fn new(stage: Stage, task: &str, condition: &str, done: usize, total: usize) -> Self {
        Self { stage, task: task.to_owned(), condition: condition.to_owned(), done, total }
    }
}

/// Hears of progress.
pub type Watch<'w> = dyn FnMut(Progress) + 'w;

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vision => "looking",
            Self::Demonstrations => "choosing demonstrations",
            Self::Answers => "answering",
        })
    }
}

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// Every sample is asked.
    Whole,
    /// Every sample is asked, and more of them are broken than was allowed: the error names the task.
    Broken(Error),
    /// `cancel` was raised before the end.
    Cancelled,
}

/// Runs, or goes on with, what `options` say, and writes the folder of the run but for its report.
///
/// # Errors
/// `Config` when the folder holds another run; `Input` when a data set cannot be read; what the models report that
/// concerns every sample.
pub fn run(options: &Options, models: &Models<'_>, watch: &mut Watch<'_>, cancel: &Cancel) -> Result<Ended> {
    fs_err::create_dir_all(&options.out).map_err(|error| files::unwritable(&options.out, error))?;
    let mut works = Vec::new();
    for task in &options.tasks {
        works.push(Work::open(task, options, models)?);
    }
    let plan = plan::make(options, models, &works)?;
    plan.keep(&options.out)?;
    let mut times = Times::start(&options.out, &plan.run_id)?;
    let mut ended = Ended::Whole;
    for (work, planned) in works.iter().zip(&plan.tasks) {
        let mut session =
            Session { options, models, plan: &plan, times: &mut times, watch: &mut *watch, cancel };
        match session.task(work, planned)? {
            Ended::Cancelled => return Ok(Ended::Cancelled),
            Ended::Broken(error) => ended = Ended::Broken(error),
            Ended::Whole => {}
        }
    }
    times.finished()?;
    Ok(ended)
}

/// A task with its data and its pipeline.
struct Work<'a> {
    task: &'a Task,
    dataset: Dataset,
    lens: Lens,
}

impl<'a> Work<'a> {
    fn open(task: &'a Task, options: &Options, models: &Models<'_>) -> Result<Self> {
        let dataset = Dataset::open(task, &options.data, &task.data.split)?;
        let classes = options.out.join(format!("classes_{}.txt", task.name));
        if !dataset.classes.is_empty() {
            files::write_whole(&classes, (dataset.classes.join("\n") + "\n").as_bytes())?;
        }
        let lens = (models.open)(&task.layers(&classes, &options.sweep)?)?;
        Ok(Self { task, dataset, lens })
    }
}

/// What the stages of one start share.
struct Session<'a, 'w> {
    options: &'a Options,
    models: &'a Models<'a>,
    plan: &'a Plan,
    times: &'a mut Times,
    watch: &'a mut Watch<'w>,
    cancel: &'a Cancel,
}

impl Session<'_, '_> {
    /// All conditions of one task.
    fn task(&mut self, work: &Work<'_>, planned: &TaskPlan) -> Result<Ended> {
        let rows = work.dataset.choose(self.options.limit, self.options.seed);
        let name = &work.task.name;
        let mut vision = Vision::new(&work.lens, &work.dataset, self.options.limits, self.models.store);
        let start = Instant::now();
        let mut tell = |done, total| (self.watch)(Progress::new(Stage::Vision, name, "", done, total));
        if !vision.look(&rows, planned.needs(), &mut tell, self.cancel)? {
            return Ok(Ended::Cancelled);
        }
        self.times.took(start, name, "vision", rows.len())?;
        gallery::write(&self.options.out, name, &rows, &vision)?;
        if planned.needs().evidence {
            tags::write(&self.options.out, work.task, &rows, &vision)?;
        }
        let start = Instant::now();
        let mut tell =
            |done, total| (self.watch)(Progress::new(Stage::Demonstrations, name, "", done, total));
        let mut demonstrations =
            Demonstrations::open(work.task, self.options, planned, &work.lens, self.models.store)?;
        if let Some(found) = &mut demonstrations {
            if !found.look(&rows, &vision, &mut tell, self.cancel)? {
                return Ok(Ended::Cancelled);
            }
            self.times.took(start, name, "demonstrations", rows.len())?;
        }
        let mut broken = 0;
        for condition in &planned.conditions {
            let asker = Asker::new(work, condition, &vision, demonstrations.as_ref(), self.models.vlm)?;
            let start = Instant::now();
            let Some(found) = self.answer(&asker, &rows)? else { return Ok(Ended::Cancelled) };
            self.times.took(start, name, &condition.id(), rows.len())?;
            broken = broken.max(found);
        }
        Ok(match check_broken(work.task, broken, rows.len(), self.options.max_broken) {
            Ok(()) => Ended::Whole,
            Err(error) => Ended::Broken(error),
        })
    }

    /// Writes the lines of one condition that are not there yet. The number of broken samples, or `None` when cancelled.
    fn answer(&mut self, asker: &Asker<'_>, rows: &[&Row]) -> Result<Option<usize>> {
        let (task, condition) = (&asker.task.name, asker.condition.id());
        let keys: Vec<String> = rows.iter().map(|row| asker.key(&self.plan.run_id, row)).collect();
        let mut lines = Lines::open(&samples_path(&self.options.out, task, &condition), &keys)?;
        while lines.written() < rows.len() {
            let start = lines.written();
            (self.watch)(Progress::new(Stage::Answers, task, &condition, start, rows.len()));
            let end = (start + self.options.batch.max(1)).min(rows.len());
            let batch: Vec<(&Row, &String)> =
                rows[start..end].iter().copied().zip(&keys[start..end]).collect();
            let missing: Vec<&Row> =
                batch.iter().filter(|(_, key)| !lines.has(key)).map(|(row, _)| *row).collect();
            let mut fresh = asker.answer(&missing, self.cancel)?.into_iter();
            if self.cancel.is_raised() {
                return Ok(None);
            }
            for (_, key) in batch {
                let line = if lines.has(key) { None } else { fresh.next() };
                match line {
                    Some(line) => lines.add(&Line { key: key.clone(), ..line })?,
                    None => lines.keep(key)?,
                }
            }
            lines.sync()?;
        }
        Ok(Some(lines.broken()))
    }
}

/// The file with the samples of a condition.
#[must_use]
pub fn samples_path(out: &Path, task: &str, condition: &str) -> PathBuf {
    out.join(format!("samples_{task}_{condition}.jsonl"))
}

fn check_broken(task: &Task, broken: usize, all: usize, most: f64) -> Result<()> {
    let share = broken as f64 / all.max(1) as f64;
    if share <= most {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Input, format!("data of the task {}", task.name))
        .expected(format!("at most {:.1} % broken samples", 100.0 * most))
        .found(format!("{broken} of {all}"))
        .hint("look at the field `error` in the samples, mend the data, or raise --max-broken"))
}
