//! From lines to numbers.

use crate::{
    FlawKind, Task,
    metrics::{bleu4, cider_d, mean_per_class, per_class, roc_auc},
    run::Line,
    score::Basis,
    stats::{Bin, Interval, Resampling, expected_calibration_error, mean, reliability, standard_error},
    task::Kind,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A number and how sure it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Its 95 % bootstrap interval.
    pub interval: Interval,
}

/// What came out under one condition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// By the metric's name.
    pub metrics: BTreeMap<String, Estimate>,
    /// Samples in all.
    pub samples: usize,
    /// Samples that could be scored.
    pub scored: usize,
    /// Broken samples by what is wrong, with one of them told.
    pub broken: BTreeMap<FlawKind, (usize, String)>,
    /// Odd samples that were scored, likewise.
    pub remarked: BTreeMap<FlawKind, (usize, String)>,
    /// What decided, by how often.
    pub bases: BTreeMap<Basis, usize>,
    /// Confidence against accuracy.
    pub reliability: Vec<Bin>,
    /// Expected calibration error, where there are probabilities.
    pub calibration_error: Option<f64>,
    /// For each class (right, all).
    pub classes: BTreeMap<String, (f64, usize)>,
}

impl Outcome {
    /// The numbers of one condition.
    #[must_use]
    pub fn of(task: &Task, lines: &[Line], seed: u64) -> Self {
        let resampling = Resampling { seed, ..Resampling::default() };
        let good: Vec<&Line> = lines.iter().filter(|line| line.error.is_none()).collect();
        let mut outcome = Self { samples: lines.len(), scored: good.len(), ..Self::default() };
        outcome.count_flaws(lines);
        outcome.means(&good, resampling);
        match task.kind {
            Kind::Classification => outcome.classes(&good, resampling),
            Kind::Binary => outcome.curve(task, &good, resampling),
            Kind::Captioning => outcome.captions(&good, resampling),
            Kind::Vqa => {}
        }
        outcome.calibrate(&good);
        outcome
    }

    fn count_flaws(&mut self, lines: &[Line]) {
        for line in lines {
            let count = |table: &mut BTreeMap<FlawKind, (usize, String)>, flaw: &crate::Flaw| {
                let entry = table
                    .entry(flaw.kind)
                    .or_insert_with(|| (0, format!("{}: {}", line.doc_id, flaw.detail)));
                entry.0 += 1;
            };
            line.error.iter().for_each(|flaw| count(&mut self.broken, flaw));
            line.remarks.iter().for_each(|flaw| count(&mut self.remarked, flaw));
            line.basis.iter().for_each(|basis| *self.bases.entry(*basis).or_default() += 1);
        }
    }

    /// Every metric that lines carry, but for scores that are no quality.
    fn means(&mut self, good: &[&Line], resampling: Resampling) {
        let names: BTreeSet<&String> = good.iter().flat_map(|line| line.metrics.keys()).collect();
        for name in names.into_iter().filter(|name| *name != "score") {
            let values: Vec<f64> = good.iter().filter_map(|line| line.metrics.get(name).copied()).collect();
            self.metrics.insert(name.clone(), mean_estimate(&values, resampling));
        }
    }

    fn classes(&mut self, good: &[&Line], resampling: Resampling) {
        let outcomes: Vec<(&str, f64)> = good.iter().map(|line| right(line)).collect();
        let statistic = |places: &[usize]| {
            mean_per_class(places.iter().filter_map(|place| outcomes.get(*place).copied()))
        };
        self.add(
            "mean_per_class",
            mean_per_class(outcomes.iter().copied()),
            good.len(),
            statistic,
            resampling,
        );
        self.classes = per_class(outcomes.iter().copied())
            .into_iter()
            .map(|(class, count)| (class.to_owned(), count))
            .collect();
    }

    fn curve(&mut self, task: &Task, good: &[&Line], resampling: Resampling) {
        let scored: Vec<(f64, bool)> = good.iter().map(|line| scored(task, line)).collect();
        let statistic = |places: &[usize]| {
            let drawn: Vec<(f64, bool)> =
                places.iter().filter_map(|place| scored.get(*place).copied()).collect();
            roc_auc(&drawn).unwrap_or(0.5)
        };
        if let Some(area) = roc_auc(&scored) {
            self.add("roc_auc", area, good.len(), statistic, resampling);
        }
    }

    fn captions(&mut self, good: &[&Line], resampling: Resampling) {
        let samples = caption_samples(good);
        let scores = cider_d(&samples);
        self.metrics.insert("cider_d".to_owned(), mean_estimate(&scores, resampling));
        let few = Resampling { replicates: resampling.replicates.min(100), ..resampling };
        let statistic = |places: &[usize]| {
            let drawn: Vec<_> = places.iter().filter_map(|place| samples.get(*place).cloned()).collect();
            bleu4(&drawn)
        };
        self.add("bleu4", bleu4(&samples), samples.len(), statistic, few);
    }

    fn add(
        &mut self,
        name: &str,
        value: f64,
        n: usize,
        statistic: impl Fn(&[usize]) -> f64,
        resampling: Resampling,
    ) {
        let spread = resampling.spread(n, statistic);
        let estimate = Estimate { value, standard_error: spread.deviation, interval: spread.interval };
        self.metrics.insert(name.to_owned(), estimate);
    }

    /// Of answers that the likelihood decided.
    fn calibrate(&mut self, good: &[&Line]) {
        let answer = |line: &&Line| {
            let confidence = line.scores.as_ref()?.confidence?;
            Some((confidence, line.metrics.get("accuracy_likelihood").copied()?))
        };
        let answers: Vec<(f64, f64)> = good.iter().filter_map(answer).collect();
        if !answers.is_empty() {
            self.reliability = reliability(&answers);
            self.calibration_error = Some(expected_calibration_error(&self.reliability));
        }
    }
}

/// (caption, references) of each line.
pub(super) fn caption_samples(lines: &[&Line]) -> Vec<(String, Vec<String>)> {
    lines.iter().map(|line| (line.filtered_resps.concat(), line.targets.clone())).collect()
}

fn mean_estimate(values: &[f64], resampling: Resampling) -> Estimate {
    let statistic = |places: &[usize]| {
        places.iter().filter_map(|place| values.get(*place)).sum::<f64>() / places.len().max(1) as f64
    };
    let interval = resampling.spread(values.len(), statistic).interval;
    Estimate { value: mean(values), standard_error: standard_error(values), interval }
}

fn right(line: &Line) -> (&str, f64) {
    (line.target.as_str(), line.metrics.get("accuracy").copied().unwrap_or_default())
}

/// P(second class), and whether the second class is true.
pub(super) fn scored(task: &Task, line: &Line) -> (f64, bool) {
    let positive = task.data.classes.get(1).is_some_and(|class| *class == line.target);
    (line.metrics.get("score").copied().unwrap_or(0.5), positive)
}
