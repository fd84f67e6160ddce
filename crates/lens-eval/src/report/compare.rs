//! Two systems over the same samples.

use super::{
    outcome::{caption_samples, scored},
    record::{ConditionRecord, TaskRecord},
};
use crate::{
    Task,
    metrics::{cider_d, roc_auc},
    run::Line,
    stats::{Interval, Resampling, mcnemar},
    task::Kind,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How two systems were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// Exact McNemar test of right and wrong answers.
    McNemar,
    /// Bootstrap over the samples that both answered.
    PairedBootstrap,
}

/// One system against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Id of a condition.
    pub a: String,
    /// Id of another.
    pub b: String,
    /// Samples that both answered.
    pub samples: usize,
    /// Metric of `a` less that of `b`, over these samples.
    pub difference: f64,
    /// 95 % bootstrap interval of the difference.
    pub interval: Interval,
    /// Two-sided.
    pub p: f64,
    /// Where `p` is from.
    pub test: Test,
}

impl Comparison {
    /// The first condition against each other one.
    pub(super) fn all(record: &TaskRecord, seed: u64) -> Vec<Self> {
        let Some((first, others)) = record.conditions.split_first() else { return Vec::new() };
        others.iter().map(|other| Self::of(&record.planned.task, first, other, seed)).collect()
    }

    fn of(task: &Task, a: &ConditionRecord, b: &ConditionRecord, seed: u64) -> Self {
        let pairs = pairs(&a.lines, &b.lines);
        let (left, right): (Vec<&Line>, Vec<&Line>) = pairs.iter().copied().unzip();
        let n = pairs.len();
        let resampling = Resampling { seed, ..Resampling::default() };
        let all: Vec<usize> = (0..n).collect();
        let (value, (interval, mut p)) = if task.kind == Kind::Binary {
            let difference = |places: &[usize]| area(task, &left, places) - area(task, &right, places);
            (difference(&all), resampling.compare(n, difference))
        } else {
            let (left, right) = (values(task, &left), values(task, &right));
            let differences: Vec<f64> = left.iter().zip(right).map(|(a, b)| a - b).collect();
            let mean = |places: &[usize]| {
                places.iter().filter_map(|place| differences.get(*place)).sum::<f64>()
                    / places.len().max(1) as f64
            };
            (mean(&all), resampling.compare(n, mean))
        };
        let mut test = Test::PairedBootstrap;
        if task.kind == Kind::Classification {
            test = Test::McNemar;
            let only = |a: &[&Line], b: &[&Line]| {
                a.iter().zip(b).filter(|(a, b)| is_right(a) && !is_right(b)).count()
            };
            p = mcnemar(only(&left, &right), only(&right, &left));
        }
        let (a, b) = (a.condition.id(), b.condition.id());
        Self { a, b, samples: n, difference: value, interval, p, test }
    }
}

/// Lines of the same sample that both could be scored.
fn pairs<'a>(a: &'a [Line], b: &'a [Line]) -> Vec<(&'a Line, &'a Line)> {
    let whole = |line: &&Line| line.error.is_none();
    let by_index: HashMap<usize, &Line> = b.iter().filter(whole).map(|line| (line.doc.index, line)).collect();
    a.iter().filter(whole).filter_map(|line| Some((line, *by_index.get(&line.doc.index)?))).collect()
}

/// The value of each sample under the metric whose mean is compared.
fn values(task: &Task, lines: &[&Line]) -> Vec<f64> {
    match task.kind {
        Kind::Captioning => cider_d(&caption_samples(lines)),
        Kind::Vqa => {
            lines.iter().map(|line| line.metrics.get("vqa_accuracy").copied().unwrap_or_default()).collect()
        }
        _ => lines.iter().map(|line| line.metrics.get("accuracy").copied().unwrap_or_default()).collect(),
    }
}

fn is_right(line: &Line) -> bool {
    line.metrics.get("accuracy").is_some_and(|value| *value > 0.5)
}

fn area(task: &Task, lines: &[&Line], places: &[usize]) -> f64 {
    let drawn: Vec<(f64, bool)> =
        places.iter().filter_map(|place| lines.get(*place)).map(|line| scored(task, line)).collect();
    roc_auc(&drawn).unwrap_or(0.5)
}
