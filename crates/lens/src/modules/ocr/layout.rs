//! Words put into lines.

use super::{
    direction::{Direction, reach},
    words::Word,
};
use rten_imageproc::PointF;

/// Radians. What is steeper does not run from left to right.
const STEEPEST: f32 = 0.6;
/// A word this many times as long as it is high shows where its line goes.
const LONG: f32 = 2.0;
/// Pixels: as much as a word of this length, all long words of a picture say about one of its short words.
const COMMON: f32 = 2.0;
/// Times as high as the lower of two words in a line the higher may be.
const HIGHER: f32 = 2.6;
/// Times their height: the space between two words in a line.
const FURTHEST: f32 = 1.6;
/// The same: how far they may overlap.
const OVERLAP: f32 = 0.5;
/// Of the lower of two words' ends: as much must lie beside the other's.
const BESIDE: f32 = 0.5;
/// Times its height: what of a word is its end.
const END: f32 = 0.6;

/// The lines of a picture, in no order.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) lines: Vec<Line>,
    /// Where most of them go.
    pub(super) along: Direction,
}

/// Words from left to right.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) words: Vec<Word>,
    pub(super) along: Direction,
}

/// All lines that words stand in.
pub(super) fn layout(words: Vec<Word>) -> Layout {
    let common = common_slope(&words);
    let chains = chains(&words, common);
    let mut words: Vec<Option<Word>> = words.into_iter().map(Some).collect();
    let line = |chain: Vec<usize>| {
        let words: Vec<Word> = chain.into_iter().filter_map(|place| words[place].take()).collect();
        let along = direction(&words, common);
        Line { words, along }
    };
    Layout { lines: chains.into_iter().map(line).collect(), along: Direction::new(common) }
}

/// Of the long words, the slope at which half of their length is steeper and half is not; 0 without any.
fn common_slope(words: &[Word]) -> f32 {
    let is_telling = |word: &&Word| is_long(word) && word.slope.abs() <= STEEPEST;
    let mut slopes: Vec<(f32, f32)> =
        words.iter().filter(is_telling).map(|word| (word.slope, word.length)).collect();
    slopes.sort_by(|one, other| one.0.total_cmp(&other.0));
    let whole: f32 = slopes.iter().map(|(_, length)| length).sum();
    let mut so_far = 0.0;
    let half = slopes.into_iter().find_map(|(slope, length)| {
        so_far += length;
        (2.0 * so_far >= whole).then_some(slope)
    });
    half.unwrap_or(0.0)
}

fn is_long(word: &Word) -> bool {
    word.length >= LONG * word.height
}

/// What a word's box says about the direction of its line.
fn weight(word: &Word) -> f32 {
    (word.length / word.height.max(1.0) - 1.0).max(0.0) * word.length
}

/// Where a line goes: where its words lie, or, if they are short, as all others do.
fn direction(words: &[Word], common: f32) -> Direction {
    let points: Vec<PointF> = words.iter().flat_map(|word| &word.outline).copied().collect();
    let along = Direction::of(&points);
    let (length, height) = along.extent(&points);
    if length >= LONG * height { along } else { Direction::new(common) }
}

/// The words of each line, from left to right. A word goes on with the one that it suits best, if that suits no other
/// better.
fn chains(words: &[Word], common: f32) -> Vec<Vec<usize>> {
    let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
    for (left, word) in words.iter().enumerate() {
        let others = words.iter().enumerate().filter(|(right, other)| *right != left && is_near(word, other));
        pairs.extend(others.filter_map(|(right, other)| Some((distance(word, other, common)?, left, right))));
    }
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut next, mut last) = (vec![None; words.len()], vec![None; words.len()]);
    for (_, left, right) in pairs {
        if next[left].is_none() && last[right].is_none() && end_of(&next, right) != left {
            next[left] = Some(right);
            last[right] = Some(left);
        }
    }
    let firsts = (0..words.len()).filter(|place| last[*place].is_none());
    firsts.map(|first| std::iter::successors(Some(first), |place| next[*place]).collect()).collect()
}

fn end_of(next: &[Option<usize>], start: usize) -> usize {
    std::iter::successors(Some(start), |place| next[*place]).last().unwrap_or(start)
}

