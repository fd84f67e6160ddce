//! Rows of tables: names and their prices, labels and their numbers.

use super::order::Place;

/// Times the height of the higher of two cells: the room between them.
const WIDEST: f32 = 12.0;
/// Times as high as the lower of two cells the higher may be.
const HIGHER: f32 = 1.6;
/// Rows that a table has at least.
const LEAST: usize = 2;

/// Which lines are the cells of one row, from left to right, and every other line alone: lines that stand side by side,
/// where several do so one below the other and most on one side are numbers. Columns of prose are not.
pub(super) fn rows(lines: &[(Place, &str)]) -> Vec<Vec<usize>> {
    let places: Vec<Place> = lines.iter().map(|(place, _)| *place).collect();
    let is_number: Vec<bool> = lines.iter().map(|(_, text)| is_number(text)).collect();
    let pairs = pairs(&places);
    let mut next = vec![None; lines.len()];
    for (left, right) in pairs.iter().filter(|pair| is_row(**pair, &pairs, &places, &is_number)) {
        next[*left] = Some(*right);
    }
    let firsts = (0..lines.len()).filter(|line| !next.contains(&Some(*line)));
    firsts.map(|first| std::iter::successors(Some(first), |cell| next[*cell]).collect()).collect()
}

/// At least every third character is a digit: prices have a currency, times a colon.
fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    digits > 0 && 3 * digits >= text.chars().filter(|letter| !letter.is_whitespace()).count()
}

/// Lines of which each is the nearest beside the other, the left one first.
fn pairs(places: &[Place]) -> Vec<(usize, usize)> {
    let all = || 0..places.len();
    let is_left_of = |left: usize, right: usize| {
        places[left].left < places[right].left && places[left].is_beside(&places[right])
    };
    let right_of = |line: usize| {
        let beside = all().filter(|other| is_left_of(line, *other));
        beside.min_by(|one, other| places[*one].left.total_cmp(&places[*other].left))
    };
    let left_of = |line: usize| {
        let beside = all().filter(|other| is_left_of(*other, line));
        beside.max_by(|one, other| places[*one].right.total_cmp(&places[*other].right))
    };
    let pair = |line: usize| right_of(line).map(|right| (line, right));
    let is_mutual = |(left, right): &(usize, usize)| left_of(*right) == Some(*left);
    all()
        .filter_map(pair)
        .filter(is_mutual)
        .filter(|(left, right)| may_be_cells(&places[*left], &places[*right]))
        .collect()
}

fn may_be_cells(left: &Place, right: &Place) -> bool {
    let (low, high) = (left.letters.min(right.letters), left.letters.max(right.letters));
    high <= HIGHER * low && right.left - left.right <= WIDEST * high
}

/// Whether a pair stands above or below others like it, and those on one of the sides are mostly numbers.
fn is_row(pair: (usize, usize), pairs: &[(usize, usize)], places: &[Place], is_number: &[bool]) -> bool {
    let is_in_line = |one: usize, other: usize| one == other || places[one].shares_columns(&places[other]);
    let rows: Vec<(usize, usize)> = pairs
        .iter()
        .copied()
        .filter(|other| is_in_line(pair.0, other.0) && is_in_line(pair.1, other.1))
        .collect();
    let left = rows.iter().filter(|row| is_number[row.0]).count();
    let right = rows.iter().filter(|row| is_number[row.1]).count();
    rows.len() >= LEAST && 2 * left.max(right) >= rows.len()
}

#[cfg(test)]
mod tests {
    use super::{Place, is_number, rows};
    use crate::modules::ocr::{direction::Direction, words::Word};
    use rten_imageproc::PointF;

    /// A line of 10 pixels' height.
    fn place(left: f32, top: f32, width: f32) -> Place {
        let corners = [(0.0, 0.0), (width, 0.0), (width, 10.0), (0.0, 10.0)];
        let outline = corners.map(|(x, y)| PointF::from_yx(top + y, left + x)).to_vec();
        Place::of(&[Word::new(outline).unwrap()], Direction::new(0.0))
    }

    #[test]
    fn names_and_prices_are_rows() {
        let names = ["Fresh orange juice", "Tea", "Cake"].into_iter().zip([0.0, 30.0, 60.0]);
        let lines: Vec<_> = names
            .flat_map(|(name, top)| {
                [(place(0.0, top, 70.0), name), (place(150.0, top + 1.0, 20.0), "2.50 EUR")]
            })
            .collect();
        assert_eq!(rows(&lines), [[0, 1], [2, 3], [4, 5]]);
    }

    #[test]
    fn three_columns_are_one_row() {
        let row = |top| {
            [(place(0.0, top, 20.0), "1"), (place(60.0, top, 20.0), "pen"), (place(120.0, top, 20.0), "3.00")]
        };
        assert_eq!(rows(&[0.0, 30.0].map(row).concat()), [[0, 1, 2], [3, 4, 5]]);
    }

    #[test]
    fn prose_signs_and_lonely_neighbours_are_not() {
        let sign = |left| [(place(left, 0.0, 30.0), "NO"), (place(left, 14.0, 30.0), "PARKING")];
        assert_eq!(rows(&[sign(0.0), sign(60.0)].concat()), [[0], [1], [2], [3]]);
        assert_eq!(rows(&[(place(0.0, 0.0, 40.0), "platform"), (place(60.0, 0.0, 10.0), "9")]), [[0], [1]]);
        assert!(rows(&[]).is_empty());
    }

    #[test]
    fn prices_times_and_years_are_numbers() {
        let numbers = ["2.50", "$4.99", "12 EUR", "10:30", "1984"];
        let others = ["", "Route 66", "A4", "soup", "3 courses"];
        assert!(numbers.iter().all(|text| is_number(text)));
        assert_eq!(others.map(is_number), [false, false, true, false, false]);
    }
}
