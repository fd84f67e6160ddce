//! What a run says, from its folder alone: `results.json`, CLIP_benchmark's files, Markdown, plots, and a page to look at single
//! samples.

mod clip_benchmark;
mod compare;
mod html;
mod markdown;
mod outcome;
mod plots;
mod record;
mod results;
mod summary;
mod svg;
mod table;

pub use compare::{Comparison, Test};
pub use outcome::{Estimate, Outcome};
pub use record::{ConditionRecord, RunRecord, TaskRecord};

use crate::{files, stats::Bin};
use lens::Result;
use std::path::Path;

/// A reliability diagram as SVG.
pub(crate) fn reliability_diagram(title: &str, bins: &[Bin]) -> String {
    svg::reliability(title, bins)
}

/// Writes the results of each run into its folder, and one report over all of them into `out`: `report.md`, `summary.md`,
/// `report.html`, `plot_*.svg`. Gives back what it read.
///
/// # Errors
/// `Input` when a folder holds no run, or one that is not finished; `Input` when `out` cannot be written to.
pub fn write(runs: &[&Path], out: &Path) -> Result<Vec<RunRecord>> {
    let mut records = Vec::with_capacity(runs.len());
    for run in runs {
        let record = RunRecord::read(run)?;
        results::write(&record, run)?;
        clip_benchmark::write(&record, run)?;
        records.push(record);
    }
    fs_err::create_dir_all(out).map_err(|error| files::unwritable(out, error))?;
    let plots = plots::all(&records);
    for plot in &plots {
        files::write_whole(&out.join(&plot.file), plot.svg.as_bytes())?;
    }
    files::write_whole(&out.join("report.md"), markdown::page(&records, &plots).as_bytes())?;
    files::write_whole(&out.join("summary.md"), summary::page(&records, &plots).as_bytes())?;
    files::write_whole(&out.join("report.html"), html::page(&records, &plots)?.as_bytes())?;
    Ok(records)
}
