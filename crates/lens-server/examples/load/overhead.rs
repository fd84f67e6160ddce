//! What the proxy adds to an upstream that answers at once, with one picture that is known in a history of ten turns.

use crate::{Fault, http::Http, percentile, pictures::photograph, server::Plan, sorted, target};
use axum::{Router, body::Bytes};
use serde_json::{Value, json};
use std::time::Instant;

pub(crate) async fn measure(plan: &Plan, count: usize) -> Result<String, Fault> {
    let upstream = upstream().await?;
    let server = plan.start(&["--upstream", &upstream]).await?;
    let (picture, bytes) = photograph()?;
    let body = Bytes::from(history(&picture).to_string());
    let http = Http::new();
    let direct = format!("{upstream}/v1/chat/completions");
    let proxied = server.route("/v1/chat/completions");
    for _ in 0..20 {
        http.post(&direct, body.clone()).await?;
        http.post_patiently(&proxied, body.clone()).await?;
    }
    let (mut bare, mut through) = (Vec::new(), Vec::new());
    for _ in 0..count {
        bare.push(time(&http, &direct, &body).await?);
        through.push(time(&http, &proxied, &body).await?);
    }
    let (bare, through) = (sorted(bare), sorted(through));
    let figures = |name: &str, times: &[f64]| {
        format!("{name}: median {:.2} ms, p99 {:.2} ms\n", percentile(times, 0.5), percentile(times, 0.99))
    };
    let over = |share| percentile(&through, share) - percentile(&bare, share);
    Ok(format!(
        "a known picture of {bytes} bytes in ten turns, {count} requests each\n{}{}{}{}",
        figures("bare upstream", &bare),
        figures("through the proxy", &through),
        target("overhead at the median in ms, below", over(0.5), 5.0, over(0.5) < 5.0),
        target("overhead at p99 in ms, below", over(0.99), 15.0, over(0.99) < 15.0),
    ))
}

async fn time(http: &Http, url: &str, body: &Bytes) -> Result<f64, Fault> {
    let start = Instant::now();
    let (status, _, answer) = http.post(url, body.clone()).await?;
    if status != 200 {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&answer)).into());
    }
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

/// Reads all of a request and answers at once.
async fn upstream() -> Result<String, Fault> {
    let answer =
        json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}}]}).to_string();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let answer = move |_: Bytes| std::future::ready(answer);
    let router = Router::new().fallback(answer).layer(axum::extract::DefaultBodyLimit::disable());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

fn history(picture: &str) -> Value {
    let said = "A sentence of an ordinary length, as people write them in a conversation about a picture. "
        .repeat(4);
    let mut messages = vec![
        json!({"role": "system", "content": said}),
        json!({"role": "user", "content": [
        {"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": picture}}]}),
    ];
    for _ in 0..9 {
        messages.push(json!({"role": "assistant", "content": said}));
        messages.push(json!({"role": "user", "content": said}));
    }
    json!({"model": "m", "messages": messages, "temperature": 0.2})
}
