//! The order in which lines are read: block by block, a column before the one on its right.

use super::{
    direction::{Direction, reach},
    words::Word,
};

/// Times the height of the higher of two lines: as much may be between them in one block.
const APART: f32 = 0.9;
/// Times as high as the lower of two lines in one block the higher may be.
const HIGHER: f32 = 2.0;
/// Of the height of the lower of two: as much must lie beside the other for both to be side by side.
const BESIDE: f32 = 0.5;

/// The lines in reading order: the blocks one after the other, of each its lines.
pub(super) fn order(lines: &[Place]) -> Vec<usize> {
    let blocks = blocks(lines);
    let around: Vec<Place> =
        blocks.iter().filter_map(|block| block.iter().map(|line| lines[*line]).reduce(Place::with)).collect();
    let in_block = |block: &Vec<usize>| {
        let places: Vec<Place> = block.iter().map(|line| lines[*line]).collect();
        sorted(&places).into_iter().map(|line| block[line]).collect::<Vec<_>>()
    };
    sorted(&around).into_iter().flat_map(|block| in_block(&blocks[block])).collect()
}

/// Where a line or a block is, and how high its letters are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) left: f32,
    pub(super) right: f32,
    top: f32,
    foot: f32,
    pub(super) letters: f32,
}

impl Place {
    /// Of words in a picture whose lines go `along` a direction.
    pub(super) fn of(words: &[Word], along: Direction) -> Self {
        let points = || words.iter().flat_map(|word| &word.outline);
        let (left, right) = reach(points().map(|point| along.u(*point))).unwrap_or_default();
        let (top, foot) = reach(points().map(|point| along.v(*point))).unwrap_or_default();
        let (_, letters) = reach(words.iter().map(|word| word.height)).unwrap_or_default();
        Self { left, right, top, foot, letters }
    }

    /// Around both.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            right: self.right.max(other.right),
            top: self.top.min(other.top),
            foot: self.foot.max(other.foot),
            letters: self.letters.max(other.letters),
        }
    }

    /// Whether some of it is straight above or below some of the other.
    pub(super) fn shares_columns(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right
    }

    pub(super) fn is_beside(&self, other: &Self) -> bool {
        let shared = self.foot.min(other.foot) - self.top.max(other.top);
        !self.shares_columns(other) && shared > BESIDE * (self.foot - self.top).min(other.foot - other.top)
    }

    /// Whether two lines follow each other closely, in letters of about one size.
    fn is_with(&self, other: &Self) -> bool {
        let (low, high) = (self.letters.min(other.letters), self.letters.max(other.letters));
        let apart = self.top.max(other.top) - self.foot.min(other.foot);
        self.shares_columns(other) && apart <= APART * high && high <= HIGHER * low
    }

    fn is_before(&self, other: &Self) -> bool {
        if self.is_beside(other) {
            self.left < other.left
        } else {
            self.top + self.foot < other.top + other.foot
        }
    }
}

/// The lines of each block.
fn blocks(lines: &[Place]) -> Vec<Vec<usize>> {
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let (with, others): (Vec<_>, Vec<_>) = std::mem::take(&mut blocks)
            .into_iter()
            .partition(|block: &Vec<usize>| block.iter().any(|other| lines[*other].is_with(line)));
        blocks = others;
        blocks.push(with.into_iter().flatten().chain([place]).collect());
    }
    blocks
}

/// Places so that each comes after those that are before it; where some wait for each other, the one that waits for
/// fewest goes first.
fn sorted(places: &[Place]) -> Vec<usize> {
    let count = |place: &Place| places.iter().filter(|other| other.is_before(place)).count();
    let mut waits: Vec<usize> = places.iter().map(count).collect();
    let mut rest: Vec<usize> = (0..places.len()).collect();
    let mut ordered = Vec::new();
    while let Some(index) = (0..rest.len()).min_by(|a, b| {
        let (a, b) = (rest[*a], rest[*b]);
        waits[a].cmp(&waits[b]).then(places[a].top.total_cmp(&places[b].top))
    }) {
        let next = rest.swap_remove(index);
        for place in &rest {
            waits[*place] -= usize::from(places[next].is_before(&places[*place]));
        }
        ordered.push(next);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::{Place, order};

    fn place(left: f32, top: f32, right: f32, foot: f32) -> Place {
        Place { left, right, top, foot, letters: 10.0 }
    }

    #[test]
    fn lines_far_from_each_other_are_read_from_the_top() {
        let upper_right_then_lower_left = [place(0.0, 100.0, 50.0, 110.0), place(200.0, 0.0, 300.0, 10.0)];
        assert_eq!(order(&upper_right_then_lower_left), [1, 0]);
    }

    #[test]
    fn a_column_is_read_before_the_one_on_its_right() {
        let column = |left: f32| {
            (0..4)
                .map(move |row| place(left, 15.0 * row as f32 + 30.0, left + 90.0, 15.0 * row as f32 + 40.0))
        };
        let title = place(0.0, 0.0, 200.0, 10.0);
        let lines: Vec<Place> = column(110.0).chain(column(0.0)).chain([title]).collect();
        assert_eq!(order(&lines), [8, 4, 5, 6, 7, 0, 1, 2, 3]);
    }

    #[test]
    fn the_parts_of_a_row_are_read_from_the_left() {
        let lines =
            [place(100.0, 0.0, 150.0, 10.0), place(0.0, 2.0, 50.0, 12.0), place(0.0, 18.0, 150.0, 28.0)];
        assert_eq!(order(&lines), [1, 0, 2]);
    }

    #[test]
    fn nothing_has_an_order() {
        assert!(order(&[]).is_empty());
    }
}
