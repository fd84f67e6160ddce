//! The most probable text, by the recogniser and by how words are spelled: prefix beam search (A. Hannun et al. 2014,
//! arXiv 1408.2873).

use super::{
    ctc::LogProbabilities,
    spelling::{REACH, Spelling, Written, ln_add},
};
use std::collections::HashMap;

/// Texts that are followed at a time.
const WIDTH: usize = 8;
/// Labels that are tried at a step, and how unlikely all but the best may be.
const LABELS: usize = 6;
const UNLIKELY: f32 = -8.0;
const NEVER: f32 = f32::NEG_INFINITY;
/// How much spelling counts beside what is seen, and what each character is given for that: else short texts would win.
const SPELLING: f32 = 0.3;
const CHARACTER: f32 = 0.5;

/// Log-probabilities of a text: of all paths to it that end with a blank, of those that end with its last label, and of
/// its spelling.
#[derive(Clone, Copy)]
struct Scores {
    blank: f32,
    label: f32,
    written: Written,
}

impl Scores {
    fn seen(&self) -> f32 {
        ln_add(self.blank, self.label)
    }

    /// Of a text of `length` characters.
    fn all(&self, length: usize) -> f32 {
        self.seen() + SPELLING * self.written.ln() + CHARACTER * length as f32
    }
}

type Beam = HashMap<Vec<usize>, Scores>;

/// Labels (1 is the first character of `alphabet`) of the best text. Spaces are neither at its start nor next to each
/// other.
pub(super) fn search(steps: &LogProbabilities, alphabet: &[char], spelling: &Spelling) -> Vec<usize> {
    let search = Search { alphabet, spelling };
    let mut beam = vec![(Vec::new(), Scores { blank: 0.0, label: NEVER, written: Written::nothing() })];
    for row in steps.rows() {
        beam = best(search.step(&beam, row));
    }
    let ended = |(labels, scores): &(Vec<usize>, Scores)| {
        Scores { written: search.written(labels, scores.written, None), ..*scores }.all(labels.len())
    };
    let best = beam.into_iter().max_by(|one, other| ended(one).total_cmp(&ended(other)));
    best.map(|(labels, _)| labels).unwrap_or_default()
}

/// How probable each label of a text is, by a row of what was seen of it and by what is written before it.
pub(super) fn probabilities(
    labels: &[usize],
    rows: &[&[f32]],
    alphabet: &[char],
    spelling: &Spelling,
) -> Vec<f32> {
    let search = Search { alphabet, spelling };
    let mut written = Written::nothing();
    let mut probability = |(place, row): (usize, &&[f32])| {
        let after = |label: usize| search.written(&labels[..place], written, Some(alphabet[label - 1]));
        let spelled = |label: usize| row[label] + SPELLING * (after(label).ln() - written.ln()) + CHARACTER;
        let score = |label: usize| {
            let is_spelled = label > 0 && row[label] > UNLIKELY;
            if is_spelled { spelled(label) } else { row[label] }
        };
        let others = (0..row.len()).filter(|label| *label != labels[place]);
        let (own, others) = (spelled(labels[place]), others.map(score).fold(NEVER, ln_add));
        written = after(labels[place]);
        (own - ln_add(own, others)).exp()
    };
    rows.iter().enumerate().map(&mut probability).collect()
}

struct Search<'a> {
    alphabet: &'a [char],
    spelling: &'a Spelling,
}

impl Search<'_> {
    fn step(&self, beam: &[(Vec<usize>, Scores)], row: &[f32]) -> Beam {
        let likely = likely(row);
        let mut next = Beam::new();
        for (labels, scores) in beam {
            for &label in &likely {
                self.follow(&mut next, labels, scores, label, row[label]);
            }
        }
        next
    }

    /// Counts the paths to a text that go on with `label`, whose log-probability is `seen`.
    fn follow(&self, next: &mut Beam, labels: &[usize], scores: &Scores, label: usize, seen: f32) {
        let last = labels.last().copied();
        let is_space = |label: usize| self.alphabet[label - 1].is_whitespace();
        if label == 0 || (is_space(label) && last.is_none_or(is_space)) {
            add(next, labels.to_vec(), Scores { blank: scores.seen() + seen, label: NEVER, ..*scores });
            return;
        }
        let mut before = scores.seen();
        if last == Some(label) {
            add(next, labels.to_vec(), Scores { blank: NEVER, label: scores.label + seen, ..*scores });
            before = scores.blank;
        }
        let written = self.written(labels, scores.written, Some(self.alphabet[label - 1]));
        let longer = labels.iter().copied().chain([label]).collect();
        add(next, longer, Scores { blank: NEVER, label: before + seen, written });
    }

    /// `written`, whose labels these are, after one more character.
    fn written(&self, labels: &[usize], written: Written, next: Option<char>) -> Written {
        let from = labels.len().saturating_sub(REACH);
        let before: Vec<char> = labels[from..].iter().map(|label| self.alphabet[label - 1]).collect();
        self.spelling.after(written, &before, next)
    }
}

