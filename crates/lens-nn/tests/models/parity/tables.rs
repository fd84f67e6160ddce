//! Tokenizers, T5's relative buckets, and what may be sampled.

use super::golden::{Golden, SCORE_TOLERANCE};
use lens_nn::{
    backend::Candidate,
    generate::{SampleOptions, distribution},
    t5::relative_bucket,
    tokenizer::Tokenizer,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Tokenized {
    text: String,
    ids: Vec<u32>,
    plain_ids: Vec<u32>,
    decoded: String,
}

#[test]
fn tokenizers_equal_the_reference() {
    for family in ["clip", "bert", "t5"] {
        let golden = Golden::new(&format!("tokenizers/{family}"));
        let tokenizer = Tokenizer::from_checkpoint(&golden.checkpoint()).unwrap();
        for case in golden.json::<Vec<Tokenized>>("cases.json") {
            assert_eq!(tokenizer.encode(&case.text).unwrap(), case.ids, "{family}: {:?}", case.text);
            assert_eq!(
                tokenizer.encode_plain(&case.text).unwrap(),
                case.plain_ids,
                "{family}: {:?}",
                case.text
            );
            assert_eq!(
                tokenizer.decode(&case.ids).unwrap(),
                case.decoded.trim(),
                "{family}: {:?}",
                case.text
            );
        }
    }
}

#[derive(Deserialize)]
struct Buckets {
    reach: i64,
    tables: Vec<BucketTable>,
}

#[derive(Deserialize)]
struct BucketTable {
    buckets: usize,
    max_distance: usize,
    bidirectional: bool,
    table: Vec<usize>,
}

#[test]
fn relative_buckets_equal_the_reference() {
    let golden: Buckets = Golden::new("").json("t5-buckets.json");
    for BucketTable { buckets, max_distance, bidirectional, table } in golden.tables {
        for (distance, expected) in (-golden.reach..=golden.reach).zip(table) {
            let found = relative_bucket(distance, bidirectional, buckets, max_distance);
            assert_eq!(found, expected, "{buckets} buckets, distance {distance}, both ways: {bidirectional}");
        }
    }
}

#[derive(Deserialize)]
struct Sampling {
    end: u32,
    tables: Vec<SamplingTable>,
}

#[derive(Deserialize)]
struct SamplingTable {
    logits: Vec<f32>,
    cases: Vec<SamplingCase>,
}

#[derive(Deserialize)]
struct SamplingCase {
    temperature: f32,
    top_k: usize,
    top_p: f32,
    /// The text is still shorter than its least length.
    end_barred: bool,
    probabilities: Vec<(u32, f64)>,
}

#[test]
fn distributions_to_sample_from_equal_the_reference() {
    let golden: Sampling = Golden::new("").json("sampling.json");
    for table in &golden.tables {
        let candidates = candidates(&table.logits);
        for case in &table.cases {
            let barred = |candidate: &&Candidate| !(case.end_barred && candidate.id == golden.end);
            assert_distribution(&candidates.iter().filter(barred).copied().collect::<Vec<_>>(), case);
        }
    }
}

/// All tokens, best first.
fn candidates(logits: &[f32]) -> Vec<Candidate> {
    let log_sum = logits.iter().map(|logit| logit.exp()).sum::<f32>().ln();
    let mut all: Vec<Candidate> =
        (0..).zip(logits).map(|(id, logit)| Candidate { id, log_prob: logit - log_sum }).collect();
    all.sort_by(|a, b| b.log_prob.total_cmp(&a.log_prob));
    all
}

fn assert_distribution(allowed: &[Candidate], case: &SamplingCase) {
    let options = SampleOptions { temperature: case.temperature, top_k: case.top_k, top_p: case.top_p };
    let mut found = distribution(allowed, &options);
    found.sort_by_key(|(id, _)| *id);
    let ids = |pairs: &[(u32, f64)]| pairs.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids(&case.probabilities), "{options:?}");
    for ((_, found), (_, expected)) in found.iter().zip(&case.probabilities) {
        assert!((f64::from(*found) - expected).abs() <= SCORE_TOLERANCE, "{options:?}: {found} {expected}");
    }
}
