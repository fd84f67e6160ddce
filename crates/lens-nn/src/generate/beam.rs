//! Beam search, step for step as `_beam_search` of transformers 5.

use super::{Hypothesis, Lengths, Next, Search};
use crate::{Error, ErrorKind, Result, backend::Candidate};

/// How beams are kept and ranked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BeamOptions {
    /// Texts kept at once.
    pub beams: usize,
    /// Exponent of the length that divides a text's log-probability: above 0 favours long texts, below 0 short ones.
    pub length_penalty: f32,
    /// Stop as soon as `beams` texts are finished, rather than when none still running looks better than the worst of them.
    pub early_stopping: bool,
    /// Texts returned, at most `beams`.
    pub returned: usize,
}

impl BeamOptions {
    /// Candidates kept per step: twice the beams (one end token), so that enough of them go on.
    pub(super) fn kept(&self) -> usize {
        2 * self.beams
    }

    pub(super) fn check(&self, vocabulary: usize) -> Result<()> {
        let sane = (1..=1024).contains(&self.beams) && (1..=self.beams).contains(&self.returned);
        if sane && self.kept() < vocabulary && self.length_penalty.is_finite() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Config, "beam search options")
            .expected(
                "1 to 1024 beams, fewer than half the vocabulary, and no more texts returned than beams",
            )
            .found(format!(
                "{} beams, {} returned, length penalty {}",
                self.beams, self.returned, self.length_penalty
            )))
    }
}

pub(super) struct BeamSearch {
    options: BeamOptions,
    lengths: Lengths,
    end: u32,
    prompt: usize,
    running: Vec<Beam>,
    finished: Vec<Hypothesis>,
}

#[derive(Clone)]
struct Beam {
    tokens: Vec<u32>,
    log_prob: f32,
}

/// A way to go on from one of the running beams.
#[derive(Clone, Copy)]
struct Continuation {
    row: usize,
    token: u32,
    log_prob: f32,
    stops: bool,
}

impl BeamSearch {
    pub(super) fn new(options: BeamOptions, search: &Search, prompt: usize) -> Self {
        let running = vec![Beam { tokens: Vec::new(), log_prob: 0.0 }];
        Self { options, lengths: search.lengths, end: search.end, prompt, running, finished: Vec::new() }
    }

    pub(super) fn advance(&mut self, rows: &[Vec<Candidate>]) -> Vec<Next> {
        let continuations = self.continuations(rows);
        let going_on: Vec<Continuation> =
            continuations.iter().filter(|next| !next.stops).take(self.options.beams).copied().collect();
        let stopping: Vec<Continuation> =
            continuations.iter().take(self.options.beams).filter(|next| next.stops).copied().collect();
        self.keep_finished(&stopping);
        self.running = going_on.iter().map(|next| self.running[next.row].extended(next)).collect();
        if self.is_done() {
            return Vec::new();
        }
        going_on.iter().map(|next| Next { row: next.row, token: next.token }).collect()
    }

    /// The best continuations of all beams together, best first.
    fn continuations(&self, rows: &[Vec<Candidate>]) -> Vec<Continuation> {
        let length = self.prompt + self.running.first().map_or(0, |beam| beam.tokens.len());
        let end_barred = length < self.lengths.min;
        let full = length + 1 >= self.lengths.max;
        let mut all = Vec::new();
        for (row, (beam, candidates)) in self.running.iter().zip(rows).enumerate() {
            for candidate in candidates.iter().filter(|candidate| !(end_barred && candidate.id == self.end)) {
                let log_prob = beam.log_prob + candidate.log_prob;
                all.push(Continuation {
                    row,
                    token: candidate.id,
                    log_prob,
                    stops: full || candidate.id == self.end,
                });
            }
        }
        // A stable sort: equal scores keep the order of beams, then of candidates.
        all.sort_by(|a, b| b.log_prob.total_cmp(&a.log_prob));
        all.truncate(self.options.kept());
        all
    }

    fn keep_finished(&mut self, stopping: &[Continuation]) {
        for next in stopping {
            let Beam { tokens, log_prob } = self.running[next.row].extended(next);
            let score = self.penalized(log_prob, tokens.len());
            self.finished.push(Hypothesis { tokens, log_prob, score });
        }
        self.finished.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.finished.truncate(self.options.beams);
    }

    /// Whether nothing that still runs can change the result. The best running text is compared at its present length,
    /// the heuristic of `early_stopping=False`.
    fn is_done(&self) -> bool {
        let Some(best) = self.running.first() else {
            return true;
        };
        let all_finished = self.finished.len() == self.options.beams;
        let worst = self.finished.last().map_or(f32::NEG_INFINITY, |hypothesis| hypothesis.score);
        all_finished
            && (self.options.early_stopping || self.penalized(best.log_prob, best.tokens.len()) <= worst)
    }

    fn penalized(&self, log_prob: f32, generated: usize) -> f32 {
        log_prob / (generated as f64).powf(f64::from(self.options.length_penalty)) as f32
    }

    /// The best texts; of a search that was called off, also what still ran.
    pub(super) fn finish(mut self) -> Vec<Hypothesis> {
        if self.finished.len() < self.options.returned {
            let unfinished: Vec<_> = self.running.drain(..).filter(|beam| !beam.tokens.is_empty()).collect();
            for Beam { tokens, log_prob } in unfinished {
                let score = self.penalized(log_prob, tokens.len());
                self.finished.push(Hypothesis { tokens, log_prob, score });
            }
        }
        self.finished.truncate(self.options.returned);
        self.finished
    }
}

impl Beam {
    fn extended(&self, next: &Continuation) -> Self {
        let tokens = self.tokens.iter().copied().chain([next.token]).collect();
        Self { tokens, log_prob: next.log_prob }
    }
}
