//! The door for models that put pictures and texts into one space.

use crate::{Fingerprint, Look, Picture, Result};
use std::sync::Arc;

/// A frozen model such as CLIP. All embeddings have unit length, so their products are cosines.
pub trait Embedder: Send + Sync {
    /// Model and precision.
    fn fingerprint(&self) -> Fingerprint;

    /// The space that pictures and texts meet in.
    ///
    /// # Errors
    /// What loading the model reports.
    fn space(&self) -> Result<Space>;

    /// Does beforehand what needs no model; see [`Module::prepare`](crate::Module::prepare).
    ///
    /// # Errors
    /// As [`Module::prepare`](crate::Module::prepare).
    fn prepare(&self, _look: &Look) -> Result<()> {
        Ok(())
    }

    /// One embedding for each look; computed once per look and shared through it.
    ///
    /// # Errors
    /// What loading reports; `Model` when the model's result cannot be used.
    fn embed_looks(&self, looks: &[Look]) -> Result<Vec<Arc<Vec<f32>>>>;

    /// Embeddings of texts (texts, dimension), row-major. A text longer than the model reads is cut.
    ///
    /// # Errors
    /// What loading reports; `Model` when the model's result cannot be used.
    fn embed_texts(&self, texts: &[String]) -> Result<Vec<f32>>;

    /// What the model takes of a picture; see [`Module::view`](crate::Module::view).
    ///
    /// # Errors
    /// As [`Module::view`](crate::Module::view).
    fn view(&self, _picture: &Picture) -> Result<Option<Picture>> {
        Ok(None)
    }
}

/// The space of an [`Embedder`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Space {
    /// Numbers of an embedding.
    pub dimension: usize,
    /// Factor that turns cosines into logits.
    pub logit_scale: f32,
}

/// Cosines of one embedding with each row of `texts` (n, dimension).
#[must_use]
pub fn cosines(embedding: &[f32], texts: &[f32]) -> Vec<f32> {
    if embedding.is_empty() {
        return Vec::new();
    }
    texts.chunks_exact(embedding.len()).map(|text| dot(embedding, text)).collect()
}

/// Eight running sums, so that the compiler can use vectors; the order is fixed, so results are too.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a.zip(b) {
        sums.iter_mut().zip(x.iter().zip(y)).for_each(|(sum, (x, y))| *sum += x * y);
    }
    sums.iter().sum::<f32>() + rest
}

/// Softmax of `scale * cosine`.
#[must_use]
pub fn probabilities(cosines: &[f32], scale: f32) -> Vec<f32> {
    let largest = cosines.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> =
        cosines.iter().map(|cosine| f64::from((cosine - largest) * scale).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::{cosines, probabilities};

    #[test]
    fn cosines_of_every_length() {
        for length in [1, 7, 8, 9, 20] {
            let embedding: Vec<f32> = (0..length).map(|i| i as f32).collect();
            let texts: Vec<f32> = embedding.iter().map(|x| 2.0 * x).chain(vec![1.0; length]).collect();
            let squares: f32 = embedding.iter().map(|x| x * x).sum();
            assert_eq!(cosines(&embedding, &texts), [2.0 * squares, embedding.iter().sum()]);
        }
    }

    #[test]
    fn probabilities_are_a_softmax() {
        let result = probabilities(&[0.3, 0.1], 10.0);
        let odds = 2f32.exp(); // (0.3 - 0.1) * 10
        assert!(
            (result[0] - odds / (1.0 + odds)).abs() < 1e-6 && (result[1] - 1.0 / (1.0 + odds)).abs() < 1e-6
        );
    }
}
