//! When a tag is true of a picture.
//!
//! The tags of an open vocabulary do not exclude each other: `dog` and `snow` may both be true of one photograph. So each listed
//! tag counts as a statement of its own, "this is in the picture, with this probability", and calibration compares the
//! probabilities of statements with the share of them that is true.

use crate::data::{Sample, Truth};

/// Whether the data set says that `tag` is true of a sample: it is the sample's class, or one of the texts that people wrote
/// about the picture holds it as whole words. Case does not count, nor the plural's `s`.
pub(crate) fn is_true(sample: &Sample, classes: &[String], tag: &str) -> bool {
    let tag = words(tag);
    let right = sample.right(classes).into_iter().map(words);
    match sample.truth {
        Truth::Class(_) => right.into_iter().any(|name| name == tag),
        Truth::Texts(_) => {
            let width = tag.len().max(1);
            right.into_iter().any(|text| text.windows(width).any(|part| part == tag))
        }
    }
}

/// Words in lower case and the singular, as far as an `s` makes the difference.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| singular(word).to_owned()).collect()
}

fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::is_true;
    use crate::data::{ImageRef, Sample, Truth};
    use std::path::PathBuf;

    fn sample(truth: Truth) -> Sample {
        let image = ImageRef::File(PathBuf::new());
        Sample { image, question: None, options: vec![], truth, text: None, remarks: vec![] }
    }

    #[test]
    fn what_captions_mention_is_true() {
        struct Case {
            tag: &'static str,
            right: bool,
        }
        let captions =
            ["Two dogs run through deep snow.", "A polar bear and dogs on grass"].map(String::from);
        let sample = sample(Truth::Texts(captions.into()));
        let cases = [
            Case { tag: "dog", right: true },
            Case { tag: "Snow", right: true },
            Case { tag: "polar bear", right: true },
            Case { tag: "grass", right: true },
            Case { tag: "bear polar", right: false },
            Case { tag: "now", right: false },
            Case { tag: "cat", right: false },
        ];
        for Case { tag, right } in cases {
            assert_eq!(is_true(&sample, &[], tag), right, "{tag}");
        }
    }

    #[test]
    fn of_classes_the_whole_name_is_true() {
        let classes = ["polar bear", "bear"].map(String::from);
        let sample = sample(Truth::Class(0));
        let found = ["Polar Bear", "bear", "polar"].map(|tag| is_true(&sample, &classes, tag));
        assert_eq!(found, [true, false, false]);
    }
}
