//! How words are spelled: what may come after the characters that were read so far.

use super::pieces::{ORDER, Pieces};

/// Characters before the next one that tell of it.
pub(super) const REACH: usize = ORDER - 1;

/// Shares of what comes next where no word tells: at the start of a line or word (a line hardly ever ends there), after a
/// digit, after a mark.
const AT_START: Next = Next { letter: 0.8, digit: 0.13, mark: 0.065, space: 0.005 };
const AFTER_DIGIT: Next = Next { letter: 0.06, digit: 0.55, mark: 0.12, space: 0.27 };
const AFTER_MARK: Next = Next { letter: 0.3, digit: 0.2, mark: 0.1, space: 0.4 };
/// The same after the end of a word.
const AFTER_WORD: Next = Next { letter: 0.0, digit: 0.02, mark: 0.13, space: 0.85 };
const DIGITS: f32 = 10.0;
/// Marks that are about equally frequent. (All others are less so.)
const MARKS: f32 = 20.0;
/// Letters that are written like the one before them: both as capitals, or both small.
const SAME_CASE: f32 = 0.97;
/// Words that begin with a capital, and go on with another.
const CAPITAL: f32 = 0.5;

/// Words that are none, but codes: here every character may come after every other.
const CODES: f32 = 0.1;
const IN_CODE: Next = Next { letter: 0.58, digit: 0.3, mark: 0.08, space: 0.04 };
/// Of the letters of codes.
const CAPITALS_IN_CODE: f32 = 0.72;

/// Log-probabilities of a text: of its whole words, and of those characters that follow as the beginning of a word, or of a
/// code.
#[derive(Clone, Copy)]
pub(super) struct Written {
    words: f32,
    word: f32,
    code: f32,
}

impl Written {
    pub(super) fn nothing() -> Self {
        Self { words: 0.0, word: (1.0 - CODES).ln(), code: CODES.ln() }
    }

    pub(super) fn ln(&self) -> f32 {
        self.words + ln_add(self.word, self.code)
    }
}

