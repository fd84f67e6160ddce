//! `results.json` with lmms-eval's keys; a metric's filter is the condition.

use super::record::{RunRecord, TaskRecord};
use crate::{files, stats::expected_calibration_error, task};
use lens::Result;
use serde_json::{Map, Value, json};
use std::path::Path;

pub(super) fn write(record: &RunRecord, folder: &Path) -> Result<()> {
    let per_task = |value: &dyn Fn(&TaskRecord) -> Value| -> Value {
        record
            .tasks
            .iter()
            .map(|one| (one.planned.task.name.clone(), value(one)))
            .collect::<Map<_, _>>()
            .into()
    };
    let results = json!({
        "run_id": record.plan.run_id,
        "results": per_task(&numbers),
        "comparisons": per_task(&|task| json!(task.comparisons)),
        "broken": per_task(&broken),
        "group_subtasks": groups(record),
        "configs": per_task(&|task| json!(task.planned.task)),
        "versions": per_task(&|task| json!(task.planned.task.version)),
        "n-shot": per_task(&|task| shots(task)),
        "higher_is_better": per_task(&|task| json!({task.primary(): true})),
        "n-samples": per_task(&counts),
        "config": config(record),
        "task_hashes": per_task(&|task| json!(task.planned.task.digest())),
        "lens_version": record.plan.lens,
    });
    files::write_json(&folder.join("results.json"), &results)
}

fn numbers(task: &TaskRecord) -> Value {
    let mut entries = Map::new();
    entries.insert("alias".to_owned(), json!(task.planned.task.title));
    for one in &task.conditions {
        let id = one.condition.id();
        for (metric, estimate) in &one.outcome.metrics {
            entries.insert(format!("{metric},{id}"), json!(estimate.value));
            entries.insert(format!("{metric}_stderr,{id}"), json!(estimate.standard_error));
            entries.insert(
                format!("{metric}_ci95,{id}"),
                json!([estimate.interval.low, estimate.interval.high]),
            );
        }
        if let Some(error) = one.outcome.calibration_error {
            entries.insert(format!("expected_calibration_error,{id}"), json!(error));
        }
        entries.insert(format!("decided_by,{id}"), json!(one.outcome.bases));
    }
    if !task.tags.is_empty() {
        entries.insert(
            "tags_expected_calibration_error".to_owned(),
            json!(expected_calibration_error(&task.tags)),
        );
    }
    entries.into()
}

fn broken(task: &TaskRecord) -> Value {
    let table = |one: &super::ConditionRecord| {
        let count = |(kind, (count, first)): (&crate::FlawKind, &(usize, String))| {
            (kind.to_string(), json!({"count": count, "first": first}))
        };
        let all = one.outcome.broken.iter().chain(&one.outcome.remarked).map(count).collect::<Map<_, _>>();
        (one.condition.id(), Value::from(all))
    };
    task.conditions.iter().map(table).collect::<Map<_, _>>().into()
}

fn shots(task: &TaskRecord) -> Value {
    let all = task.conditions.iter().map(|one| (one.condition.id(), json!(one.condition.shots)));
    all.collect::<Map<_, _>>().into()
}

fn counts(task: &TaskRecord) -> Value {
    let first = task.conditions.first().map(|one| &one.outcome);
    json!({
        "original": first.map_or(0, |outcome| outcome.samples),
        "effective": first.map_or(0, |outcome| outcome.scored),
    })
}

fn groups(record: &RunRecord) -> Value {
    let in_run = |name: &&&str| record.tasks.iter().any(|task| task.planned.task.name == ***name);
    let groups = task::groups()
        .iter()
        .map(|group| (group.name, group.tasks.iter().filter(in_run).collect::<Vec<_>>()));
    let some = groups.filter(|(_, tasks)| !tasks.is_empty());
    some.map(|(name, tasks)| (name.to_owned(), json!(tasks))).collect::<Map<_, _>>().into()
}

fn config(record: &RunRecord) -> Value {
    let first = record.tasks.first().map(|task| &task.planned);
    json!({
        "model": first.and_then(|task| task.llm.clone()),
        "model_fingerprint": first.and_then(|task| task.llm_fingerprint.clone()),
        "embedder": first.and_then(|task| task.embedder.clone()),
        "modules": first.map(|task| &task.modules),
        "gives_likelihoods": first.map(|task| task.gives_likelihoods),
        "decoding": first.map(|task| &task.decoding),
        "limit": record.plan.limit,
        "seed": record.plan.seed,
        "pool": record.plan.pool,
    })
}
