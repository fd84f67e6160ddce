//! Captions against those that people wrote: CIDEr-D (Vedantam et al. 2015) and BLEU-4 (Papineni et al. 2002).
//!
//! Words are runs of letters and digits in lower case; the published scripts use the Penn Treebank's words, so figures differ
//! from theirs in the last digits.

use std::collections::{HashMap, HashSet};

/// Words of the longest n-gram.
const LONGEST: usize = 4;
/// Width of CIDEr-D's penalty for another length, in words.
const SIGMA: f64 = 6.0;

type Counts = HashMap<Vec<String>, f64>;

/// CIDEr-D of each caption, 0 to 10. `samples` holds (caption, references); document frequencies are those of all
/// references.
#[must_use]
pub fn cider_d(samples: &[(String, Vec<String>)]) -> Vec<f64> {
    let references: Vec<Vec<[Counts; LONGEST]>> = samples
        .iter()
        .map(|(_, references)| references.iter().map(|reference| ngrams(&words(reference))).collect())
        .collect();
    let mut frequency: HashMap<&Vec<String>, f64> = HashMap::new();
    for sample in &references {
        let grams: HashSet<&Vec<String>> = sample.iter().flatten().flat_map(HashMap::keys).collect();
        for gram in grams {
            *frequency.entry(gram).or_default() += 1.0;
        }
    }
    let documents = (samples.len() as f64).ln();
    let weigh =
        |gram: &Vec<String>| documents - frequency.get(gram).copied().unwrap_or_default().max(1.0).ln();
    let score = |((caption, _), references): (&(String, Vec<String>), &Vec<[Counts; LONGEST]>)| {
        let caption = ngrams(&words(caption));
        let sum: f64 = references.iter().map(|reference| likeness(&caption, reference, &weigh)).sum();
        10.0 * sum / references.len().max(1) as f64
    };
    samples.iter().zip(&references).map(score).collect()
}

/// The mean over n of the clipped cosine of both texts' n-grams, less for another length.
fn likeness(
    caption: &[Counts; LONGEST],
    reference: &[Counts; LONGEST],
    weigh: &impl Fn(&Vec<String>) -> f64,
) -> f64 {
    let length = |grams: &[Counts; LONGEST]| grams.first().map_or(0.0, |words| words.values().sum());
    let difference: f64 = length(caption) - length(reference);
    let penalty = (-difference.powi(2) / (2.0 * SIGMA * SIGMA)).exp();
    let norm = |grams: &Counts| sorted(grams).map(|(gram, n)| (n * weigh(gram)).powi(2)).sum::<f64>().sqrt();
    let cosine = |(caption, reference): (&Counts, &Counts)| {
        let shared = sorted(caption).filter_map(|(gram, n)| {
            let other = reference.get(gram)?;
            Some(n.min(*other) * other * weigh(gram).powi(2))
        });
        let (product, norms) = (shared.sum::<f64>(), norm(caption) * norm(reference));
        if norms > 0.0 { product / norms } else { 0.0 }
    };
    penalty * caption.iter().zip(reference).map(cosine).sum::<f64>() / LONGEST as f64
}

/// In a fixed order, so that sums are the same in every run.
fn sorted(grams: &Counts) -> impl Iterator<Item = (&Vec<String>, f64)> {
    let mut all: Vec<(&Vec<String>, f64)> = grams.iter().map(|(gram, n)| (gram, *n)).collect();
    all.sort_unstable_by(|a, b| a.0.cmp(b.0));
    all.into_iter()
}

/// BLEU-4 of a whole set, 0 to 1: the geometric mean of clipped precisions, times the penalty for being short.
#[must_use]
pub fn bleu4(samples: &[(String, Vec<String>)]) -> f64 {
    let (mut matched, mut all) = ([0.0; LONGEST], [0.0; LONGEST]);
    let (mut length, mut nearest) = (0usize, 0usize);
    for (caption, references) in samples {
        let caption_words = words(caption);
        let references: Vec<Vec<String>> = references.iter().map(|text| words(text)).collect();
        length += caption_words.len();
        let distance =
            |reference: &&Vec<String>| (reference.len().abs_diff(caption_words.len()), reference.len());
        nearest += references.iter().min_by_key(distance).map_or(0, Vec::len);
        let grams: Vec<[Counts; LONGEST]> = references.iter().map(|reference| ngrams(reference)).collect();
        for (n, counts) in ngrams(&caption_words).iter().enumerate() {
            for (gram, count) in counts {
                let most =
                    grams.iter().filter_map(|grams| grams.get(n)?.get(gram).copied()).fold(0.0, f64::max);
                matched[n] += count.min(most);
                all[n] += count;
            }
        }
    }
    if matched.contains(&0.0) || length == 0 {
        return 0.0;
    }
    let precision = matched.iter().zip(all).map(|(m, a)| (m / a).ln()).sum::<f64>() / LONGEST as f64;
    (precision + (1.0 - nearest as f64 / length as f64).min(0.0)).exp()
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn ngrams(words: &[String]) -> [Counts; LONGEST] {
    std::array::from_fn(|n| {
        let mut counts = Counts::new();
        for gram in words.windows(n + 1) {
            *counts.entry(gram.to_vec()).or_default() += 1.0;
        }
        counts
    })
}

#[cfg(test)]
mod tests {
    use super::{bleu4, cider_d};

    fn sample(caption: &str, references: &[&str]) -> (String, Vec<String>) {
        (caption.to_owned(), references.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn a_caption_like_its_reference_scores_ten_and_an_unlike_one_nothing() {
        let samples = [
            sample("a dog runs on the beach", &["A dog runs on the beach."]),
            sample("two men play chess", &["seven birds cross our sky"]),
        ];
        let scores = cider_d(&samples);
        assert!((scores[0] - 10.0).abs() < 1e-9 && scores[1].abs() < 1e-12, "{scores:?}");
    }

    #[test]
    fn bleu_of_the_same_is_one_and_of_a_short_one_less() {
        let reference = ["a dog runs on the wide beach"];
        assert!((bleu4(&[sample("a dog runs on the wide beach", &reference)]) - 1.0).abs() < 1e-12);
        // All n-grams match; the length is 5 of 7: exp(1 - 7/5).
        let short = bleu4(&[sample("a dog runs on the", &reference)]);
        assert!((short - (-0.4f64).exp()).abs() < 1e-12, "{short}");
    }
}
