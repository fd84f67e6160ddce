//! The folder of a run, read back.

use super::{
    compare::Comparison,
    outcome::{Estimate, Outcome},
};
use crate::{
    Condition, files,
    run::{Exhibit, Line, Plan, Tagged, TaskPlan, samples_path, tags_path},
    stats::{Bin, reliability},
    task::Kind,
};
use lens::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use std::path::Path;

/// A finished run.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// What it is.
    pub plan: Plan,
    /// Its tasks in their order.
    pub tasks: Vec<TaskRecord>,
}

/// A task of a run.
#[derive(Debug, Clone)]
pub struct TaskRecord {
    /// What it is.
    pub planned: TaskPlan,
    /// What came out under each condition.
    pub conditions: Vec<ConditionRecord>,
    /// The first condition against each other one.
    pub comparisons: Vec<Comparison>,
    /// Pictures to look at.
    pub gallery: Vec<Exhibit>,
    /// Probabilities of all listed tags against the share of them that is true; empty where the data do not tell.
    pub tags: Vec<Bin>,
}

/// What came out under one condition.
#[derive(Debug, Clone)]
pub struct ConditionRecord {
    /// Which.
    pub condition: Condition,
    /// The samples.
    pub lines: Vec<Line>,
    /// The numbers.
    pub outcome: Outcome,
}

impl RunRecord {
    /// Reads the folder of a run and computes its numbers.
    ///
    /// # Errors
    /// `Input` when it holds no run, or one that is not finished.
    pub fn read(folder: &Path) -> Result<Self> {
        let plan = Plan::read(folder)?;
        let tasks =
            plan.tasks.iter().map(|task| TaskRecord::read(folder, &plan, task)).collect::<Result<_>>()?;
        Ok(Self { plan, tasks })
    }
}

impl TaskRecord {
    fn read(folder: &Path, plan: &Plan, planned: &TaskPlan) -> Result<Self> {
        let task = &planned.task;
        let mut conditions = Vec::with_capacity(planned.conditions.len());
        for condition in &planned.conditions {
            let lines: Vec<Line> = json_lines(&samples_path(folder, &task.name, &condition.id()))?;
            let outcome = Outcome::of(task, &lines, plan.seed);
            conditions.push(ConditionRecord { condition: condition.clone(), lines, outcome });
        }
        if let Some(short) = unfinished(&conditions) {
            return Err(Error::new(ErrorKind::Input, folder.display().to_string())
                .expected("a finished run")
                .found(format!("{short} of the task {} is not at its end", task.name))
                .hint("start the same command again: it goes on where it stopped"));
        }
        let gallery = json_lines(&crate::run::gallery_path(folder, &task.name))?;
        let tags = tags(&tags_path(folder, &task.name))?;
        let mut record =
            Self { planned: planned.clone(), conditions, comparisons: Vec::new(), gallery, tags };
        record.comparisons = Comparison::all(&record, plan.seed);
        Ok(record)
    }

    /// Name of the metric that systems are compared by.
    #[must_use]
    pub fn primary(&self) -> &'static str {
        match self.planned.task.kind {
            Kind::Classification if self.planned.task.score.mean_per_class => "mean_per_class",
            Kind::Classification => "accuracy",
            Kind::Vqa => "vqa_accuracy",
            Kind::Binary => "roc_auc",
            Kind::Captioning => "cider_d",
        }
    }

    /// The primary metric of a condition.
    #[must_use]
    pub fn value(&self, record: &ConditionRecord) -> Option<Estimate> {
        record.outcome.metrics.get(self.primary()).copied()
    }
}

fn tags(path: &Path) -> Result<Vec<Bin>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let tagged: Vec<Tagged> = json_lines(path)?;
    let all = tagged.into_iter().flat_map(|one| one.tags);
    let statements: Vec<(f64, f64)> =
        all.map(|(_, probability, right)| (probability, f64::from(u8::from(right)))).collect();
    Ok(if statements.is_empty() { Vec::new() } else { reliability(&statements) })
}

/// All conditions have as many lines; one with fewer was not finished.
fn unfinished(conditions: &[ConditionRecord]) -> Option<String> {
    let most = conditions.iter().map(|one| one.lines.len()).max()?;
    conditions.iter().find(|one| one.lines.len() < most).map(|one| one.condition.id())
}

fn json_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = files::read_text(path)?;
    let line = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| {
            Error::new(ErrorKind::Input, format!("{}, line {}", path.display(), number + 1))
                .expected("what a run writes")
                .found(error.to_string())
                .hint("start the same command again: it goes on where it stopped")
                .because(error)
        })
    };
    text.lines().enumerate().map(line).collect()
}
