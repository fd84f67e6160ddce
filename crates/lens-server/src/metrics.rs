//! Numbers about the server in Prometheus' text format.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What is measured: name, type, help.
const FAMILIES: [(&str, &str, &str); 11] = [
    (REQUESTS, "counter", "Requests answered, by route and status."),
    (REQUEST_SECONDS, "histogram", "Seconds until the head of the answer, by route."),
    (QUEUE, "gauge", "Pictures that wait to be looked at."),
    (QUESTIONS, "gauge", "Requests that wait for a language model or CLIP, or are being answered."),
    (BATCH, "histogram", "Pictures looked at together."),
    (ANSWERS, "histogram", "Questions answered together."),
    (MODULE_SECONDS, "histogram", "Seconds of a module for one batch."),
    (EVIDENCE, "counter", "Evidence given, by where it came from: memory, store, vision."),
    (REFUSED, "counter", "Pictures and questions refused because too many waited."),
    (ABANDONED, "counter", "Pictures and questions nobody waited for any more when their turn came."),
    (
        TOKENS_SAVED,
        "counter",
        "Tokens of pictures (85 and 170 for each tile of 512 pixels) less those of their evidence.",
    ),
];

pub(crate) const REQUESTS: &str = "lens_requests_total";
pub(crate) const REQUEST_SECONDS: &str = "lens_request_seconds";
pub(crate) const QUEUE: &str = "lens_queue_pictures";
pub(crate) const QUESTIONS: &str = "lens_open_questions";
pub(crate) const BATCH: &str = "lens_batch_pictures";
pub(crate) const ANSWERS: &str = "lens_answer_batch_questions";
pub(crate) const MODULE_SECONDS: &str = "lens_module_seconds";
pub(crate) const EVIDENCE: &str = "lens_evidence_total";
pub(crate) const REFUSED: &str = "lens_refused_total";
pub(crate) const ABANDONED: &str = "lens_abandoned_total";
pub(crate) const TOKENS_SAVED: &str = "lens_tokens_saved_total";

/// Upper edges of the buckets: powers of two from 1 ms to 65 s cover seconds, and from 1 on batches too.
const EDGES: [f64; 17] = [
    0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0,
    64.0,
];

/// All numbers.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<BTreeMap<&'static str, BTreeMap<String, Series>>>);

#[derive(Debug, Default)]
struct Series {
    value: f64,
    /// How often a value was observed, by bucket; empty for counters and gauges.
    buckets: Vec<u64>,
    count: u64,
}

impl Metrics {
    /// Adds to a counter. `labels` as Prometheus writes them (`route="/health"`), or empty.
    pub(crate) fn add(&self, name: &'static str, labels: &str, by: f64) {
        self.lock().entry(name).or_default().entry(labels.to_owned()).or_default().value += by;
    }

    /// Sets a gauge.
    pub(crate) fn set(&self, name: &'static str, value: f64) {
        self.lock().entry(name).or_default().entry(String::new()).or_default().value = value;
    }

    /// Adds an observation to a histogram.
    pub(crate) fn observe(&self, name: &'static str, labels: &str, value: f64) {
        let mut all = self.lock();
        let series = all.entry(name).or_default().entry(labels.to_owned()).or_default();
        series.buckets.resize(EDGES.len(), 0);
        series.value += value;
        series.count += 1;
        for (bucket, _) in series.buckets.iter_mut().zip(EDGES).filter(|(_, edge)| value <= *edge) {
            *bucket += 1;
        }
    }

    /// Everything in the text format.
    pub(crate) fn render(&self) -> String {
        let (all, mut text) = (self.lock(), String::new());
        for (name, kind, help) in FAMILIES {
            let Some(series) = all.get(name) else { continue };
            // Writing to a string cannot fail.
            _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, one) in series {
                one.render(&mut text, name, labels);
            }
        }
        text
    }

    /// A panic elsewhere leaves the numbers usable.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, BTreeMap<String, Series>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Series {
    fn render(&self, text: &mut String, name: &str, labels: &str) {
        let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        if self.buckets.is_empty() {
            _ = writeln!(text, "{name}{braced} {}", self.value);
            return;
        }
        let comma = if labels.is_empty() { "" } else { "," };
        for (edge, count) in EDGES.iter().zip(&self.buckets) {
            _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{edge}\"}} {count}");
        }
        _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {}", self.count);
        _ = writeln!(text, "{name}_sum{braced} {}\n{name}_count{braced} {}", self.value, self.count);
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCH, Metrics, REQUESTS};

    #[test]
    fn the_text_is_prometheus() {
        let metrics = Metrics::default();
        metrics.add(REQUESTS, "route=\"/x\",status=\"200\"", 1.0);
        metrics.add(REQUESTS, "route=\"/x\",status=\"200\"", 1.0);
        metrics.observe(BATCH, "", 3.0);
        let text = metrics.render();
        assert!(text.contains(
            "# TYPE lens_requests_total counter\nlens_requests_total{route=\"/x\",status=\"200\"} 2\n"
        ));
        assert!(
            text.contains("lens_batch_pictures_bucket{le=\"2\"} 0\nlens_batch_pictures_bucket{le=\"4\"} 1\n")
        );
        assert!(text.ends_with("lens_batch_pictures_sum 3\nlens_batch_pictures_count 1\n"), "{text}");
    }
}
