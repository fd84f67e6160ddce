//! What was read in each line, put together and in order.

use super::{
    ctc::{Character, confidence},
    direction::Direction,
    ink::Ink,
    order::{Place, order},
    rows::rows,
    words::Word,
};
use crate::evidence::{OcrLine, PixelBox};
use rten_imageproc::RectF;

/// Characters, and where they are.
pub(super) struct Read {
    characters: Vec<Character>,
    ink: Option<Ink>,
    bounds: RectF,
    place: Place,
    line: usize,
}

impl Read {
    /// Of words of the same `line`, in a picture whose lines go `along` a direction; `None` where nothing was read.
    pub(super) fn new(
        characters: Vec<Character>,
        ink: Option<Ink>,
        words: &[Word],
        along: Direction,
        line: usize,
    ) -> Option<Self> {
        let bounds = words.iter().map(Word::bounds).reduce(|one, other| one.union(other))?;
        let place = Place::of(words, along);
        (!characters.is_empty()).then_some(Self { characters, ink, bounds, place, line })
    }

    /// Both as one, with a space between them.
    fn with(mut self, other: Self) -> Self {
        let step = other.characters.first().map_or(0, |first| first.step);
        self.characters.push(Character { letter: ' ', probability: 1.0, step });
        self.characters.extend(other.characters);
        let (bounds, place) = (self.bounds.union(other.bounds), self.place.with(other.place));
        Self { ink: self.ink.or(other.ink), bounds, place, ..self }
    }

    fn text(&self) -> String {
        self.characters.iter().map(|character| character.letter).collect()
    }

    /// As evidence about a picture of `width` x `height`, which was `scale` times as large as what was read.
    pub(super) fn into_line(self, scale: f64, width: u32, height: u32) -> OcrLine {
        OcrLine {
            id: String::new(),
            text: self.text(),
            confidence: confidence(&self.characters),
            characters: self.characters.iter().map(|character| character.probability).collect(),
            bounds: pixels(self.bounds, scale, width, height),
            ink: self.ink.map(|ink| ink.name().to_owned()),
        }
    }
}

/// The cells of a table's rows as one line each.
pub(super) fn joined(reads: Vec<Read>) -> Vec<Read> {
    let texts: Vec<String> = reads.iter().map(Read::text).collect();
    let places = reads.iter().map(|read| read.place);
    let rows = rows(&places.zip(texts.iter().map(String::as_str)).collect::<Vec<_>>());
    let mut reads: Vec<Option<Read>> = reads.into_iter().map(Some).collect();
    let row = |cells: Vec<usize>| cells.into_iter().filter_map(|cell| reads[cell].take()).reduce(Read::with);
    rows.into_iter().filter_map(row).collect()
}

/// In reading order: line by line, and what is painted differently in one line as it came.
pub(super) fn in_order(reads: Vec<Read>) -> Vec<Read> {
    let mut lines: Vec<Vec<Read>> = Vec::new();
    for read in reads {
        match lines.iter_mut().find(|line| line[0].line == read.line) {
            Some(line) => line.push(read),
            None => lines.push(vec![read]),
        }
    }
    let around = |line: &Vec<Read>| line.iter().map(|read| read.place).reduce(Place::with);
    let order = order(&lines.iter().filter_map(around).collect::<Vec<_>>());
    order.into_iter().flat_map(|line| std::mem::take(&mut lines[line])).collect()
}

/// A box in pixels of the picture.
fn pixels(bounds: RectF, scale: f64, width: u32, height: u32) -> PixelBox {
    let edge = |value: f32, most: u32| (f64::from(value) * scale).round().clamp(0.0, f64::from(most)) as u32;
    let (left, top) = (edge(bounds.left(), width), edge(bounds.top(), height));
    let (right, bottom) = (edge(bounds.right(), width), edge(bounds.bottom(), height));
    PixelBox { x: left, y: top, width: right.saturating_sub(left), height: bottom.saturating_sub(top) }
}

#[cfg(test)]
mod tests {
    use super::{Character, Direction, Read, Word, in_order, joined};
    use rten_imageproc::PointF;

    /// A line of its own.
    fn read(text: &str, left: f32, top: f32) -> Read {
        let characters = text.chars().map(|letter| Character { letter, probability: 0.5, step: 0 }).collect();
        let corners = [(0.0, 0.0), (40.0, 0.0), (40.0, 14.0), (0.0, 14.0)];
        let outline = corners.map(|(x, y)| PointF::from_yx(top + y, left + x)).to_vec();
        let line = (1000.0 * left + top) as usize;
        Read::new(characters, None, &[Word::new(outline).unwrap()], Direction::new(0.0), line).unwrap()
    }

    #[test]
    fn a_menu_is_read_row_by_row() {
        let reads = vec![
            read("6.90", 150.0, 101.0),
            read("Soup", 10.0, 100.0),
            read("Tea", 10.0, 60.0),
            read("2.20", 150.0, 60.0),
            read("Menu", 80.0, 20.0),
        ];
        let lines: Vec<_> =
            in_order(joined(reads)).into_iter().map(|read| read.into_line(2.0, 1000, 1000)).collect();
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["Menu", "Tea 2.20", "Soup 6.90"]);
        assert!(lines.iter().all(|line| line.characters.len() == line.text.chars().count()));
        // Three pixels on each side, twice as large.
        let bounds = lines[1].bounds;
        assert_eq!((bounds.x, bounds.y, bounds.width, bounds.height), (14, 114, 372, 40));
    }

    #[test]
    fn what_is_painted_differently_stays_in_its_line() {
        let reads = [("be careful", 10.0, 0), ("below", 40.0, 1), ("the", 60.0, 0), ("step", 110.0, 0)];
        let reads = reads.map(|(text, left, line)| Read { line, ..read(text, left, 20.0 * line as f32) });
        let texts: Vec<String> = in_order(reads.into()).iter().map(Read::text).collect();
        assert_eq!(texts, ["be careful", "the", "step", "below"]);
    }

    #[test]
    fn what_has_no_characters_or_words_is_nothing() {
        assert!(Read::new(Vec::new(), None, &[], Direction::new(0.0), 0).is_none());
        assert!(joined(Vec::new()).is_empty() && in_order(Vec::new()).is_empty());
    }
}
