//! From a recogniser's steps to characters with probabilities.

/// A character, how sure it is, and at which step it begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Character {
    pub(super) letter: char,
    pub(super) probability: f32,
    pub(super) step: usize,
}

/// Greedy decoding of connectionist temporal classification: the best label of each step, repetitions are one, label
/// 0 is no character. `scores` holds a row of `alphabet.len() + 1` logits or log-probabilities for each step. A
/// character's probability is the highest among its steps.
pub(super) fn decode(scores: &[f32], alphabet: &[char]) -> Vec<Character> {
    let mut characters: Vec<Character> = Vec::new();
    let mut last = 0;
    for (step, row) in scores.chunks_exact(alphabet.len() + 1).enumerate() {
        let (label, probability) = best(row);
        let character = label.checked_sub(1).and_then(|index| alphabet.get(index));
        match (character, characters.last_mut()) {
            (Some(_), Some(current)) if label == last => {
                current.probability = current.probability.max(probability);
            }
            (Some(&letter), _) => characters.push(Character { letter, probability, step }),
            (None, _) => {}
        }
        last = label;
    }
    trimmed(characters)
}

/// The label with the highest score, the first of equals, and its softmax.
fn best(row: &[f32]) -> (usize, f32) {
    let (label, highest) = row
        .iter()
        .copied()
        .enumerate()
        .fold((0, f32::NEG_INFINITY), |best, next| if next.1 > best.1 { next } else { best });
    let sum: f32 = row.iter().map(|score| (score - highest).exp()).sum();
    (label, if sum.is_finite() && sum > 0.0 { 1.0 / sum } else { 0.0 })
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
    use super::{confidence, decode};

    /// Log-probabilities in which `label` has probability `p` and the three others share the rest.
    fn step(label: usize, p: f32) -> [f32; 4] {
        std::array::from_fn(|index| if index == label { p } else { (1.0 - p) / 3.0 }.ln())
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
            let decoded: String = decode(&scores, &[' ', 'a', 'b']).iter().map(|c| c.letter).collect();
            assert_eq!(decoded, text, "{labels:?}");
        }
    }

    #[test]
    fn a_character_is_as_sure_as_its_best_step() {
        let scores: Vec<f32> = [step(2, 0.6), step(2, 0.9), step(0, 0.9), step(3, 0.4)].concat();
        let decoded = decode(&scores, &[' ', 'a', 'b']);
        let told: Vec<(char, f32, usize)> =
            decoded.iter().map(|c| (c.letter, (c.probability * 1e3).round() / 1e3, c.step)).collect();
        assert_eq!(told, [('a', 0.9, 0), ('b', 0.4, 3)]);
        assert!((confidence(&decoded) - 0.6).abs() < 1e-3); // sqrt(0.9 x 0.4)
    }

    #[test]
    fn logits_and_log_probabilities_are_the_same() {
        let logits: Vec<f32> = step(2, 0.7).iter().map(|score| score + 5.0).collect();
        assert!((decode(&logits, &[' ', 'a', 'b'])[0].probability - 0.7).abs() < 1e-5);
    }

    #[test]
    fn numbers_that_are_none_do_not_harm() {
        assert!(decode(&[f32::NAN; 8], &[' ', 'a', 'b']).is_empty());
    }
}