/// ln(e^one + e^other).
pub(super) fn ln_add(one: f32, other: f32) -> f32 {
    let (low, high) = (one.min(other), one.max(other));
    if low == f32::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// Shares of the kinds of characters; together 1.
struct Next {
    letter: f32,
    digit: f32,
    mark: f32,
    space: f32,
}

/// Tells texts that are spelled like a list of words from others.
pub(super) struct Spelling {
    pieces: Pieces,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By its place among the known ones.
    Letter(usize),
    Digit,
    Mark,
    Space,
}

impl Spelling {
    /// Learns from every word of a text.
    pub(super) fn learn(words: &str) -> Self {
        Self { pieces: Pieces::of(words) }
    }

    /// A text whose last `REACH` characters are `before`, after one more, or at the end of its line if `next` is `None`.
    pub(super) fn after(&self, written: Written, before: &[char], next: Option<char>) -> Written {
        let kind = next.map_or(Kind::Space, |next| self.kind(next));
        let word = written.word + self.share_in_word(before, next, kind).ln();
        let code = written.code + self.share_in_code(next, kind).ln();
        if kind == Kind::Space {
            return Written { words: written.words + ln_add(word, code), ..Written::nothing() };
        }
        Written { word, code, ..written }
    }

    fn share_in_code(&self, next: Option<char>, kind: Kind) -> f32 {
        match kind {
            Kind::Letter(_) => {
                let is_capital = next.is_some_and(char::is_uppercase);
                let case = if is_capital { CAPITALS_IN_CODE } else { 1.0 - CAPITALS_IN_CODE };
                IN_CODE.letter * case / self.pieces.letters() as f32
            }
            Kind::Digit => IN_CODE.digit / DIGITS,
            Kind::Mark => IN_CODE.mark / MARKS,
            Kind::Space => IN_CODE.space,
        }
    }

    fn share_in_word(&self, written: &[char], next: Option<char>, kind: Kind) -> f32 {
        let share = match written.last().map(|before| self.kind(*before)) {
            Some(Kind::Letter(_)) => self.share_after_letters(written, kind),
            Some(Kind::Digit) => self.share_after(&AFTER_DIGIT, kind),
            Some(Kind::Mark) => self.share_after(&AFTER_MARK, kind),
            Some(Kind::Space) | None => self.share_after(&AT_START, kind),
        };
        share * self.share_of_case(written, next)
    }

    fn share_after_letters(&self, written: &[char], next: Kind) -> f32 {
        let run = written.iter().rev().map_while(|letter| match self.kind(*letter) {
            Kind::Letter(symbol) => Some(symbol),
            _ => None,
        });
        let mut before: Vec<usize> = run.chain([self.pieces.start()]).take(REACH).collect();
        before.reverse();
        match next {
            Kind::Letter(symbol) => self.pieces.share(&before, symbol),
            _ => self.pieces.share(&before, self.pieces.end()) * self.share_after(&AFTER_WORD, next),
        }
    }

    fn share_after(&self, shares: &Next, next: Kind) -> f32 {
        match next {
            Kind::Letter(symbol) => shares.letter * self.pieces.share(&[self.pieces.start()], symbol),
            Kind::Digit => shares.digit / DIGITS,
            Kind::Mark => shares.mark / MARKS,
            Kind::Space => shares.space,
        }
    }

    /// Of capitals and small letters, that of `next`.
    fn share_of_case(&self, written: &[char], next: Option<char>) -> f32 {
        let is_letter = |letter: &char| matches!(self.kind(*letter), Kind::Letter(_));
        let Some(next) = next.filter(is_letter) else { return 1.0 };
        let mut run = written.iter().rev().copied().take_while(is_letter);
        match (run.next(), run.next()) {
            (None, _) => 0.5,
            (Some(first), None) if first.is_uppercase() => {
                if next.is_uppercase() {
                    CAPITAL
                } else {
                    1.0 - CAPITAL
                }
            }
            (Some(before), _) if before.is_uppercase() == next.is_uppercase() => SAME_CASE,
            _ => 1.0 - SAME_CASE,
        }
    }

    fn kind(&self, character: char) -> Kind {
        if character.is_whitespace() {
            return Kind::Space;
        }
        if character.is_ascii_digit() {
            return Kind::Digit;
        }
        let small = character.to_lowercase().next().unwrap_or(character);
        self.pieces.letter(small).map_or(Kind::Mark, Kind::Letter)
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPITALS_IN_CODE, CODES, IN_CODE, Spelling, Written};

    /// ln of a whole line.
    fn ln(spelling: &Spelling, line: &str) -> f32 {
        let line: Vec<char> = line.chars().collect();
        let step = |written: Written, place: usize| {
            spelling.after(written, &line[..place], line.get(place).copied())
        };
        (0..=line.len()).fold(Written::nothing(), step).ln()
    }

    #[test]
    fn what_is_spelled_like_words_is_likelier() {
        let spelling = Spelling::learn("brand\nbrands\nbread\n# road, round kazoo box");
        for (likely, other) in [
            ("brand", "brano"),
            ("BRAND", "BRAN0"),
            ("BRAND", "BRANd"),
            ("Brand", "BRanD"),
            ("14 brands", "14 brandb"),
            ("brand bread", "brandbread"),
            ("brea", "brrr"),
            ("1999", "199b"),
            ("Road", "R0ad"),
            // No words: what has the form of a code.
            ("XK7Z", "Xk7z"),
            ("XK7Z", "X K7Z"),
        ] {
            let (one, two) = (ln(&spelling, likely), ln(&spelling, other));
            assert!(one > two + 0.4, "{likely:?} {one}, {other:?} {two}");
        }
    }

    #[test]
    fn a_code_costs_no_more_than_as_a_code() {
        let spelling = Spelling::learn("quiz box kazoo");
        let letter = (IN_CODE.letter * CAPITALS_IN_CODE / spelling.pieces.letters() as f32).ln();
        let as_code = CODES.ln() + 12.0 * letter + IN_CODE.space.ln();
        assert!(ln(&spelling, "QXZKQXZKQXZK") > as_code);
    }

    #[test]
    fn every_text_is_possible() {
        for words in ["", "soup", "thé"] {
            let spelling = Spelling::learn(words);
            for line in ["", " ", "soup", "THÉ thé", "12-3", "  a", "ß", "\u{1f600}"] {
                assert!(ln(&spelling, line).is_finite(), "{words:?} {line:?}");
            }
        }
    }
}
