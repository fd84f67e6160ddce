//! One sequence at a time: the best token, or a drawn one.

use super::{Hypothesis, Lengths, Next, SampleOptions, Search, Stream, distribution};
use crate::backend::Candidate;

pub(super) struct SingleSearch {
    sampling: Option<(SampleOptions, Stream)>,
    lengths: Lengths,
    end: u32,
    prompt: usize,
    tokens: Vec<u32>,
    log_prob: f32,
}

impl SingleSearch {
    pub(super) fn new(sampling: Option<(SampleOptions, Stream)>, search: &Search, prompt: usize) -> Self {
        let Search { lengths, end, .. } = *search;
        Self { sampling, lengths, end, prompt, tokens: Vec::new(), log_prob: 0.0 }
    }

    pub(super) fn advance(&mut self, rows: &[Vec<Candidate>]) -> Vec<Next> {
        let length = self.prompt + self.tokens.len();
        let end_barred = length < self.lengths.min;
        let allowed =
            rows.iter().flatten().filter(|candidate| !(end_barred && candidate.id == self.end)).copied();
        let Some(chosen) = self.choose(&allowed.collect::<Vec<_>>()) else {
            return Vec::new();
        };
        self.tokens.push(chosen.id);
        self.log_prob += chosen.log_prob;
        if chosen.id == self.end || length + 1 >= self.lengths.max {
            return Vec::new();
        }
        vec![Next { row: 0, token: chosen.id }]
    }

    fn choose(&self, allowed: &[Candidate]) -> Option<Candidate> {
        let Some((options, stream)) = &self.sampling else {
            return allowed.first().copied();
        };
        let probabilities = distribution(allowed, options);
        let drawn = stream.uniform(self.tokens.len() as u32);
        let mut passed = 0.0;
        let chosen = probabilities.iter().find(|(_, probability)| {
            passed += f64::from(*probability);
            drawn < passed
        });
        let (id, _) = chosen.or(probabilities.last())?;
        allowed.iter().find(|candidate| candidate.id == *id).copied()
    }

    pub(super) fn finish(self) -> Vec<Hypothesis> {
        vec![Hypothesis { tokens: self.tokens, log_prob: self.log_prob, score: self.log_prob }]
    }
}
