//! When a run ran: the one file whose bytes differ between two runs of a plan.

use crate::files;
use lens::Result;
use serde_json::{Value, json};
use std::{
    io::Write,
    path::{Path, PathBuf},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// Appends to `times.jsonl`.
pub(super) struct Times {
    path: PathBuf,
    start: Instant,
}

impl Times {
    pub(super) fn start(out: &Path, run_id: &str) -> Result<Self> {
        let times = Self { path: out.join("times.jsonl"), start: Instant::now() };
        times.append(&json!({"event": "start", "run_id": run_id, "unix_time": unix_time()}))?;
        Ok(times)
    }

    /// A stage over `samples` samples took from `start` until now.
    pub(super) fn took(&self, start: Instant, task: &str, stage: &str, samples: usize) -> Result<()> {
        let seconds = start.elapsed().as_secs_f64();
        self.append(
            &json!({"event": "stage", "task": task, "stage": stage, "samples": samples, "seconds": seconds}),
        )
    }

    pub(super) fn finished(&self) -> Result<()> {
        let seconds = self.start.elapsed().as_secs_f64();
        self.append(
            &json!({"event": "end", "unix_time": unix_time(), "total_evaluation_time_seconds": seconds}),
        )
    }

    fn append(&self, event: &Value) -> Result<()> {
        let file = fs_err::File::options().append(true).create(true).open(&self.path);
        let written = file.and_then(|mut file| writeln!(file, "{event}"));
        written.map_err(|error| files::unwritable(&self.path, error))
    }
}

fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
