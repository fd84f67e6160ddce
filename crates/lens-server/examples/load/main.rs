//! What the server costs and stands, measured on a real `lens serve`:
//!
//! ```console
//! $ cargo build --release && cargo build --release -p lens-server --example load
//! $ target/release/examples/load target/release/lens overhead 1000
//! $ target/release/examples/load target/release/lens clients 2000
//! $ target/release/examples/load target/release/lens throughput 200
//! ```
//!
//! Each prints what it measured beside what it should reach. Of the requests of `clients` every fifth has a new picture;
//! `2000/40` are 2,000 requests with 40 pictures. Further arguments go to `lens serve`, such as `--preset FILE` for other
//! models: full-size ones with random weights are written by `python -m reference.random_preset FOLDER` (then
//! `--preset FOLDER/preset.toml`, and counts of 200, 100/20 and 20: a picture takes seconds).
//!
//! `throughput` also tells where the seconds went, module by module, from the server's own metrics, and how many cores
//! were busy.

mod clients;
mod http;
mod overhead;
mod pictures;
mod server;
mod throughput;

use std::{io::Write, process::ExitCode};

/// What went wrong, for whoever runs this.
type Fault = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let told = match run().await {
        Ok(report) => report,
        Err(fault) => format!("failed: {fault}\n"),
    };
    let failed = told.starts_with("failed");
    // When nobody reads it there is nothing else to do.
    _ = std::io::stdout().write_all(told.as_bytes());
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn run() -> Result<String, Fault> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: load LENS overhead|clients|throughput COUNT[/PICTURES] [ARGUMENTS OF lens serve...]";
    let (Some(program), Some(part), Some(count)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err(usage.into());
    };
    let (count, pictures) = counts(&count).ok_or(usage)?;
    let plan = server::Plan::new(program, arguments.collect())?;
    match part.as_str() {
        "overhead" => overhead::measure(&plan, count).await,
        "clients" => clients::measure(&plan, count, pictures).await,
        "throughput" => throughput::measure(&plan, count).await,
        _ => Err(usage.into()),
    }
}

/// A number of requests, and of pictures where it says so; else every fifth request has a new one.
fn counts(text: &str) -> Option<(usize, usize)> {
    let (count, pictures) = text.split_once('/').map_or((text, None), |(count, rest)| (count, Some(rest)));
    let count: usize = count.parse().ok().filter(|count| *count > 0)?;
    let pictures = pictures.map_or(Some(count.div_ceil(5)), |pictures| pictures.parse().ok())?;
    (1..=count).contains(&pictures).then_some((count, pictures))
}

/// The value below which a share of the sorted values lie.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// A bound and whether it is kept, as a line of a report.
fn target(what: &str, value: f64, bound: f64, is_kept: bool) -> String {
    let verdict = if is_kept { "reached" } else { "NOT REACHED" };
    format!("target: {what} {bound}: {value:.2}, {verdict}\n")
}
