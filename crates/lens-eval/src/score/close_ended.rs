//! How likely each class is as the answer.

use lens::{Llm, Prompt, Result};
use std::collections::HashMap;

/// Log-probabilities of all classes as the answer after one prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Likelihoods {
    /// Summed over the tokens, the end included.
    pub plain: Vec<f64>,
    /// The same for each token, where the answers are texts.
    pub normalised: Option<Vec<f64>>,
}

impl Likelihoods {
    /// Softmax of the plain ones.
    #[must_use]
    pub fn probabilities(&self) -> Vec<f64> {
        let largest = self.plain.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = self.plain.iter().map(|score| (score - largest).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }
}

/// Scores every answer after one reading of its prompt, along the trie of their common beginnings; several prompts are read
/// and scored together. `asked` holds (prompt, answers). `None`: the model gives no likelihoods.
///
/// # Errors
/// As [`Llm::score_each`].
pub fn likelihoods(llm: &dyn Llm, asked: &[(&Prompt, Vec<&str>)]) -> Result<Option<Vec<Likelihoods>>> {
    Ok(llm.score_each(asked)?.map(|scores| with_lengths(llm, asked, scores)))
}

/// `scores` of `asked`, and the same for each token.
pub(crate) fn with_lengths(
    llm: &dyn Llm,
    asked: &[(&Prompt, Vec<&str>)],
    scores: Vec<Vec<f64>>,
) -> Vec<Likelihoods> {
    let mut lengths: HashMap<&str, f64> = HashMap::new();
    let mut tokens = |text| *lengths.entry(text).or_insert_with(|| llm.count_tokens(text).max(1) as f64);
    let all = scores.into_iter().zip(asked).map(|(plain, (_, answers))| {
        let each = plain.iter().zip(answers).map(|(score, text)| score / tokens(*text));
        Likelihoods { normalised: Some(each.collect()), plain }
    });
    all.collect()
}
