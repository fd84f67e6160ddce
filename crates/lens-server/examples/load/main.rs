//! What the server costs and stands, measured on a real `lens serve`:
//!
//! ```console
//! $ cargo build --release && cargo build --release -p lens-server --example load
//! $ target/release/examples/load target/release/lens overhead 1000
//! $ target/release/examples/load target/release/lens clients 2000
//! $ target/release/examples/load target/release/lens throughput 200
//! ```
//!
//! Further arguments go to `lens serve`, such as `--preset FILE` for other models.

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
    let usage = "usage: load LENS overhead|clients|throughput COUNT [ARGUMENTS OF lens serve...]";
    let (Some(program), Some(part), Some(count)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err(usage.into());
    };
    let count: usize = count.parse().map_err(|_| usage)?;
    let plan = server::Plan { program, arguments: arguments.collect() };
    match part.as_str() {
        "overhead" => overhead::measure(&plan, count).await,
        "clients" => clients::measure(&plan, count).await,
        "throughput" => throughput::measure(&plan, count).await,
        _ => Err(usage.into()),
    }
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
