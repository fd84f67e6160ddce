//! Pictures that are new, looked at for one client and for sixteen.

use crate::{Fault, http::Http, pictures::shapes, server::Plan};
use axum::body::Bytes;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

const CLIENTS: usize = 16;

pub(crate) async fn measure(plan: &Plan, count: usize) -> Result<String, Fault> {
    let body = |number: usize| Ok(Bytes::from(json!({"image": shapes(number as u64)?}).to_string()));
    let bodies: Arc<Vec<Bytes>> = Arc::new((0..count).map(body).collect::<Result<_, Fault>>()?);
    let one = run(plan, 1, &bodies).await?;
    let many = run(plan, CLIENTS, &bodies).await?;
    Ok(format!(
        "{count} new pictures: one client {one:.2}/s, {CLIENTS} clients {many:.2}/s, {:.2} times as many\n",
        many / one
    ))
}

/// Pictures in a second, on a server of its own.
async fn run(plan: &Plan, clients: usize, bodies: &Arc<Vec<Bytes>>) -> Result<f64, Fault> {
    let server = plan.start(&[])?;
    let url = server.route("/v1/evidence");
    // The models are loaded by a picture that is none of those.
    let warm = Bytes::from(json!({"image": shapes(u64::MAX)?}).to_string());
    Http::new().post_patiently(&url, warm).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
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
    Ok(bodies.len() as f64 / start.elapsed().as_secs_f64())
}
