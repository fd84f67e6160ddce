//! The report as Markdown.

use super::{
    compare::Test,
    plots::Plot,
    record::{ConditionRecord, RunRecord, TaskRecord},
    table::{Table, estimate, number, p_value},
};
use crate::{
    stats::{Bin, expected_calibration_error},
    task,
};
use std::fmt::Write;

/// The whole page.
pub(super) fn page(records: &[RunRecord], plots: &[Plot]) -> String {
    let mut text = "# Evaluation\n".to_owned();
    for record in records {
        let plan = &record.plan;
        // Writing into a String does not fail.
        _ = write!(text, "\nRun `{}`, lens {}, seed {}", plan.run_id, plan.lens, plan.seed);
        _ = writeln!(
            text,
            ", {}.\n",
            plan.limit.map_or("all samples".to_owned(), |n| format!("at most {n} samples of each task"))
        );
        text += &models(record).markdown();
        for group in groups(record) {
            _ = write!(text, "\n## {}\n\n{}", group.0, group.1.markdown());
        }
        for task in &record.tasks {
            text += &section(task, plots);
        }
    }
    text +=
        "\nValues are in percent (CIDEr-D is not): estimate ± standard error [95 % bootstrap interval].\n";
    text
}

fn section(task: &TaskRecord, plots: &[Plot]) -> String {
    let form = &task.planned.task;
    let mut text = format!("\n## {} (`{}`)\n\n", form.title, form.name);
    text += &numbers(task).markdown();
    let mut add = |title: &str, table: Table| {
        if !table.is_empty() {
            _ = write!(text, "\n### {title}\n\n{}", table.markdown());
        }
    };
    add("Compared", comparisons(task));
    add("The paper's figures", paper(task));
    add("Broken data", broken(task));
    add("Calibration", calibration(task));
    for plot in plots.iter().filter(|plot| plot.task == form.name) {
        _ = write!(text, "\n![{}]({})\n", plot.about, plot.file);
    }
    let classes = classes(task);
    if !classes.is_empty() {
        _ = write!(
            text,
            "\n<details><summary>Class by class</summary>\n\n{}\n</details>\n",
            classes.markdown()
        );
    }
    if !form.choices.is_empty() {
        _ = writeln!(text, "\nChosen for this task:");
        form.choices.iter().for_each(|choice| _ = writeln!(text, "- {choice}"));
    }
    text
}

/// Who looked and who answered.
pub(super) fn models(record: &RunRecord) -> Table {
    let mut table = Table::new(&["task", "CLIP", "language model", "likelihoods", "template"]);
    for task in &record.tasks {
        let planned = &task.planned;
        let short = |text: String| text.chars().take(12).collect::<String>();
        let clip = planned.embedder.as_ref().map(|embedder| short(embedder.digest()));
        let llm = planned.llm.as_ref().map(|name| match &planned.llm_fingerprint {
            Some(fingerprint) => {
                format!("{name} ({})", fingerprint.digest().chars().take(12).collect::<String>())
            }
            None => name.clone(),
        });
        table.row(vec![
            planned.task.name.clone(),
            clip.unwrap_or_default(),
            llm.unwrap_or_default(),
            if planned.gives_likelihoods { "yes" } else { "no" }.to_owned(),
            planned.template.clone(),
        ]);
    }
    table
}

/// One row for each condition, one column for each metric; and what decided.
pub(super) fn numbers(task: &TaskRecord) -> Table {
    let mut metrics: Vec<&str> = vec![task.primary()];
    for one in &task.conditions {
        for metric in one.outcome.metrics.keys() {
            if !metrics.contains(&metric.as_str()) {
                metrics.push(metric);
            }
        }
    }
    let head: Vec<String> = metrics.iter().map(|metric| metric.replace('_', " ")).collect();
    let mut columns = vec!["system"];
    columns.extend(head.iter().map(String::as_str));
    columns.extend(["scored", "decided by"]);
    let mut table = Table::new(&columns);
    for one in &task.conditions {
        let mut row = vec![one.condition.id()];
        for (place, metric) in metrics.iter().enumerate() {
            let cell =
                one.outcome.metrics.get(*metric).map(|found| {
                    if place == 0 { estimate(metric, *found) } else { number(metric, found.value) }
                });
            row.push(cell.unwrap_or_default());
        }
        row.push(format!("{} of {}", one.outcome.scored, one.outcome.samples));
        row.push(basis(one));
        table.row(row);
    }
    table
}