/// The labels that a step may stand for, the most probable ones first; at least one.
fn likely(row: &[f32]) -> Vec<usize> {
    let mut labels: Vec<usize> = (0..row.len()).collect();
    labels.sort_by(|one, other| row[*other].total_cmp(&row[*one]));
    let count = labels.iter().take(LABELS).filter(|label| row[**label] > UNLIKELY).count();
    labels.truncate(count.max(1));
    labels
}

/// Counts more paths to a text.
fn add(beam: &mut Beam, labels: Vec<usize>, more: Scores) {
    let scores = beam.entry(labels).or_insert(Scores { blank: NEVER, label: NEVER, ..more });
    scores.blank = ln_add(scores.blank, more.blank);
    scores.label = ln_add(scores.label, more.label);
}

fn best(beam: Beam) -> Vec<(Vec<usize>, Scores)> {
    let mut all: Vec<_> = beam.into_iter().collect();
    // By their labels too, so that the same picture always has the same text.
    let score = |(labels, scores): &(Vec<usize>, Scores)| scores.all(labels.len());
    all.sort_by(|one, other| score(other).total_cmp(&score(one)).then_with(|| one.0.cmp(&other.0)));
    all.truncate(WIDTH);
    all
}

#[cfg(test)]
mod tests {
    use super::search;
    use crate::modules::ocr::{ctc::LogProbabilities, spelling::Spelling};

    const ALPHABET: [char; 6] = [' ', 'a', 'd', 'n', 'r', '0'];

    /// What is read where each step gives its probabilities of characters (`_` is the blank).
    fn read(words: &str, steps: &[&[(char, f32)]]) -> String {
        let label =
            |letter: char| ALPHABET.iter().position(|known| *known == letter).map_or(0, |place| place + 1);
        let scores: Vec<f32> = steps
            .iter()
            .flat_map(|step| {
                let mut row = [1e-6_f32; 7];
                step.iter().for_each(|(letter, probability)| row[label(*letter)] = *probability);
                row.map(f32::ln)
            })
            .collect();
        let labels = search(&LogProbabilities::of(scores, 7), &ALPHABET, &Spelling::learn(words));
        labels.into_iter().map(|label| ALPHABET[label - 1]).collect()
    }

    #[test]
    fn words_tell_what_cannot_be_seen_well() {
        let unsure = [('0', 0.55), ('n', 0.45)];
        let steps: [&[(char, f32)]; 4] = [&[('r', 1.0)], &[('a', 1.0)], &unsure, &[('d', 1.0)]];
        assert_eq!(read("rand", &steps), "rand");
        let sure = [('0', 0.999), ('n', 0.001)];
        assert_eq!(read("rand", &[steps[0], steps[1], &sure, steps[3]]), "ra0d");
    }

    #[test]
    fn paths_to_the_same_text_count_together() {
        // With spelling, blank, blank has 0.17; the ways to "a" have 0.13, 0.13 and 0.02.
        let step: &[(char, f32)] = &[('_', 0.85), ('a', 0.15)];
        assert_eq!(read("a", &[step, step]), "a");
    }

    #[test]
    fn repetitions_join_blanks_part_and_spaces_are_single_and_inside() {
        let sure = |text: &str| {
            let rows: Vec<[(char, f32); 1]> = text.chars().map(|letter| [(letter, 1.0)]).collect();
            read("ran dan", &rows.iter().map(|row| &row[..]).collect::<Vec<_>>())
        };
        for (steps, text) in [
            ("aa_a", "aa"),
            ("  _ra_n", "ran"),
            ("ran _ _dan", "ran dan"),
            ("___", ""),
            ("", ""),
            ("00", "0"),
        ] {
            assert_eq!(sure(steps), text, "{steps:?}");
        }
    }

    #[test]
    fn a_step_that_tells_nothing_of_thousands_of_labels_costs_no_line() {
        let labels = 4001;
        let sure = |label: usize| (0..labels).map(move |other| if other == label { 20.0 } else { 0.0 });
        let scores = sure(2).chain(sure(4)).chain((0..labels).map(|_| 0.0)).chain(sure(3)).collect();
        let alphabet: Vec<char> = ALPHABET.into_iter().chain('\u{4e00}'..).take(labels - 1).collect();
        let found = search(&LogProbabilities::of(scores, labels), &alphabet, &Spelling::learn("and"));
        assert_eq!(found, [2, 4, 3]);
    }

    #[test]
    fn numbers_that_are_none_do_not_harm() {
        let scores = LogProbabilities::of(vec![f32::NAN; 14], 7);
        assert!(search(&scores, &ALPHABET, &Spelling::learn("ran")).is_empty());
    }
}
