//! From a recogniser's steps to characters with probabilities.

use super::{
    align::path,
    beam::{probabilities, search},
    spelling::Spelling,
};

/// A character, how sure it is, and at which step it begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Character {
    pub(super) letter: char,
    pub(super) probability: f32,
    pub(super) step: usize,
}

/// The lowest log-probability: with minus infinity all paths of a text may be equally impossible.
const LEAST: f32 = -100.0;

/// Log-probabilities of labels, step after step. Label 0 is no character.
pub(super) struct LogProbabilities {
    values: Vec<f32>,
    labels: usize,
}

impl LogProbabilities {
    /// Of logits or log-probabilities: a row of `labels` of them for each step. A row with numbers that are none, or all of
    /// nothing, stands for no character.
    pub(super) fn of(mut scores: Vec<f32>, labels: usize) -> Self {
        for row in scores.chunks_exact_mut(labels) {
            let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum = highest + row.iter().map(|score| (score - highest).exp()).sum::<f32>().ln();
            if sum.is_finite() {
                for score in row.iter_mut() {
                    *score = (*score - sum).max(LEAST);
                }
            } else {
                row.fill(LEAST);
                row[0] = 0.0;
            }
        }
        Self { values: scores, labels }
    }

    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.labels)
    }
}

/// The characters at these steps: the most probable text by these and `spelling`, or without one greedily the best label
/// of each step, repetitions as one. A character's probability is that at the step where it is seen best.
pub(super) fn decode(
    steps: &LogProbabilities,
    alphabet: &[char],
    spelling: Option<&Spelling>,
) -> Vec<Character> {
    let path = match spelling {
        Some(spelling) => path(steps, &search(steps, alphabet, spelling)),
        None => steps.rows().map(best).collect(),
    };
    let seen = seen(steps, &path);
    let labels: Vec<usize> = seen.iter().map(|seen| seen.label).collect();
    let rows: Vec<&[f32]> = seen.iter().map(|seen| seen.row).collect();
    let probabilities = match spelling {
        Some(spelling) => probabilities(&labels, &rows, alphabet, spelling),
        None => seen.iter().map(|seen| seen.row[seen.label].exp()).collect(),
    };
    let character = |(seen, probability): (&Seen, f32)| {
        Some(Character { letter: *alphabet.get(seen.label - 1)?, probability, step: seen.step })
    };
    trimmed(seen.iter().zip(probabilities).filter_map(character).collect())
}

/// A label, the step at which it begins, and the row where it is seen best.
struct Seen<'a> {
    label: usize,
    step: usize,
    row: &'a [f32],
}

/// What a path of labels says: repetitions are one, blanks are nothing.
fn seen<'a>(steps: &'a LogProbabilities, path: &[usize]) -> Vec<Seen<'a>> {
    let mut all: Vec<Seen> = Vec::new();
    let mut last = 0;
    for (step, (row, &label)) in steps.rows().zip(path).enumerate() {
        if label > 0 && label != last {
            all.push(Seen { label, step, row });
        } else if let Some(seen) = all.last_mut().filter(|seen| label > 0 && row[label] > seen.row[label]) {
            seen.row = row;
        }
        last = label;
    }
    all
}

/// The label with the highest score, the first of equals.
fn best(row: &[f32]) -> usize {
    (0..row.len()).fold(0, |best, next| if row[next] > row[best] { next } else { best })
}

/// Without spaces at the ends, and with one at most between two words.
fn trimmed(mut characters: Vec<Character>) -> Vec<Character> {
    let is_space = |character: &Character| character.letter.is_whitespace();
    while characters.last().is_some_and(is_space) {
        characters.pop();
    }
    characters.dedup_by(|next, before| is_space(next) && is_space(before));
    let first = characters.iter().position(|character| !is_space(character)).unwrap_or(characters.len());
    characters.split_off(first)
}

/// Geometric mean of the probabilities; 0 without characters.
pub(super) fn confidence(characters: &[Character]) -> f32 {
    if characters.is_empty() {
        return 0.0;
    }
    let sum: f32 = characters.iter().map(|character| character.probability.ln()).sum();
    (sum / characters.len() as f32).exp()
}

#[cfg(test)]
mod tests {
    use super::{Character, LogProbabilities, Spelling, confidence};

