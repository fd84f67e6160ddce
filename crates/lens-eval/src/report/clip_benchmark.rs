//! CLIP_benchmark's JSON for classification, one file for each condition.

use super::record::{ConditionRecord, RunRecord, TaskRecord};
use crate::{System, files, task::Kind};
use lens::Result;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn write(record: &RunRecord, folder: &Path) -> Result<()> {
    for task in record.tasks.iter().filter(|task| task.planned.task.kind == Kind::Classification) {
        for one in &task.conditions {
            let name = format!("clip_benchmark_{}_{}.json", task.planned.task.name, one.condition.id());
            files::write_json(&folder.join(name), &file(task, one))?;
        }
    }
    Ok(())
}

fn file(task: &TaskRecord, one: &ConditionRecord) -> Value {
    let metric = |name: &str| one.outcome.metrics.get(name).map(|estimate| estimate.value);
    let planned = &task.planned;
    let clip = planned.embedder.as_ref().and_then(|embedder| embedder.get("model")).unwrap_or_default();
    let model = match one.condition.system {
        System::Clip => clip.to_owned(),
        System::Vlm => planned.vlm.clone().unwrap_or_default(),
        _ => format!("{} + {}", one.condition.id(), planned.llm.clone().unwrap_or_default()),
    };
    json!({
        "dataset": planned.task.name,
        "model": model,
        "pretrained": clip,
        "task": "zeroshot_classification",
        "language": "en",
        "metrics": {
            "acc1": metric("accuracy"),
            "acc5": metric("top5"),
            "mean_per_class_recall": metric("mean_per_class"),
        },
    })
}