/// Whether two words are near enough for a closer look.
fn is_near(one: &Word, other: &Word) -> bool {
    let reach = f32::midpoint(one.length.max(one.height), other.length.max(other.height));
    one.centre.distance(other.centre) <= reach + FURTHEST * one.height.max(other.height)
}

/// How badly `right` suits as the next word of `left`'s line, in pixels; `None` if it does not.
fn distance(left: &Word, right: &Word, common: f32) -> Option<f32> {
    let high = left.height.max(right.height);
    if high > HIGHER * left.height.min(right.height) {
        return None;
    }
    let (weights, sum) = [left, right].iter().fold((COMMON, COMMON * common), |(weights, sum), word| {
        (weights + weight(word), sum + weight(word) * word.slope)
    });
    let along = Direction::new(sum / weights);
    let (_, end) = reach(left.outline.iter().map(|point| along.u(*point)))?;
    let (start, _) = reach(right.outline.iter().map(|point| along.u(*point)))?;
    let space = start - end;
    if space < -OVERLAP * high || space > FURTHEST * high || along.u(left.centre) >= along.u(right.centre) {
        return None;
    }
    let depths = |word: &Word, is_end: &dyn Fn(f32) -> bool| {
        reach(word.outline.iter().filter(|point| is_end(along.u(**point))).map(|point| along.v(*point)))
    };
    let (above, below) = depths(left, &|u| u >= end - END * left.height)?;
    let (top, foot) = depths(right, &|u| u <= start + END * right.height)?;
    let beside = (below.min(foot) - above.max(top)) / (below - above).min(foot - top).max(1.0);
    (beside >= BESIDE).then_some(space + high * (1.0 - beside.min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::{Word, layout};
    use rten_imageproc::PointF;

    /// A word of a line through (100, 100) with a slope, from `start` to `end` along it.
    fn word(slope: f32, (start, end): (f32, f32), down: f32) -> Word {
        let along = super::Direction::new(slope);
        let corners = [(start, -8.0), (end, -8.0), (end, 8.0), (start, 8.0)];
        let place = |(u, v)| {
            let point = along.point(u, v + down);
            PointF::from_yx(point.y + 100.0, point.x + 100.0)
        };
        Word::new(corners.map(place).to_vec()).unwrap()
    }

    /// How many words each line has, and its slope.
    fn told(words: Vec<Word>) -> Vec<(usize, f32)> {
        layout(words)
            .lines
            .iter()
            .map(|line| (line.words.len(), (line.along.u(PointF::from_yx(1.0, 0.0)) * 100.0).round()))
            .collect()
    }

    #[test]
    fn words_of_one_line_are_joined_whatever_its_slope() {
        for slope in [0.0_f32, 0.15, -0.3] {
            let words = vec![
                word(slope, (70.0, 120.0), 0.0),
                word(slope, (0.0, 60.0), 2.0),
                word(slope, (130.0, 142.0), -2.0),
            ];
            let lines = told(words);
            assert!(lines.len() == 1 && lines[0].0 == 3, "{slope}: {lines:?}");
            assert!((lines[0].1 - 100.0 * slope.sin()).abs() < 4.0, "{slope}: {lines:?}");
        }
    }

    #[test]
    fn each_line_has_its_own_slope() {
        let words = [0.1_f32, -0.1].into_iter().zip([0.0, 60.0]);
        let words = words
            .flat_map(|(slope, down)| [word(slope, (0.0, 50.0), down), word(slope, (60.0, 110.0), down)]);
        assert_eq!(told(words.collect()), [(2, 10.0), (2, -10.0)]);
    }

    #[test]
    fn far_words_lower_words_and_much_smaller_words_are_lines_of_their_own() {
        let first = || word(0.0, (0.0, 50.0), 0.0);
        for other in
            [word(0.0, (90.0, 140.0), 0.0), word(0.0, (60.0, 110.0), 14.0), word(0.0, (0.0, 50.0), 20.0)]
        {
            assert_eq!(told(vec![first(), other]).len(), 2);
        }
        assert_eq!(told(vec![first(), word(0.0, (60.0, 110.0), 4.0)]).len(), 1);
    }

    #[test]
    fn a_short_word_goes_where_the_long_ones_go() {
        let words = vec![word(0.2, (0.0, 80.0), 0.0), word(0.2, (0.0, 14.0), 40.0)];
        assert_eq!(told(words), [(1, 20.0), (1, 20.0)]);
    }
}