fn basis(one: &ConditionRecord) -> String {
    let names = one.outcome.bases.keys().map(|basis| match basis {
        crate::score::Basis::Likelihood => "likelihood",
        crate::score::Basis::Normalised => "likelihood per token",
        crate::score::Basis::Generation => "free answer, matched",
        crate::score::Basis::Similarity => "similarity",
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The first condition against the others.
pub(super) fn comparisons(task: &TaskRecord) -> Table {
    let mut table = Table::new(&["", "difference [95 %]", "p", "test", "samples"]);
    let metric = if task.primary() == "mean_per_class" { "accuracy" } else { task.primary() };
    for one in &task.comparisons {
        let cell = |value| number(metric, value);
        table.row(vec![
            format!("{} less {}", one.a, one.b),
            format!("{} [{}, {}]", cell(one.difference), cell(one.interval.low), cell(one.interval.high)),
            p_value(one.p),
            match one.test {
                Test::McNemar => "McNemar, accuracy",
                Test::PairedBootstrap => "paired bootstrap",
            }
            .to_owned(),
            one.samples.to_string(),
        ]);
    }
    table
}

/// What the paper reports, beside what was measured here.
pub(super) fn paper(task: &TaskRecord) -> Table {
    let mut table = Table::new(&["system", "percent", "from"]);
    let figures = &task.planned.task.paper;
    if figures.is_empty() {
        return table;
    }
    for one in &task.conditions {
        if let Some(found) = task.value(one) {
            table.row(vec![one.condition.id(), number(task.primary(), found.value), "this run".to_owned()]);
        }
    }
    for (system, figure) in figures {
        table.row(vec![system.clone(), format!("{figure:.1}"), "the paper".to_owned()]);
    }
    table
}

/// What is broken or odd, counted over all conditions as they see the same samples.
pub(super) fn broken(task: &TaskRecord) -> Table {
    let mut table = Table::new(&["what", "system", "samples", "the first", "scored"]);
    for one in &task.conditions {
        let mut add = |kind: &crate::FlawKind, count: usize, first: &str, scored: &str| {
            let row = vec![
                kind.to_string(),
                one.condition.id(),
                count.to_string(),
                first.to_owned(),
                scored.to_owned(),
            ];
            table.row(row);
        };
        one.outcome.broken.iter().for_each(|(kind, (count, first))| add(kind, *count, first, "no"));
        one.outcome.remarked.iter().for_each(|(kind, (count, first))| add(kind, *count, first, "yes"));
    }
    table
}

/// Expected calibration error of everything with probabilities.
pub(super) fn calibration(task: &TaskRecord) -> Table {
    let mut table = Table::new(&["probabilities of", "expected calibration error, %", "statements"]);
    let mut add = |name: String, bins: &[Bin]| {
        if !bins.is_empty() {
            let count: usize = bins.iter().map(|bin| bin.count).sum();
            let error = 100.0 * expected_calibration_error(bins);
            table.row(vec![name, format!("{error:.1}"), count.to_string()]);
        }
    };
    task.conditions.iter().for_each(|one| add(one.condition.id(), &one.outcome.reliability));
    add("tags, each listed one".to_owned(), &task.tags);
    table
}

/// Recall of each class under each condition as it is.
pub(super) fn classes(task: &TaskRecord) -> Table {
    let plain: Vec<&ConditionRecord> =
        task.conditions.iter().filter(|one| !one.outcome.classes.is_empty()).collect();
    let ids: Vec<String> = plain.iter().map(|one| one.condition.id()).collect();
    let mut head = vec!["class", "samples"];
    head.extend(ids.iter().map(String::as_str));
    let mut table = Table::new(&head);
    let Some(first) = plain.first() else { return table };
    for (class, (_, all)) in &first.outcome.classes {
        let mut row = vec![class.clone(), all.to_string()];
        row.extend(plain.iter().map(|one| {
            let found = one.outcome.classes.get(class);
            found.map_or_else(String::new, |(right, all)| format!("{:.0}", 100.0 * right / *all as f64))
        }));
        table.row(row);
    }
    table
}

/// The mean of the primary metric over a group's tasks, where at least two of them ran.
fn groups(record: &RunRecord) -> Vec<(String, Table)> {
    let mut found = Vec::new();
    for group in task::groups() {
        let tasks: Vec<&TaskRecord> = record
            .tasks
            .iter()
            .filter(|task| group.tasks.contains(&task.planned.task.name.as_str()))
            .collect();
        if tasks.len() < 2 {
            continue;
        }
        let mut head = vec!["system"];
        head.extend(tasks.iter().map(|task| task.planned.task.name.as_str()));
        let same_metric = tasks.iter().all(|task| task.primary() != "cider_d");
        head.push("mean");
        let mut table = Table::new(&head);
        let mut ids: Vec<String> = Vec::new();
        tasks.iter().flat_map(|task| &task.conditions).for_each(|one| {
            if !ids.contains(&one.condition.id()) {
                ids.push(one.condition.id());
            }
        });
        for id in ids {
            let value = |task: &TaskRecord| {
                let one = task.conditions.iter().find(|one| one.condition.id() == id)?;
                Some((task.primary(), task.value(one)?.value))
            };
            let values: Vec<Option<(&str, f64)>> = tasks.iter().map(|task| value(task)).collect();
            let mut row = vec![id.clone()];
            row.extend(
                values
                    .iter()
                    .map(|one| one.map_or_else(String::new, |(metric, value)| number(metric, value))),
            );
            let whole: Option<Vec<f64>> = values.iter().map(|one| one.map(|(_, value)| value)).collect();
            let mean = whole.filter(|_| same_metric).map(|all| number("accuracy", crate::stats::mean(&all)));
            row.push(mean.unwrap_or_default());
            table.row(row);
        }
        found.push((group.name.to_owned(), table));
    }
    found
}
