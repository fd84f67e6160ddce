//! How likely each class is as the answer.

use lens::{Llm, Prompt, Result};

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

/// Scores every answer after one reading of the prompt, along the trie of their common beginnings. `None`: the model gives no
/// likelihoods.
///
/// # Errors
/// As [`Llm::score`].
pub fn likelihoods(llm: &dyn Llm, prompt: &Prompt, answers: &[String]) -> Result<Option<Likelihoods>> {
    let texts: Vec<&str> = answers.iter().map(String::as_str).collect();
    let Some(plain) = llm.score(prompt, &texts)? else { return Ok(None) };
    let tokens = texts.iter().map(|text| llm.count_tokens(text).max(1) as f64);
    let normalised = plain.iter().zip(tokens).map(|(score, tokens)| score / tokens).collect();
    Ok(Some(Likelihoods { plain, normalised: Some(normalised) }))
}
