//! `lens eval`: tasks and flags -> a run and its report.

use super::Outcome;
use crate::{
    args::{EvalCalibrate, EvalCommand, EvalRun},
    exit::{Exit, Failure},
    session::Session,
};
use lens::{
    Error, ErrorKind,
    config::{Config, Layer},
    preset::Role,
};
use lens_eval::{
    CalibrateOptions, Calibrated, Ended, Models, Options, Sweep, Task, Vlm, VlmOptions,
    report::{self, RunRecord},
    task,
};
use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Name of the environment variable with the key of `--vlm`.
const VLM_KEY: &str = "LENS_VLM_API_KEY";

pub(super) fn run(command: EvalCommand, session: &Session) -> Outcome {
    match command {
        EvalCommand::Run(args) => evaluate(&args, session),
        EvalCommand::List => list(session),
        EvalCommand::Show { task } => show(&task, session),
        EvalCommand::Report { runs, out } => write_report(&runs, out.as_deref(), session),
        EvalCommand::Calibrate(args) => calibrate(&args, session),
    }
}

fn evaluate(args: &EvalRun, session: &Session) -> Outcome {
    let mut tasks = Vec::new();
    for name in &args.tasks {
        tasks.extend(Task::all_named(name)?);
    }
    let vlm = match &args.vlm {
        Some(address) => Some(vlm(address, session)?),
        None => None,
    };
    session.note_nano(&[Role::Clip, Role::Blip, Role::Ocr, Role::Llm])?;
    let extra = args.set.iter().map(|text| setting(text)).collect::<Result<Vec<Layer>, Error>>()?;
    let open = |layers: &[Layer]| {
        let layers: Vec<Layer> = layers.iter().chain(&extra).cloned().collect();
        let config = session.config_over(&layers)?;
        session.assemble_as(&config, |assembler, watch| assembler.lens(watch))
    };
    let store = session.store();
    if let Some(reason) = store.absence() {
        session.printer.warning(&format!("every system looks at every picture again: {reason}"))?;
    }
    let options = options(args, tasks, session)?;
    let models = Models { open: &open, store: &store, vlm: vlm.as_ref() };
    let bar = session.printer.progress("evaluating");
    let mut watch = |progress: lens_eval::Progress| {
        bar.says(&format!("{} {} {}", progress.task, progress.stage, progress.condition));
        bar.steps(progress.done as u64, progress.total as u64);
    };
    let ended = lens_eval::run(&options, &models, &mut watch, session.interrupt.cancel())?;
    drop(bar);
    let report = || write_report(std::slice::from_ref(&args.out), None, session);
    match ended {
        Ended::Whole => report(),
        Ended::Broken(error) => {
            report()?;
            Err(error.into())
        }
        Ended::Cancelled => {
            session.printer.note("stopped; the same command goes on from here")?;
            Ok(Exit::Interrupted)
        }
    }
}

fn options(args: &EvalRun, tasks: Vec<Task>, session: &Session) -> Result<Options, Failure> {
    let modules = names(&args.modules)?;
    let sweep = Sweep {
        systems: names(&args.system)?,
        modules: (!modules.is_empty()).then(|| modules.into_iter().collect()),
        ablation: args.ablate.as_deref().map(str::parse).transpose()?,
        captions: args.captions.clone(),
        shots: args.shots.clone(),
        choice: args.demonstrations.parse()?,
    };
    Ok(Options {
        tasks,
        data: args.data.clone(),
        out: args.out.clone(),
        sweep,
        limit: args.limit,
        seed: session.config.seed,
        pool: args.pool,
        batch: args.batch,
        max_broken: args.max_broken / 100.0,
        limits: session.config.limits,
    })
}

fn names<T: FromStr<Err = Error>>(texts: &[String]) -> Result<Vec<T>, Error> {
    texts.iter().map(|text| text.trim().parse()).collect()
}

/// `KEY=VALUE`; a value that is no TOML is a text.
fn setting(text: &str) -> Result<Layer, Error> {
    let (key, value) = text.split_once('=').ok_or_else(|| {
        Error::new(ErrorKind::Config, "--set").expected("KEY=VALUE").found(format!("`{text}`"))
    })?;
    let name = format!("--set {key}");
    Layer::toml(name.clone(), &format!("{key} = {value}"))
        .or_else(|_| Ok(Layer::setting(name, key.trim(), value)))
}

fn vlm(address: &str, session: &Session) -> Result<Vlm, Error> {
    if session.config.offline {
        return Err(Error::new(ErrorKind::Config, "--vlm")
            .expected("no endpoint, because LENS is offline")
            .found(format!("`{address}`"))
            .hint("drop --offline"));
    }
    VlmOptions::parse(address, std::env::var(VLM_KEY).ok()).map(Vlm::new)
}

