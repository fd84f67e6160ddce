//! Chooses among given labels: CLIP by similarity, the language model by likelihood, side by side.

use super::Lens;
use crate::{
    Cancel, Error, ErrorKind, Evidence, Look, Result,
    embedder::{cosines, probabilities},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the two say about one picture, best label first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Classification {
    /// What the language model read besides the labels.
    pub evidence: Evidence,
    /// Cosine of the picture and the label in its template, and the softmax over the labels.
    pub clip: Vec<LabelScore>,
    /// The language model's choice: see `basis` for what the scores are.
    pub llm: Vec<LabelScore>,
    /// Where the language model's scores come from.
    pub basis: ClassifyBasis,
}

/// Where the language model's scores come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassifyBasis {
    /// `score` is the natural logarithm of the label's probability as the answer.
    Likelihood,
    /// The model gives no likelihoods: it answered freely, and the labels that the answer names have `score` 1.
    Match,
}

/// A label and how well it fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelScore {
    /// The label as given.
    pub label: String,
    /// Cosine, log-probability or match.
    pub score: f64,
    /// Softmax over the labels given, 0..=1.
    pub probability: f64,
}

impl Lens {
    /// Sorts `labels` for each look by CLIP and by the language model, which is asked `question` after it read the
    /// evidence.
    ///
    /// # Errors
    /// `Input` without labels; `Config` without a CLIP model or a language model; what seeing and answering report.
    pub fn classify(&self, looks: &[Look], labels: &[String], question: &str) -> Result<Vec<Classification>> {
        let clip = self.clip_scores(looks, labels)?;
        let mut results = Vec::with_capacity(looks.len());
        for (evidence, clip) in self.see(looks)?.into_iter().zip(clip) {
            let (llm, basis) = self.reader_scores(&evidence, labels, question, &Cancel::new())?;
            results.push(Classification { evidence, clip, llm, basis });
        }
        Ok(results)
    }

    /// The first half of [`Self::classify`]: `labels` by CLIP for each look, best first.
    ///
    /// # Errors
    /// `Input` without labels; `Config` without a CLIP model; what embedding reports.
    pub fn clip_scores(&self, looks: &[Look], labels: &[String]) -> Result<Vec<Vec<LabelScore>>> {
        if labels.is_empty() {
            return Err(Error::new(ErrorKind::Input, "labels").expected("at least one").found("none"));
        }
        let embedder = self.embedder()?;
        let prompted: Vec<String> =
            labels.iter().map(|label| self.label_template.replace("{}", label)).collect();
        let texts = embedder.embed_texts(&prompted)?;
        let scale = embedder.space()?.logit_scale;
        let scores = |embedding: &Arc<Vec<f32>>| {
            let cosines = cosines(embedding, &texts);
            let probabilities = probabilities(&cosines, scale);
            let scores = labels.iter().zip(cosines).zip(probabilities);
            best_first(
                scores
                    .map(|((label, cosine), probability)| LabelScore {
                        label: label.clone(),
                        score: f64::from(cosine),
                        probability: f64::from(probability),
                    })
                    .collect(),
            )
        };
        Ok(embedder.embed_looks(looks)?.iter().map(scores).collect())
    }

    /// The second half of [`Self::classify`]: `labels` by the language model, which is asked `question` after it read
    /// the evidence, best first.
    ///
    /// # Errors
    /// `Config` without a language model; what making the prompt and answering report.
    pub fn reader_scores(
        &self,
        evidence: &Evidence,
        labels: &[String],
        question: &str,
        cancel: &Cancel,
    ) -> Result<(Vec<LabelScore>, ClassifyBasis)> {
        let prompt = self.prompt(&[evidence], &[], question)?;
        let texts: Vec<&str> = labels.iter().map(String::as_str).collect();
        if let Some(log_probs) = self.reader()?.score(&prompt.prompt, &texts)? {
            return Ok((best_first(with_softmax(labels, &log_probs)), ClassifyBasis::Likelihood));
        }
        let answers = self.answer(std::slice::from_ref(&prompt), &mut |_, _| (), cancel)?;
        let answer = answers.first().map(|answer| answer.text.to_lowercase()).unwrap_or_default();
        let matches: Vec<f64> =
            labels.iter().map(|label| f64::from(u8::from(names(&answer, label)))).collect();
        let total = matches.iter().sum::<f64>().max(1.0);
        let score = |(label, score): (&String, &f64)| LabelScore {
            label: label.clone(),
            score: *score,
            probability: score / total,
        };
        Ok((best_first(labels.iter().zip(&matches).map(score).collect()), ClassifyBasis::Match))
    }
}

/// Whether the answer holds the label as whole words.
fn names(answer: &str, label: &str) -> bool {
    let label = label.to_lowercase();
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !label.is_empty()
        && answer.match_indices(&label).any(|(start, found)| {
            let before = answer.get(..start).and_then(|text| text.chars().next_back());
            let after = answer.get(start + found.len()..).and_then(|text| text.chars().next());
            !is_word(before) && !is_word(after)
        })
}

fn with_softmax(labels: &[String], log_probs: &[f64]) -> Vec<LabelScore> {
    let largest = log_probs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = log_probs.iter().map(|score| (score - largest).exp()).sum();
    let score = |(label, &score): (&String, &f64)| LabelScore {
        label: label.clone(),
        score,
        probability: (score - largest).exp() / sum,
    };
    labels.iter().zip(log_probs).map(score).collect()
}

/// A stable order: of equals, the one given first.
fn best_first(mut scores: Vec<LabelScore>) -> Vec<LabelScore> {
    scores.sort_by(|a, b| b.score.total_cmp(&a.score));
    scores
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn labels_are_found_as_whole_words() {
        assert!(names("a polar bear.", "Bear"));
        assert!(!names("a beard", "bear"));
        assert!(!names("anything", ""));
    }
}
