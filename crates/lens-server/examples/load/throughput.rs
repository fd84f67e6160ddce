//! Pictures that are new, looked at for one client and for sixteen.

use crate::{Fault, http::Http, pictures::shapes, server::Plan, target};
use axum::body::Bytes;
use serde_json::json;
use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

const CLIENTS: usize = 16;

/// What one run showed.
struct Run {
    per_second: f64,
    /// Cores that the server kept busy, on average.
    cores: f64,
    /// Pictures of a batch, on average.
    batch: f64,
    /// Milliseconds of each module for one picture.
    modules: Vec<(String, f64)>,
}

pub(crate) async fn measure(plan: &Plan, count: usize) -> Result<String, Fault> {
    let body = |number: usize| Ok(Bytes::from(json!({"image": shapes(number as u64)?}).to_string()));
    let bodies: Arc<Vec<Bytes>> = Arc::new((0..count).map(body).collect::<Result<_, Fault>>()?);
    let one = run(plan, 1, &bodies).await?;
    let many = run(plan, CLIENTS, &bodies).await?;
    let times = many.per_second / one.per_second;
    let mut report =
        format!("{count} new pictures\none client: {}{CLIENTS} clients: {}", told(&one), told(&many));
    report += &target("throughput of sixteen clients over that of one, at least", times, 1.5, times >= 1.5);
    Ok(report)
}

/// A run as lines: what does not stand beside a module is decoding, HTTP and waiting.
fn told(run: &Run) -> String {
    let mut text = format!(
        "{:.2} pictures/s, {:.2} cores busy, {:.1} looked at together;",
        run.per_second, run.cores, run.batch
    );
    for (module, milliseconds) in &run.modules {
        // Writing to a string cannot fail.
        _ = write!(text, " {module} {milliseconds:.1} ms");
    }
    let all: f64 = run.modules.iter().map(|(_, milliseconds)| milliseconds).sum();
    text + &format!(" a picture; {:.0} % of the time\n", all * run.per_second / 10.0)
}

/// On a server of its own, whose models are loaded.
async fn run(plan: &Plan, clients: usize, bodies: &Arc<Vec<Bytes>>) -> Result<Run, Fault> {
    let server = plan.start(&[]).await?;
    let url = server.route("/v1/evidence");
    let next = Arc::new(AtomicUsize::new(0));
    let (start, before) = (Instant::now(), server.worked());
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let (url, bodies, next) = (url.clone(), Arc::clone(bodies), Arc::clone(&next));
            tokio::spawn(async move {
                let http = Http::new();
                while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    http.post_patiently(&url, body.clone()).await?;
                }
                Ok::<(), Fault>(())
            })
        })
        .collect();
    for client in clients {
        client.await??;
    }
    let seconds = start.elapsed().as_secs_f64();
    let worked = server.worked().zip(before).map_or(f64::NAN, |(after, before)| after - before);
    let (per_second, cores) = (bodies.len() as f64 / seconds, worked / seconds);
    let metrics = Http::new().text(&server.route("/metrics")).await?;
    let pictures = number(&metrics, "lens_batch_pictures_sum").max(1.0);
    let batch = pictures / number(&metrics, "lens_batch_pictures_count").max(1.0);
    let seconds = metrics.lines().filter_map(|line| line.strip_prefix("lens_module_seconds_sum{module=\""));
    let modules = seconds.filter_map(|line| {
        let (module, seconds) = line.split_once("\"} ")?;
        Some((module.to_owned(), 1000.0 * seconds.parse::<f64>().ok()? / pictures))
    });
    Ok(Run { per_second, cores, batch, modules: modules.collect() })
}

/// The value of a line of the metrics.
fn number(metrics: &str, name: &str) -> f64 {
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.unwrap_or(f64::NAN)
}
