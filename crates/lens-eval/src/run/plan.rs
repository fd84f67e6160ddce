//! What a run is, fixed at its first start.

use super::{Models, Options, Work, vision::Needs};
use crate::{Choice, Condition, System, Task, files, hash::digest};
use lens::{Error, ErrorKind, Fingerprint, Module, Result};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

const FILE: &str = "run.json";

/// What a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Address of all that follows: the same plan has the same id everywhere.
    pub run_id: String,
    /// Version of LENS.
    pub lens: String,
    /// Chooses samples and random demonstrations.
    pub seed: u64,
    /// The most samples of each task.
    pub limit: Option<usize>,
    /// The most training samples that demonstrations are chosen from.
    pub pool: usize,
    /// The tasks in their order.
    pub tasks: Vec<TaskPlan>,
}

/// What a task of a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskPlan {
    /// The task as it stands.
    pub task: Task,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// What is compared.
    pub conditions: Vec<Condition>,
    /// Name of the prompt's template.
    pub template: String,
    /// How answers are searched for.
    pub decoding: String,
    /// What looks: the fingerprint of each module by its name.
    pub modules: BTreeMap<String, Fingerprint>,
    /// CLIP.
    pub embedder: Option<Fingerprint>,
    /// Name of the language model.
    pub llm: Option<String>,
    /// The language model.
    pub llm_fingerprint: Option<Fingerprint>,
    /// Whether it gives likelihoods.
    pub gives_likelihoods: bool,
    /// The model that gets the pixels.
    pub vlm: Option<String>,
}

pub(super) fn make(options: &Options, models: &Models<'_>, works: &[Work<'_>]) -> Result<Plan> {
    let tasks = works.iter().map(|work| task_plan(options, models, work)).collect::<Result<_>>()?;
    let mut plan = Plan {
        run_id: String::new(),
        lens: env!("CARGO_PKG_VERSION").to_owned(),
        seed: options.seed,
        limit: options.limit,
        pool: options.pool,
        tasks,
    };
    let text = serde_json::to_string(&plan)
        .map_err(|error| Error::new(ErrorKind::Internal, "the plan of a run as JSON").because(error))?;
    plan.run_id = digest([text.as_str()]).chars().take(16).collect();
    Ok(plan)
}

fn task_plan(options: &Options, models: &Models<'_>, work: &Work<'_>) -> Result<TaskPlan> {
    let Work { task, dataset, lens } = work;
    let conditions = options.sweep.conditions(&task.evidence.modules);
    let conditions: Vec<Condition> = conditions.into_iter().filter(|one| suits(one.system, task)).collect();
    if conditions.is_empty() {
        return Err(Error::new(ErrorKind::Config, format!("task {}", task.name))
            .expected("a system that can do it")
            .found("none of those given")
            .hint(
                "clip chooses classes, captioner writes captions; lens, llm-only and vlm answer questions",
            ));
    }
    let has = |system| conditions.iter().any(|condition| condition.system == system);
    if has(System::Vlm) && models.vlm.is_none() {
        return Err(Error::new(ErrorKind::Config, "--system vlm")
            .expected("a vision model to compare with")
            .found("none")
            .hint("name it with --vlm BASE_URL#MODEL"));
    }
    let reads =
        conditions.iter().any(|one| matches!(one.system, System::Lens | System::LlmOnly | System::Swapped));
    let vlm = if has(System::Vlm) { models.vlm.map(crate::Vlm::name) } else { None };
    let llm = if reads { Some(lens.reader()?.info()) } else { None };
    Ok(TaskPlan {
        task: (*task).clone(),
        classes: dataset.classes.clone(),
        conditions,
        template: lens.prompt_maker().template.name().to_owned(),
        decoding: format!("{:?}", lens.decoding()),
        modules: lens
            .modules()
            .map(|module| (module.name().to_owned(), Module::fingerprint(module)))
            .collect(),
        embedder: lens.embedder().ok().map(lens::Embedder::fingerprint),
        llm: llm.as_ref().map(|llm| llm.name.clone()),
        gives_likelihoods: llm.as_ref().is_some_and(|llm| llm.gives_likelihoods),
        llm_fingerprint: llm.map(|llm| llm.fingerprint),
        vlm,
    })
}

/// Whether a system can do a task at all.
fn suits(system: System, task: &Task) -> bool {
    let captioning = task.kind == crate::task::Kind::Captioning;
    match system {
        System::Clip => task.has_classes(),
        System::Captioner => captioning,
        _ => true,
    }
}

impl Plan {
    /// Writes the plan, or finds the same one.
    ///
    /// # Errors
    /// `Config` when the folder holds another.
    pub(super) fn keep(&self, out: &Path) -> Result<()> {
        let path = out.join(FILE);
        if !path.exists() {
            return files::write_json(&path, self);
        }
        let kept = Self::read(out)?;
        if kept.run_id == self.run_id {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Config, path.display().to_string())
            .expected(format!("this run, {}", self.run_id))
            .found(format!("another one, {}", kept.run_id))
            .hint("choose another folder with --out; models, settings, tasks and systems make a run"))
    }

    /// The plan of the run in a folder.
    ///
    /// # Errors
    /// `Input` when the folder holds none.
    pub fn read(out: &Path) -> Result<Self> {
        let path = out.join(FILE);
        serde_json::from_str(&files::read_text(&path)?).map_err(|error| {
            Error::new(ErrorKind::Input, path.display().to_string())
                .expected("the plan of a run of this version")
                .found(error.to_string())
                .because(error)
        })
    }
}

impl TaskPlan {
    /// What vision must compute.
    pub(super) fn needs(&self) -> Needs {
        let any = |test: &dyn Fn(&Condition) -> bool| self.conditions.iter().any(test);
        Needs {
            evidence: any(&Condition::reads_evidence),
            embedding: any(&|one| one.system == System::Clip || one.shots > 0 && one.choice == Choice::Rices),
        }
    }
}