/// Writes the report and prints the numbers that systems are compared by.
fn write_report(runs: &[PathBuf], out: Option<&Path>, session: &Session) -> Outcome {
    let folders: Vec<&Path> = runs.iter().map(PathBuf::as_path).collect();
    let Some(out) = out.or(folders.first().copied()) else { return Ok(Exit::Success) };
    for record in report::write(&folders, out)? {
        print_numbers(&record, session)?;
    }
    session.printer.note(&format!("the report: {}", out.join("report.html").display()))?;
    Ok(Exit::Success)
}

fn print_numbers(record: &RunRecord, session: &Session) -> Result<(), Failure> {
    for task in &record.tasks {
        let (name, metric) = (&task.planned.task.name, task.primary());
        if !session.printer.is_json() {
            session.printer.heading(&format!("{name} ({})", metric.replace('_', " ")))?;
        }
        for one in &task.conditions {
            let id = one.condition.id();
            let Some(found) = task.value(one) else { continue };
            if session.printer.is_json() {
                session.printer.json(&serde_json::json!({
                    "task": name, "system": id, "metric": metric, "value": found.value,
                    "stderr": found.standard_error, "ci95": [found.interval.low, found.interval.high],
                    "samples": one.outcome.scored,
                }))?;
                continue;
            }
            let scale = if metric == "cider_d" { 1.0 } else { 100.0 };
            let value = |value: f64| format!("{:.1}", scale * value);
            let text = format!(
                "{} ± {} [{}, {}]",
                value(found.value),
                value(found.standard_error),
                value(found.interval.low),
                value(found.interval.high)
            );
            session.printer.entry(&id, 32, &text)?;
        }
    }
    Ok(())
}

fn list(session: &Session) -> Outcome {
    for name in Task::names() {
        let task = Task::named(name)?;
        if session.printer.is_json() {
            session.printer.json(&task)?;
        } else {
            session.printer.entry(name, 22, &task.title)?;
        }
    }
    for group in task::groups() {
        if !session.printer.is_json() {
            session.printer.entry(group.name, 22, &group.tasks.join(", "))?;
        }
    }
    Ok(Exit::Success)
}

fn show(name: &str, session: &Session) -> Outcome {
    match Task::text_of(name) {
        Some(text) => session.printer.raw(text.as_bytes())?,
        None => _ = Task::named(name)?,
    }
    Ok(Exit::Success)
}

fn calibrate(args: &EvalCalibrate, session: &Session) -> Outcome {
    let task = Task::named(&args.task)?;
    let config: &Config = &session.config;
    let found = session.assemble_as(config, |assembler, watch| {
        let clip = assembler.clip(watch)?;
        let texts = assembler.vocabulary(Role::Tags, watch)?;
        let (vocabulary, _) = assembler.embed(Role::Tags, texts, &clip, watch)?;
        let bar = session.printer.progress("comparing pictures with the vocabulary");
        let mut tell = |done, total| {
            bar.steps(done as u64, total as u64);
            if session.interrupt.is_raised() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let (limit, seed) = (args.limit, config.seed);
        let (top_k, threshold) = (config.tags.top_k, config.tags.threshold);
        let options = CalibrateOptions { limit, seed, top_k, threshold };
        let found = lens_eval::calibrate(&task, &args.data, options, &vocabulary, &clip, &mut tell)?;
        lens::vocab::keep_temperature(&session.home.vocab(), &vocabulary, &clip, found.temperature)?;
        Ok(found)
    })?;
    if let Some(out) = &args.out {
        found.write(out)?;
        session.printer.note(&format!("the diagrams: {}", out.display()))?;
    }
    print_calibrated(&found, session)?;
    Ok(Exit::Success)
}

fn print_calibrated(found: &Calibrated, session: &Session) -> Result<(), Failure> {
    if session.printer.is_json() {
        session.printer.json(found)?;
        return Ok(());
    }
    session.printer.entry("temperature", 24, &format!("{:.3}", found.temperature))?;
    session.printer.entry("pictures", 24, &found.samples.to_string())?;
    session.printer.entry("listed tags", 24, &found.statements.to_string())?;
    let errors = format!("{:.1} %, was {:.1} %", 100.0 * found.error_after, 100.0 * found.error_before);
    session.printer.entry("calibration error", 24, &errors)?;
    session.printer.note("the tagger uses it from now on; what was seen before is looked at again")?;
    Ok(())
}
