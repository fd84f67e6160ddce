//! Which charts a report has.

use super::{
    outcome::Estimate,
    record::{ConditionRecord, RunRecord, TaskRecord},
    svg::{self, Point, Series},
};
use crate::{System, stats::Bin};

/// A chart and the file it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plot {
    pub(super) task: String,
    pub(super) file: String,
    pub(super) about: String,
    pub(super) svg: String,
}

/// The charts of all tasks. With several runs, files carry the run's id.
pub(super) fn all(records: &[RunRecord]) -> Vec<Plot> {
    let mut plots = Vec::new();
    for record in records {
        let suffix = if records.len() > 1 { format!("_{}", record.plan.run_id) } else { String::new() };
        for task in &record.tasks {
            let charts = [systems(task), ablation(task), shots(task), captions(task)];
            let mut found: Vec<(String, String, String)> = charts.into_iter().flatten().collect();
            found.extend(reliability(task));
            let name = &task.planned.task.name;
            plots.extend(found.into_iter().map(|(kind, about, svg)| Plot {
                task: name.clone(),
                file: format!("plot_{name}_{kind}{suffix}.svg"),
                about,
                svg,
            }));
        }
    }
    plots
}

type Chart = (String, String, String);

/// Systems side by side, as they are.
fn systems(task: &TaskRecord) -> Option<Chart> {
    let plain = |one: &&ConditionRecord| is_plain(one);
    let points: Vec<Point> =
        task.conditions.iter().filter(plain).filter_map(|one| point(task, one, 0.0)).collect();
    chart(&points, "systems", "Systems", || svg::bars(&title(task, "systems"), unit(task), &points))
}

/// All modules, then each part of them.
fn ablation(task: &TaskRecord) -> Option<Chart> {
    let lens = |one: &&ConditionRecord| {
        one.condition.system == System::Lens && one.condition.shots == 0 && one.condition.captions.is_none()
    };
    let points: Vec<Point> =
        task.conditions.iter().filter(lens).filter_map(|one| point(task, one, 0.0)).collect();
    chart(&points, "ablation", "What each module brings", || {
        svg::bars(&title(task, "modules"), unit(task), &points)
    })
}

/// Few-shot curves of the systems that are shown demonstrations.
fn shots(task: &TaskRecord) -> Option<Chart> {
    let curve = |system: System| {
        let mine = task.conditions.iter().filter(|one| {
            one.condition.system == system && one.condition.captions.is_none() && !is_ablated(task, one)
        });
        let mut points: Vec<Point> =
            mine.filter_map(|one| point(task, one, one.condition.shots as f64)).collect();
        points = points.into_iter().map(|point| Point { label: point.x.to_string(), ..point }).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        Series { name: system.to_string(), points }
    };
    let curves: Vec<Series> = [System::Lens, System::LlmOnly]
        .map(curve)
        .into_iter()
        .filter(|series| series.points.len() > 1)
        .collect();
    let all: Vec<Point> = curves.iter().flat_map(|series| series.points.clone()).collect();
    chart(&all, "shots", "Demonstrations", || {
        svg::lines(&title(task, "few-shot"), unit(task), "shots", &curves)
    })
}

/// Number of drawn captions against the metric, with the question alone before them.
fn captions(task: &TaskRecord) -> Option<Chart> {
    let mut points: Vec<Point> =
        task.conditions.iter().filter_map(|one| point(task, one, one.condition.captions? as f64)).collect();
    if points.is_empty() {
        return None;
    }
    let without = task.conditions.iter().find(|one| one.condition.system == System::LlmOnly && is_plain(one));
    points = points.into_iter().map(|point| Point { label: point.x.to_string(), ..point }).collect();
    let none = without.and_then(|one| point(task, one, -1.0));
    points.extend(none.map(|point| Point { label: "question alone".to_owned(), ..point }));
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    let series = [Series { name: "lens".to_owned(), points: points.clone() }];
    chart(&points, "captions", "Captions against accuracy", || {
        svg::lines(&title(task, "captions"), unit(task), "drawn captions", &series)
    })
}

fn reliability(task: &TaskRecord) -> Vec<Chart> {
    let plain = task.conditions.iter().filter(|one| is_plain(one));
    let mut all: Vec<(String, &[Bin])> =
        plain.map(|one| (one.condition.id(), one.outcome.reliability.as_slice())).collect();
    all.push(("tags".to_owned(), task.tags.as_slice()));
    all.retain(|(_, bins)| !bins.is_empty());
    let draw = |(name, bins): (String, &[Bin])| {
        let title = format!("{}: reliability of {name}", task.planned.task.name);
        (format!("reliability_{name}"), format!("Reliability of {name}"), svg::reliability(&title, bins))
    };
    all.into_iter().map(draw).collect()
}

/// One point is no chart.
fn chart(points: &[Point], kind: &str, about: &str, draw: impl FnOnce() -> String) -> Option<Chart> {
    (points.len() > 1).then(|| (kind.to_owned(), about.to_owned(), draw()))
}

fn is_plain(one: &ConditionRecord) -> bool {
    one.condition.id() == one.condition.system.to_string()
}

/// Whether modules of the first LENS condition are left out.
fn is_ablated(task: &TaskRecord, one: &ConditionRecord) -> bool {
    let first = task.conditions.iter().find(|other| other.condition.system == one.condition.system);
    first.is_some_and(|first| first.condition.modules != one.condition.modules)
}

fn point(task: &TaskRecord, one: &ConditionRecord, x: f64) -> Option<Point> {
    let Estimate { value, interval, .. } = task.value(one)?;
    let scale = if task.primary() == "cider_d" { 1.0 } else { 100.0 };
    Some(Point {
        label: one.condition.id(),
        x,
        value: scale * value,
        low: scale * interval.low,
        high: scale * interval.high,
    })
}

fn title(task: &TaskRecord, what: &str) -> String {
    format!("{}: {what}, {}", task.planned.task.name, task.primary().replace('_', " "))
}

fn unit(task: &TaskRecord) -> &'static str {
    if task.primary() == "cider_d" { "" } else { "%" }
}
