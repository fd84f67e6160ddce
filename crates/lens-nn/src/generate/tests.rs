//! Searches over a decoder whose next token depends on the last one only.

use super::*;
use crate::backend::cpu::{Cpu, CpuOptions, Matrix};

/// Probability of each next token, by last token. Token 0 ends a text, token 1 starts it.
const NEXT: [[f32; 5]; 5] = [
    [0.2, 0.2, 0.2, 0.2, 0.2],
    [0.02, 0.03, 0.5, 0.4, 0.05],
    [0.3, 0.05, 0.05, 0.25, 0.35],
    [0.9, 0.02, 0.02, 0.03, 0.03],
    [0.1, 0.1, 0.3, 0.2, 0.3],
];

struct Chain {
    backend: Cpu,
    last: Vec<u32>,
    steps: usize,
}

impl Chain {
    fn new(sequences: usize) -> Self {
        let backend = Cpu::new(CpuOptions { threads: 1, ..CpuOptions::default() });
        Self { backend, last: vec![0; sequences], steps: 0 }
    }
}

impl Decoder for Chain {
    type Backend = Cpu;

    fn backend(&self) -> &Cpu {
        &self.backend
    }

    fn sequences(&self) -> usize {
        self.last.len()
    }

    fn vocabulary_size(&self) -> usize {
        5
    }

    fn step(&mut self, tokens: &[u32], lengths: &[usize]) -> Result<Matrix> {
        self.steps += 1;
        let ends = lengths.iter().scan(0, |end, length| {
            *end += length;
            Some(*end - 1)
        });
        self.last = ends.map(|end| tokens[end]).collect();
        let logits = self.last.iter().flat_map(|&token| NEXT[token as usize].map(f32::ln)).collect();
        self.backend.upload(logits, 5)
    }

    fn select(&mut self, parents: &[usize]) {
        self.last = parents.iter().map(|&parent| self.last[parent]).collect();
    }
}

const LENGTHS: Lengths = Lengths { min: 0, max: 6 };

fn search(strategy: Strategy, lengths: Lengths) -> Search {
    Search { source: 0, strategy, lengths, end: 0 }
}

fn beams(beams: usize, length_penalty: f32) -> Strategy {
    Strategy::Beam(BeamOptions { beams, length_penalty, early_stopping: false, returned: beams })
}

fn run(searches: &[Search], observer: &mut dyn Observer) -> Vec<Vec<Hypothesis>> {
    generate(&mut Chain::new(1), &[vec![1]], searches, observer).unwrap()
}

#[test]
fn greedy_takes_the_best_token_and_obeys_the_lengths() {
    struct Case {
        lengths: Lengths,
        tokens: &'static [u32],
        probability: f32,
    }
    let cases = [
        Case { lengths: LENGTHS, tokens: &[2, 4, 2, 4, 2], probability: 0.5 * 0.35 * 0.3 * 0.35 * 0.3 },
        Case { lengths: Lengths { min: 0, max: 2 }, tokens: &[2], probability: 0.5 },
    ];
    for Case { lengths, tokens, probability } in cases {
        let found = &run(&[search(Strategy::Greedy, lengths)], &mut ())[0][0];
        assert_eq!(found.tokens, tokens);
        assert!((found.log_prob - probability.ln()).abs() < 1e-5);
    }
}

#[test]
fn beams_find_what_greedy_misses() {
    let found = &run(&[search(beams(2, 0.0), LENGTHS)], &mut ())[0];
    assert_eq!(found[0].tokens, [3, 0]); // 0.4 x 0.9; greedy goes on from 2
    assert!((found[0].score - (0.4f32 * 0.9).ln()).abs() < 1e-5);
    assert_eq!(found[1].tokens, [2, 3, 0]); // [2, 0] was third when it ended, and only the first two may end
}

#[test]
fn the_end_is_barred_before_the_least_length() {
    let lengths = Lengths { min: 4, max: 6 };
    for hypothesis in &run(&[search(beams(2, 1.0), lengths)], &mut ())[0] {
        assert!(hypothesis.tokens.len() >= 4, "{hypothesis:?}"); // prompt 1 + 3 tokens, then the end
    }
}

#[test]
fn searches_together_equal_searches_alone() {
    let stream = |index| Stream::new(7, &[5; 32], index);
    let mut searches = vec![search(beams(2, -1.0), LENGTHS), search(Strategy::Greedy, LENGTHS)];
    let sampled = (0..6).map(|index| Strategy::Sample(SampleOptions::default(), stream(index)));
    searches.extend(sampled.map(|strategy| search(strategy, LENGTHS)));
    let together = run(&searches, &mut ());
    let alone: Vec<_> = searches.iter().map(|one| run(&[*one], &mut ()).remove(0)).collect();
    assert_eq!(together, alone);
    let texts: std::collections::HashSet<_> = together[2..].iter().map(|found| &found[0].tokens).collect();
    assert!(texts.len() > 1, "samples of different streams should differ");
}

#[test]
fn an_observer_hears_tokens_and_can_stop() {
    struct StopAfter(usize, Vec<u32>);
    impl Observer for StopAfter {
        fn token(&mut self, _search: usize, token: u32) {
            self.1.push(token);
        }
        fn cancelled(&self) -> bool {
            self.1.len() >= self.0
        }
    }
    let mut observer = StopAfter(2, Vec::new());
    let found = run(
        &[search(Strategy::Greedy, LENGTHS), search(beams(2, 0.0), Lengths { min: 6, max: 6 })],
        &mut observer,
    );
    assert_eq!(observer.1, [2, 4]);
    assert_eq!(found[0][0].tokens, [2, 4]);
    assert_eq!(found[1][0].tokens.len(), 2);
}

#[test]
fn scores_are_sums_of_log_probabilities_along_shared_beginnings() {
    let texts = vec![vec![2, 4, 0], vec![2, 4, 2, 0], vec![3, 0], vec![2]];
    let mut decoder = Chain::new(2);
    let scores = score(&mut decoder, &[vec![1], vec![1, 3]], &[texts.clone(), vec![vec![0]]]).unwrap();
    for (text, score) in texts.iter().zip(&scores[0]) {
        let mut last = 1;
        let expected: f64 = text
            .iter()
            .map(|&token| f64::from(NEXT[std::mem::replace(&mut last, token) as usize][token as usize]).ln())
            .sum();
        assert!((score - expected).abs() < 1e-5, "{text:?}: {score} against {expected}");
    }
    assert!((scores[1][0] - 0.9f64.ln()).abs() < 1e-5);
    assert_eq!(decoder.steps, 4); // the longest text has four tokens; all others ride along
}

#[test]
fn senseless_options_are_refused() {
    let sample = |temperature, top_p| {
        Strategy::Sample(SampleOptions { temperature, top_k: 0, top_p }, Stream::new(0, &[0; 32], 0))
    };
    let cases = [
        search(beams(0, 0.0), LENGTHS),
        search(beams(3, 0.0), LENGTHS),
        search(sample(0.0, 1.0), LENGTHS),
        search(sample(1.0, 1.5), LENGTHS),
        search(Strategy::Greedy, Lengths { min: 0, max: 1 }),
    ];
    for case in cases {
        let error = generate(&mut Chain::new(1), &[vec![1]], &[case], &mut ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{case:?}");
    }
    assert_eq!(score(&mut Chain::new(1), &[vec![1]], &[vec![vec![]]]).unwrap_err().kind(), ErrorKind::Input);
    assert_eq!(score(&mut Chain::new(1), &[vec![1]], &[vec![vec![9]]]).unwrap_err().kind(), ErrorKind::Input);
}
