//! Numbers one can trust: a task and a data set -> one line for each sample -> metrics with their uncertainty -> a report.
//!
//! A [`Task`] says how a data set is read, asked and scored. [`run()`] looks at the pictures once (evidence goes into the
//! store) and asks as often as there are [`Condition`]s; a killed run goes on where it stopped and ends with the same
//! bytes. [`report`] reads the folder of a run and needs nothing else.

pub mod data;
pub mod metrics;
pub mod report;
pub mod run;
pub mod score;
pub mod stats;
pub mod task;

mod calibrate;
mod condition;
mod files;
mod flaw;
mod hash;
mod shots;
mod tags;
mod vlm;

pub use calibrate::{CalibrateOptions, Calibrated, calibrate};
pub use condition::{Ablation, Choice, Condition, ModuleKind, Sweep, System};
pub use flaw::{Flaw, FlawKind};
pub use run::{Ended, Models, Options, Progress, Stage, run};
pub use task::Task;
pub use vlm::{Vlm, VlmOptions};
