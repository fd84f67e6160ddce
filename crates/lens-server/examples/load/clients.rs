//! Many clients at once: every request is answered, with the answer that one client alone gets.

use crate::{Fault, http::Http, percentile, pictures::shapes, server::Plan, sorted, target};
use axum::body::Bytes;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

const CLIENTS: usize = 64;

/// What one client saw.
#[derive(Default)]
struct Seen {
    answers: Vec<(usize, String)>,
    seconds: Vec<f64>,
    refused: usize,
}

/// New pictures are spread evenly over the run; between them those of before come again.
pub(crate) async fn measure(plan: &Plan, count: usize, pictures: usize) -> Result<String, Fault> {
    let bodies: Vec<Bytes> = (0..pictures).map(body).collect::<Result<_, Fault>>()?;
    let expected = one_by_one(plan, &bodies).await?;
    let server = plan.start(&[]).await?;
    let (url, bodies) = (server.route("/v1/chat/completions"), Arc::new(bodies));
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(url.clone(), Arc::clone(&bodies), Arc::clone(&next), count)))
        .collect();
    let mut memory = Vec::new();
    while next.load(Ordering::Relaxed) < count {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        memory.extend(server.memory().map(|size| (next.load(Ordering::Relaxed), size)));
    }
    let mut all = Seen::default();
    for client in clients {
        let Seen { answers, seconds, refused } = client.await??;
        all.answers.extend(answers);
        all.seconds.extend(seconds);
        all.refused += refused;
    }
    report(all, &expected, &memory, start.elapsed().as_secs_f64(), count)
}

async fn client(
    url: String,
    bodies: Arc<Vec<Bytes>>,
    next: Arc<AtomicUsize>,
    count: usize,
) -> Result<Seen, Fault> {
    let (http, mut seen) = (Http::new(), Seen::default());
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(seen);
        }
        let picture = which(number, count, bodies.len());
        let Some(body) = bodies.get(picture) else { return Err("a picture is missing".into()) };
        let start = Instant::now();
        let (answer, refused) = http.post_patiently(&url, body.clone()).await?;
        seen.seconds.push(start.elapsed().as_secs_f64());
        seen.refused += refused;
        seen.answers.push((picture, text(&answer)?));
    }
}

/// Whenever the run has come far enough a new picture; between, those of before in another order.
fn which(number: usize, count: usize, pictures: usize) -> usize {
    let newest = |number: usize| number * pictures / count;
    let is_new = number.checked_sub(1).is_none_or(|last| newest(last) != newest(number));
    if is_new { newest(number) } else { (number * 7919) % (newest(number) + 1) }
}

fn body(picture: usize) -> Result<Bytes, Fault> {
    let url = shapes(picture as u64)?;
    let content = json!([{"type": "text", "text": "Which colours are there?"}, {"type": "image_url", "image_url": {"url": url}}]);
    Ok(json!({"messages": [{"role": "user", "content": content}], "lens": {"evidence": true}})
        .to_string()
        .into())
}

/// What was answered, and the text that it rests on.
fn text(answer: &Bytes) -> Result<String, Fault> {
    let answer: Value = serde_json::from_slice(answer)?;
    let said = answer["choices"][0]["message"]["content"].as_str().ok_or("an answer without text")?;
    Ok(format!("{said}\n{}", answer["lens"]["prompt"]["prompt"]["text"]))
}

/// The answers of another server to one client.
async fn one_by_one(plan: &Plan, bodies: &[Bytes]) -> Result<HashMap<usize, String>, Fault> {
    let (server, http) = (plan.start(&[]).await?, Http::new());
    let mut answers = HashMap::new();
    for (picture, body) in bodies.iter().enumerate() {
        let (answer, _) = http.post_patiently(&server.route("/v1/chat/completions"), body.clone()).await?;
        answers.insert(picture, text(&answer)?);
    }
    Ok(answers)
}

fn report(
    all: Seen,
    expected: &HashMap<usize, String>,
    memory: &[(usize, f64)],
    seconds: f64,
    count: usize,
) -> Result<String, Fault> {
    let wrong = all.answers.iter().filter(|(picture, answer)| expected.get(picture) != Some(answer)).count();
    if wrong > 0 || all.answers.len() != count {
        return Err(
            format!("{} of {count} answered, {wrong} not as one client alone", all.answers.len()).into()
        );
    }
    let times = sorted(all.seconds);
    let refused = 100.0 * all.refused as f64 / (count + all.refused) as f64;
    Ok(format!(
        "{CLIENTS} clients, {count} requests, {} pictures: all answered, each as one client alone is\n\
         {:.1} requests/s; median {:.2} s, p99 {:.2} s\n{}{}",
        expected.len(),
        count as f64 / seconds,
        percentile(&times, 0.5),
        percentile(&times, 0.99),
        target("tries refused with 429 in %, at most", refused, 10.0, refused <= 10.0),
        memory_report(memory, count),
    ))
}

/// The largest memory of each fifth of the run; warm means that a fifth was answered.
fn memory_report(memory: &[(usize, f64)], count: usize) -> String {
    let most = |fifth: usize| {
        let own = memory.iter().filter(|(done, _)| done * 5 / count.max(1) == fifth).map(|(_, size)| *size);
        own.fold(f64::NAN, f64::max)
    };
    let fifths: Vec<f64> = (0..5).map(most).collect();
    let told: Vec<String> = fifths.iter().map(|size| format!("{size:.0}")).collect();
    format!("memory in MiB, the most of each fifth of the run: {}\n", told.join(", "))
}
