//! The report as one page that needs nothing else: the tables, the plots, and the samples to look at.

use super::{
    markdown,
    plots::Plot,
    record::{RunRecord, TaskRecord},
    table::{Table, escape},
};
use lens::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use std::fmt::Write;

const PAGE: &str = include_str!("page.html");

/// The whole page.
///
/// # Errors
/// `Internal` when the samples cannot be written as JSON.
pub(super) fn page(records: &[RunRecord], plots: &[Plot]) -> Result<String> {
    let samples: Vec<Value> = records.iter().flat_map(|record| &record.tasks).map(samples).collect();
    let data = serde_json::to_string(&samples)
        .map_err(|error| Error::new(ErrorKind::Internal, "the samples of a report").because(error))?;
    // Nothing in the data may end the script that holds it.
    let data = data.replace('<', "\\u003c");
    let mut tables = String::new();
    for record in records {
        // Writing into a String does not fail.
        _ = write!(
            tables,
            "<p>Run <code>{}</code>, lens {}, seed {}</p>",
            record.plan.run_id,
            escape(&record.plan.lens),
            record.plan.seed
        );
        _ = write!(tables, "<div class=\"wide\">{}</div>", markdown::models(record).html());
        for task in &record.tasks {
            tables += &section(task, plots);
        }
    }
    Ok(PAGE.replace("<!-- TABLES -->", &tables).replace("/* DATA */", &data))
}

fn section(task: &TaskRecord, plots: &[Plot]) -> String {
    let form = &task.planned.task;
    let mut text = format!("<h2 id=\"{0}\">{1} <code>{0}</code></h2>", form.name, escape(&form.title));
    let mut add = |title: &str, table: Table| {
        if !table.is_empty() {
            _ = write!(text, "<h3>{title}</h3><div class=\"wide\">{}</div>", table.html());
        }
    };
    add("Results, percent ± standard error [95 % interval]", markdown::numbers(task));
    add("Compared", markdown::comparisons(task));
    add("The paper's figures", markdown::paper(task));
    add("Broken data", markdown::broken(task));
    add("Calibration", markdown::calibration(task));
    text += "<div class=\"plots\">";
    for plot in plots.iter().filter(|plot| plot.task == form.name) {
        text += &plot.svg;
    }
    text += "</div>";
    let classes = markdown::classes(task);
    if !classes.is_empty() {
        _ = write!(
            text,
            "<details><summary>Class by class</summary><div class=\"wide\">{}</div></details>",
            classes.html()
        );
    }
    text
}

/// What the page shows of each sample of the gallery.
fn samples(task: &TaskRecord) -> Value {
    let metric = if task.primary() == "mean_per_class" { "accuracy" } else { task.primary() };
    let sample = |exhibit: &crate::run::Exhibit| {
        let answers: Vec<Value> = task
            .conditions
            .iter()
            .filter_map(|one| {
                let line = one.lines.iter().find(|line| line.doc.index == exhibit.index)?;
                Some(json!({
                    "system": one.condition.id(),
                    "question": line.doc.question,
                    "prompt": line.arguments.join("\n\n"),
                    "said": line.resps.concat().join("\n"),
                    "answer": line.filtered_resps.join("\n"),
                    "truth": distinct(&line.targets).join(" / "),
                    "value": line.metrics.get(metric),
                    "scores": line.scores,
                    "error": line.error.as_ref().map(|flaw| format!("{}: {}", flaw.kind, flaw.detail)),
                    "demonstrations": line.demonstrations,
                    "dropped": line.dropped,
                }))
            })
            .collect();
        json!({
            "id": exhibit.doc_id,
            "picture": exhibit.picture,
            "evidence": exhibit.evidence,
            "answers": answers,
        })
    };
    let shown: Vec<Value> = task.gallery.iter().map(sample).collect();
    json!({"task": task.planned.task.name, "title": task.planned.task.title, "metric": metric, "samples": shown})
}

fn distinct(texts: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !all.contains(text) {
            all.push(text.clone());
        }
    }
    all
}
