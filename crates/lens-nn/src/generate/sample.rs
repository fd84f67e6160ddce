//! Which tokens may be drawn, and how likely each is.

use crate::{Error, ErrorKind, Result, backend::Candidate};

/// How tokens are drawn. The order is that of transformers: temperature, top-k, top-p, softmax.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleOptions {
    /// Divides the logits; 1 leaves them, less sharpens.
    pub temperature: f32,
    /// Only the `top_k` most probable tokens and those as probable as the last of them; 0 takes all.
    pub top_k: usize,
    /// Only the most probable tokens that together reach this probability; 1 takes all.
    pub top_p: f32,
}

impl Default for SampleOptions {
    /// The defaults of the paper's captions: top-k 50 and nothing else.
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 50, top_p: 1.0 }
    }
}

impl SampleOptions {
    pub(super) fn check(&self) -> Result<()> {
        if self.temperature > 0.0 && self.temperature.is_finite() && (0.0..=1.0).contains(&self.top_p) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Config, "sampling options")
            .expected("a temperature above 0 and a top_p from 0 to 1")
            .found(format!("temperature {}, top_p {}", self.temperature, self.top_p)))
    }
}

/// The distribution that a token is drawn from, best first. `candidates` are sorted best first and hold at least the
/// `top_k` best and their ties.
#[must_use]
pub fn distribution(candidates: &[Candidate], options: &SampleOptions) -> Vec<(u32, f32)> {
    let mut scores: Vec<(u32, f32)> =
        candidates.iter().map(|candidate| (candidate.id, candidate.log_prob / options.temperature)).collect();
    if options.top_k > 0 && options.top_k < scores.len() {
        let last = scores[options.top_k - 1].1;
        scores.retain(|(_, score)| *score >= last);
    }
    softmax(&mut scores);
    if options.top_p < 1.0 {
        keep_nucleus(&mut scores, options.top_p);
    }
    scores
}

/// Drops the least probable tokens while what is dropped stays within 1 - `top_p`, then renormalises. Of equally
/// probable ones the lower ids go first, as they do in transformers' ascending sort.
fn keep_nucleus(probabilities: &mut Vec<(u32, f32)>, top_p: f32) {
    probabilities.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
    let mut dropped = 0.0;
    let mut kept = probabilities.len();
    while kept > 1 {
        dropped += probabilities[kept - 1].1;
        if dropped > 1.0 - top_p {
            break;
        }
        kept -= 1;
    }
    probabilities.truncate(kept);
    let sum: f32 = probabilities.iter().map(|(_, probability)| probability).sum();
    for (_, probability) in probabilities {
        *probability /= sum;
    }
}

fn softmax(scores: &mut [(u32, f32)]) {
    let largest = scores.iter().map(|(_, score)| *score).fold(f32::NEG_INFINITY, f32::max);
    for (_, score) in scores.iter_mut() {
        *score = (*score - largest).exp();
    }
    let sum: f32 = scores.iter().map(|(_, score)| score).sum();
    for (_, score) in scores {
        *score /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(probabilities: &[f32]) -> Vec<Candidate> {
        (0..).zip(probabilities).map(|(id, p)| Candidate { id, log_prob: p.ln() }).collect()
    }

    #[test]
    fn ties_of_the_last_of_top_k_stay() {
        let options = SampleOptions { top_k: 2, ..SampleOptions::default() };
        let kept = distribution(&candidates(&[0.4, 0.2, 0.2, 0.1]), &options);
        assert_eq!(kept.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [0, 1, 2]);
        assert!((kept[0].1 - 0.5).abs() < 1e-6); // 0.4 of 0.8
    }

    #[test]
    fn top_p_keeps_the_token_that_crosses_the_line() {
        let options = SampleOptions { top_p: 0.7, top_k: 0, temperature: 1.0 };
        let kept = distribution(&candidates(&[0.5, 0.3, 0.15, 0.05]), &options);
        assert_eq!(kept.len(), 2); // 0.05 + 0.15 are within 0.3, with 0.3 they are not
        assert!((kept[1].1 - 0.375).abs() < 1e-6); // 0.3 of 0.8
    }

    #[test]
    fn one_token_always_stays() {
        let options = SampleOptions { top_p: 0.0, top_k: 0, temperature: 1.0 };
        assert_eq!(distribution(&candidates(&[0.6, 0.4]), &options), [(0, 1.0)]);
    }
}
