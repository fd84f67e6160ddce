//! Letters that look the same as capitals and as small letters: the others in their word tell which they are.

use super::ctc::Character;

/// Small letters whose capitals have the same shape.
const SAME_SHAPE: &str = "ckopsuvwxz";
/// Letters of other shapes that a word must have to tell.
const TELLING: usize = 3;

/// Makes letters of the same shape in both cases capitals where all others in their word are: "PARkING" is "PARKING". The
/// other way round it would harm names: "iPhone", "PlayStation". "ATMs" becomes "ATMS".
pub(super) fn settle(characters: &mut [Character]) {
    for word in characters.split_mut(|character| character.letter == ' ') {
        let telling = word.iter().map(|character| character.letter);
        let telling = telling.filter(|letter| letter.is_ascii_alphabetic() && !is_same_shape(*letter));
        let (all, capitals) = telling.fold((0, 0), |(all, capitals), letter| {
            (all + 1, capitals + usize::from(letter.is_ascii_uppercase()))
        });
        if all >= TELLING && capitals == all {
            for character in word.iter_mut() {
                character.letter.make_ascii_uppercase();
            }
        }
    }
}

fn is_same_shape(letter: char) -> bool {
    SAME_SHAPE.contains(letter.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{Character, settle};

    #[test]
    fn letters_of_the_same_shape_take_the_case_of_the_others() {
        for (read, settled) in [
            ("NO PARkING", "NO PARKING"),
            ("THE wATER wAS", "THE WATER wAS"),
            ("oNLINE", "ONLINE"),
            ("No 12 GHz kW", "No 12 GHz kW"),
            ("iPhone McDonald PlayStation", "iPhone McDonald PlayStation"),
            ("soup SOUP", "soup SOUP"),
            ("", ""),
            (" ", " "),
        ] {
            let mut characters: Vec<_> =
                read.chars().map(|letter| Character { letter, step: 0, probability: 1.0 }).collect();
            settle(&mut characters);
            let now: String = characters.iter().map(|character| character.letter).collect();
            assert_eq!(now, settled, "{read}");
        }
    }
}
