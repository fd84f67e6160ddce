//! Searches as the goldens describe them, compared token by token.

use super::golden::SCORE_TOLERANCE;
use lens_nn::generate::{BeamOptions, Decoder, Lengths, Search, Strategy, generate, score};
use serde::Deserialize;

/// One setting of transformers' `generate`, and what it gave for each item of the batch.
#[derive(Deserialize)]
pub(crate) struct Run {
    name: String,
    min_length: Option<usize>,
    max_length: Option<usize>,
    max_new_tokens: Option<usize>,
    num_beams: Option<usize>,
    num_return_sequences: Option<usize>,
    length_penalty: Option<f32>,
    pub(crate) outputs: Vec<Vec<Output>>,
}

/// A hypothesis of the reference; greedy search gives no score.
#[derive(Deserialize)]
pub(crate) struct Output {
    pub(crate) ids: Vec<u32>,
    score: Option<f64>,
}

/// A continuation and the log-probability of each of its tokens.
#[derive(Deserialize)]
pub(crate) struct Scored {
    ids: Vec<u32>,
    log_probs: Vec<f64>,
}

impl Run {
    fn search(&self, source: usize, prompt: usize, end: u32) -> Search {
        let max = self.max_length.or(self.max_new_tokens.map(|new| prompt + new)).unwrap();
        let strategy = match self.num_beams {
            None => Strategy::Greedy,
            Some(beams) => Strategy::Beam(BeamOptions {
                beams,
                length_penalty: self.length_penalty.unwrap(),
                early_stopping: false,
                returned: self.num_return_sequences.unwrap(),
            }),
        };
        Search { source, strategy, lengths: Lengths { min: self.min_length.unwrap_or(0), max }, end }
    }
}

/// All items of the batch together give the reference's tokens and scores.
pub(crate) fn assert_run<D: Decoder>(decoder: &mut D, prompt: &[u32], run: &Run, end: u32) {
    let items = run.outputs.len();
    let searches: Vec<_> = (0..items).map(|item| run.search(item, prompt.len(), end)).collect();
    let found = generate(decoder, &vec![prompt.to_vec(); items], &searches, &mut ()).unwrap();
    for (item, (found, expected)) in found.iter().zip(&run.outputs).enumerate() {
        assert_eq!(found.len(), expected.len(), "{}, item {item}: number of texts", run.name);
        for (rank, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert_eq!(found.tokens, expected.ids, "{}, item {item}, rank {rank}", run.name);
            let score = expected.score.unwrap_or_else(|| f64::from(found.score));
            assert_score(f64::from(found.score), score, &format!("{}, item {item}, rank {rank}", run.name));
        }
    }
}

/// A sum over many tokens, times or over their number, is compared by its size.
#[track_caller]
fn assert_score(found: f64, expected: f64, what: &str) {
    let allowed = SCORE_TOLERANCE * expected.abs().max(1.0);
    assert!((found - expected).abs() <= allowed, "{what}: score {found}, expected {expected}");
}

/// The goldens ask for what they are meant to: long searches, texts that end early and texts that do not.
pub(crate) fn assert_varied(runs: &[Run]) {
    let lengths: Vec<usize> =
        runs.iter().flat_map(|run| run.outputs.iter().flatten()).map(|output| output.ids.len()).collect();
    assert!(lengths.iter().max().is_some_and(|&longest| longest >= 40));
    assert!(lengths.iter().min().is_some_and(|&shortest| shortest < 15));
    assert_eq!(runs.len(), 8);
}

/// One continuation for each sequence of the decoder has the reference's log-likelihood, and so has its beginning.
pub(crate) fn assert_scores<D: Decoder>(
    mut decoder: impl FnMut() -> D,
    prompts: &[Vec<u32>],
    scored: &[Scored],
) {
    let whole_and_half: Vec<Vec<Vec<u32>>> =
        scored.iter().map(|text| vec![text.ids.clone(), text.ids[..text.ids.len() / 2].to_vec()]).collect();
    let found = score(&mut decoder(), prompts, &whole_and_half).unwrap();
    for (found, expected) in found.iter().zip(scored) {
        let half: f64 = expected.log_probs[..expected.ids.len() / 2].iter().sum();
        let whole: f64 = expected.log_probs.iter().sum();
        assert_score(found[0], whole, "a continuation");
        assert_score(found[1], half, "its first half");
    }
}

/// Logits (sequences, positions, vocabulary) when each row of `forced` is fed one token at a time. Rows are of one length.
pub(crate) fn stepwise_logits<D: Decoder>(decoder: &mut D, forced: &[Vec<u32>]) -> Vec<Vec<f32>> {
    use lens_nn::Backend;
    let mut rows = vec![Vec::new(); forced.len()];
    for position in 0..forced[0].len() {
        let tokens: Vec<u32> = forced.iter().map(|row| row[position]).collect();
        let logits = decoder.step(&tokens, &vec![1; tokens.len()]).unwrap();
        let values = decoder.backend().download(&logits);
        for (row, logits) in rows.iter_mut().zip(values.chunks_exact(decoder.vocabulary_size())) {
            row.extend_from_slice(logits);
        }
    }
    rows
}

/// Logits (sequences, vocabulary) of what follows whole rows, fed at once.
pub(crate) fn logits_after<D: Decoder>(decoder: &mut D, rows: &[Vec<u32>]) -> Vec<f32> {
    use lens_nn::Backend;
    let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
    let logits = decoder.step(&rows.concat(), &lengths).unwrap();
    decoder.backend().download(&logits)
}
