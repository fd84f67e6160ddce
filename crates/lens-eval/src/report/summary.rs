//! The report in short: of each run one table over its tasks, for a page of documentation.

use super::{
    markdown,
    plots::Plot,
    record::{ConditionRecord, RunRecord, TaskRecord},
    table::{Table, number, p_value},
};
use crate::{Condition, ModuleKind, stats::Interval};
use std::{collections::BTreeSet, fmt::Write};

/// The whole page, without a title.
pub(super) fn page(records: &[RunRecord], plots: &[Plot]) -> String {
    let mut text = String::new();
    for record in records {
        let plan = &record.plan;
        let most =
            plan.limit.map_or("all samples".to_owned(), |n| format!("at most {n} samples of each task"));
        // Writing into a String does not fail.
        _ = write!(text, "## {}\n\n", names(record).join(", "));
        _ = writeln!(text, "Run `{}`, lens {}, seed {}, {most}.\n", plan.run_id, plan.lens, plan.seed);
        text += &markdown::models(record).markdown();
        let tables = [
            ("Percent [95 % interval]; CIDEr-D is no percentage", values(record)),
            ("What the first system has over the other, points [95 % interval]", differences(record)),
            (
                "Expected calibration error",
                with_task(record, &["probabilities of", "error, %", "statements"], markdown::calibration),
            ),
            (
                "Broken data",
                with_task(record, &["what", "system", "samples", "the first", "scored"], markdown::broken),
            ),
        ];
        for (title, table) in tables {
            if !table.is_empty() {
                _ = write!(text, "\n{title}:\n\n{}", table.markdown());
            }
        }
        text.push('\n');
    }
    if !plots.is_empty() {
        text += "## Charts\n\n";
    }
    for plot in plots {
        _ = writeln!(text, "![{} of {}]({})", plot.about, plot.task, plot.file);
    }
    text
}

fn names(record: &RunRecord) -> Vec<String> {
    record.tasks.iter().map(|task| task.planned.task.name.clone()).collect()
}

/// What a condition of a task is called in all tables.
fn name(task: &TaskRecord, one: &ConditionRecord) -> String {
    described(&one.condition, &task.planned.task.evidence.modules)
}

/// One row for each condition, in the order in which they first appear, one column for each task.
fn matrix(
    record: &RunRecord,
    head: &[String],
    cell: impl Fn(&TaskRecord, &ConditionRecord) -> Option<String>,
) -> Table {
    let mut columns = vec!["system"];
    columns.extend(head.iter().map(String::as_str));
    let mut table = Table::new(&columns);
    let mut done = BTreeSet::new();
    for first in &record.tasks {
        for row in first.conditions.iter().map(|one| name(first, one)) {
            if !done.insert(row.clone()) {
                continue;
            }
            let of = |task: &TaskRecord| {
                let one = task.conditions.iter().find(|one| name(task, one) == row)?;
                cell(task, one)
            };
            let cells: Vec<Option<String>> = record.tasks.iter().map(of).collect();
            if cells.iter().any(Option::is_some) {
                let cells = cells.into_iter().map(Option::unwrap_or_default);
                table.row(std::iter::once(row).chain(cells).collect());
            }
        }
    }
    table
}

fn values(record: &RunRecord) -> Table {
    let head = |task: &TaskRecord| {
        let samples = task.conditions.first().map_or(0, |one| one.outcome.samples);
        format!("{}, {} of {samples}", task.planned.task.name, task.primary().replace('_', " "))
    };
    let head: Vec<String> = record.tasks.iter().map(head).collect();
    matrix(record, &head, |task, one| {
        let found = task.value(one)?;
        let cell = |value| number(task.primary(), value);
        Some(format!("{} {}", cell(found.value), interval(task, found.interval)))
    })
}

fn differences(record: &RunRecord) -> Table {
    matrix(record, &names(record), |task, one| {
        let found = task.comparisons.iter().find(|found| found.b == one.condition.id())?;
        let difference = number(task.primary(), found.difference);
        let p = p_value(found.p);
        let p = if p.starts_with('<') { format!("p {p}") } else { format!("p = {p}") };
        Some(format!("{difference} {}, {p}", interval(task, found.interval)))
    })
}

fn interval(task: &TaskRecord, interval: Interval) -> String {
    let cell = |value| number(task.primary(), value);
    format!("[{}, {}]", cell(interval.low), cell(interval.high))
}

/// The rows of every task's table with its name before them.
fn with_task(record: &RunRecord, head: &[&str], of: impl Fn(&TaskRecord) -> Table) -> Table {
    let columns: Vec<&str> = std::iter::once("task").chain(head.iter().copied()).collect();
    let mut table = Table::new(&columns);
    for task in &record.tasks {
        for row in of(task).into_rows() {
            table.row(std::iter::once(task.planned.task.name.clone()).chain(row).collect());
        }
    }
    table
}

/// A condition in words; `fed` is what the tasks feed.
fn described(condition: &Condition, fed: &BTreeSet<ModuleKind>) -> String {
    let mut parts = vec![condition.system.to_string()];
    if let Some(modules) = &condition.modules {
        let left_out: Vec<String> = fed.difference(modules).map(ModuleKind::to_string).collect();
        let kept: Vec<String> = modules.iter().map(ModuleKind::to_string).collect();
        parts.push(match left_out.as_slice() {
            [] => kept.join(" and "),
            [one] if modules.len() > 1 => format!("without {one}"),
            _ => format!("only {}", kept.join(" and ")),
        });
    }
    parts.extend(condition.captions.map(|n| format!("at most {n} drawn captions")));
    if condition.shots > 0 {
        let noun = if condition.shots == 1 { "demonstration" } else { "demonstrations" };
        parts.push(format!("{} {noun} ({})", condition.shots, condition.choice));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::described;
    use crate::{Condition, ModuleKind, System};

    #[test]
    fn conditions_are_told_in_words() {
        let fed = [ModuleKind::Tags, ModuleKind::Captions, ModuleKind::Ocr].into();
        let lens = || Condition::of(System::Lens);
        let of =
            |modules: &[ModuleKind]| Condition { modules: Some(modules.iter().copied().collect()), ..lens() };
        let told = [
            described(&lens(), &fed),
            described(&of(&[ModuleKind::Tags, ModuleKind::Captions]), &fed),
            described(&of(&[ModuleKind::Ocr]), &fed),
            described(&Condition { captions: Some(5), ..lens() }, &fed),
            described(&Condition { shots: 3, ..Condition::of(System::LlmOnly) }, &fed),
        ];
        let expected = [
            "lens",
            "lens, without ocr",
            "lens, only ocr",
            "lens, at most 5 drawn captions",
            "llm-only, 3 demonstrations (rices)",
        ];
        assert_eq!(told, expected);
    }
}
