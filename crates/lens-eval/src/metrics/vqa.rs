//! VQA accuracy as the official script counts it (VQA's `vqaEval.py`, Python 3), its oddities included.

use super::contractions::CONTRACTIONS;

/// Marks that are removed beside a space or in a text with a number like 1,000, and become a space elsewhere.
const MARKS: [char; 21] = [
    ';', '/', '[', ']', '"', '{', '}', '(', ')', '=', '+', '\\', '_', '-', '>', '<', '@', '`', ',', '?', '!',
];
/// The script hands a flag to the place of a count: no more than 32 full stops go.
const MOST_STOPS: usize = 32;
const NUMBERS: [(&str, &str); 12] = [
    ("none", "0"),
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
];

/// Accuracy of an answer against those that people gave, in 0..=1: the mean over leaving one of them out of
/// min(1, answers that agree / 3). People's answers are only cleaned of marks, and only where they differ.
#[must_use]
pub fn vqa_accuracy(answer: &str, people: &[String]) -> f64 {
    let Some(first) = people.first() else { return 0.0 };
    let answer = normalise(answer);
    let differ = people.iter().any(|other| other != first);
    let agree: Vec<bool> = people
        .iter()
        .map(|other| if differ { without_marks(other) == answer } else { *other == answer })
        .collect();
    let all = agree.iter().filter(|agrees| **agrees).count();
    let without = |agrees: &bool| ((all - usize::from(*agrees)) as f64 / 3.0).min(1.0);
    agree.iter().map(without).sum::<f64>() / people.len() as f64
}

/// An answer as it is compared: without marks and articles, numbers as digits, contractions with their apostrophe.
#[must_use]
pub fn normalise(answer: &str) -> String {
    let answer = without_marks(answer.replace(['\n', '\t'], " ").trim()).to_lowercase();
    let words = answer.split_whitespace().map(|word| find(&NUMBERS, word));
    let kept = words.filter(|word| !matches!(*word, "a" | "an" | "the"));
    kept.map(|word| find(CONTRACTIONS, word)).collect::<Vec<_>>().join(" ")
}

fn find<'a>(table: &[(&str, &'a str)], word: &'a str) -> &'a str {
    table.iter().find(|(from, _)| *from == word).map_or(word, |(_, to)| to)
}

fn without_marks(text: &str) -> String {
    let has_number_with_comma = has_number_with_comma(text);
    let mut out = text.to_owned();
    for mark in MARKS {
        let beside_space = text.contains(&format!("{mark} ")) || text.contains(&format!(" {mark}"));
        out = out.replace(mark, if beside_space || has_number_with_comma { "" } else { " " });
    }
    without_stops(&out)
}

fn has_number_with_comma(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    letters.windows(3).any(
        |three| matches!(three, [before, ',', after] if before.is_ascii_digit() && after.is_ascii_digit()),
    )
}

/// Full stops that no digit follows; what stands before does not matter, because the script's pattern is mistyped.
fn without_stops(text: &str) -> String {
    let mut removed = 0;
    let mut letters = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        let goes = letter == '.' && removed < MOST_STOPS && !letters.peek().is_some_and(char::is_ascii_digit);
        if goes {
            removed += 1;
        } else {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{normalise, vqa_accuracy};

    /// `reference/vqa_accuracy.py` writes them: an implementation of its own of the published rules.
    const GOLDEN: &str = include_str!("../../../../golden/vqa-accuracy.json");

    #[derive(serde::Deserialize)]
    struct Case {
        answer: String,
        normalised: String,
        people: Vec<String>,
        accuracy: f64,
    }

    #[test]
    fn accuracies_are_those_of_the_reference() {
        let cases: Vec<Case> = serde_json::from_str(GOLDEN).unwrap();
        assert!(cases.len() > 200);
        for Case { answer, normalised, people, accuracy } in cases {
            assert_eq!(normalise(&answer), normalised, "{answer:?}");
            let found = vqa_accuracy(&answer, &people);
            assert!((found - accuracy).abs() < 1e-12, "{answer:?} of {people:?}: {found}, not {accuracy}");
        }
    }

    #[test]
    fn three_who_agree_are_nearly_enough() {
        let people: Vec<String> =
            ["red", "red", "red", "x", "y", "z", "u", "v", "w", "t"].map(Into::into).into();
        // Leaving one of the three out: 2/3, three times; else 1.
        assert!((vqa_accuracy("Red.", &people) - (7.0 + 3.0 * 2.0 / 3.0) / 10.0).abs() < 1e-12);
        assert!(vqa_accuracy("red", &[]).abs() < 1e-12);
    }
}