    /// Log-probabilities in which `label` has probability `p` and the three others share the rest.
    fn step(label: usize, p: f32) -> [f32; 4] {
        std::array::from_fn(|index| if index == label { p } else { (1.0 - p) / 3.0 }.ln())
    }

    /// Of three characters.
    fn decode(scores: &[f32], spelling: Option<&Spelling>) -> Vec<Character> {
        super::decode(&LogProbabilities::of(scores.to_vec(), 4), &[' ', 'a', 'b'], spelling)
    }

    #[test]
    fn repetitions_join_and_blanks_part() {
        struct Case {
            labels: &'static [usize],
            text: &'static str,
        }
        let cases = [
            Case { labels: &[2, 2, 2], text: "a" },
            Case { labels: &[2, 0, 2], text: "aa" },
            Case { labels: &[0, 2, 3, 3, 0], text: "ab" },
            Case { labels: &[1, 2, 1, 1, 3, 1], text: "a b" },
            Case { labels: &[2, 1, 0, 1, 3], text: "a b" },
            Case { labels: &[0, 0], text: "" },
            Case { labels: &[1], text: "" },
            Case { labels: &[], text: "" },
        ];
        for Case { labels, text } in cases {
            let scores: Vec<f32> = labels.iter().flat_map(|&label| step(label, 0.9)).collect();
            let decoded: String = decode(&scores, None).iter().map(|c| c.letter).collect();
            assert_eq!(decoded, text, "{labels:?}");
        }
    }

    #[test]
    fn a_character_is_as_sure_as_its_best_step() {
        let scores: Vec<f32> = [step(2, 0.6), step(2, 0.9), step(0, 0.9), step(3, 0.4)].concat();
        let decoded = decode(&scores, None);
        let told: Vec<(char, f32, usize)> =
            decoded.iter().map(|c| (c.letter, (c.probability * 1e3).round() / 1e3, c.step)).collect();
        assert_eq!(told, [('a', 0.9, 0), ('b', 0.4, 3)]);
        assert!((confidence(&decoded) - 0.6).abs() < 1e-3); // sqrt(0.9 x 0.4)
    }

    #[test]
    fn spelling_tells_what_is_not_seen_well_and_how_sure_that_is() {
        let unsure = [0.05_f32, 0.05, 0.5, 0.4].map(f32::ln);
        let scores: Vec<f32> = [step(3, 0.9), step(2, 0.9), step(0, 0.9), unsure].concat();
        let last = |spelling: Option<&Spelling>| {
            let decoded = decode(&scores, spelling);
            assert_eq!(decoded.iter().map(|c| c.step).collect::<Vec<_>>(), [0, 1, 3]);
            (decoded[2].letter, decoded[2].probability)
        };
        let (letter, probability) = last(None);
        assert!(letter == 'a' && (probability - 0.5).abs() < 1e-5);
        let (letter, probability) = last(Some(&Spelling::learn("bab")));
        assert!(letter == 'b' && probability > 0.5 && probability < 0.9, "{letter} {probability}");
    }

    #[test]
    fn logits_and_log_probabilities_are_the_same() {
        let logits: Vec<f32> = step(2, 0.7).iter().map(|score| score + 5.0).collect();
        assert!((decode(&logits, None)[0].probability - 0.7).abs() < 1e-5);
    }

    #[test]
    fn numbers_that_are_none_do_not_harm() {
        let spelling = Spelling::learn("ab");
        for spelling in [None, Some(&spelling)] {
            assert!(decode(&[f32::NAN; 8], spelling).is_empty());
            let scores = [step(2, 0.9), [f32::NAN; 4], [f32::INFINITY; 4], step(3, 0.9)].concat();
            let text: String = decode(&scores, spelling).iter().map(|c| c.letter).collect();
            assert_eq!(text, "ab");
        }
    }

    #[test]
    fn steps_that_are_wholly_sure_are_read_with_spelling_too() {
        let spelling = Spelling::learn("ab");
        let sure = |label: usize| step(label, 1.0);
        let scores = [sure(1), sure(2), sure(1), sure(0), sure(1), sure(3), sure(1)].concat();
        for spelling in [None, Some(&spelling)] {
            let text: String = decode(&scores, spelling).iter().map(|c| c.letter).collect();
            assert_eq!(text, "a b");
        }
    }
}
