//! The colour that a word is painted in.

/// Colours by name: what people call them, and a typical value.
const COLOURS: [(&str, [u8; 3]); 11] = [
    ("black", [20, 20, 22]),
    ("white", [248, 248, 248]),
    ("grey", [140, 140, 144]),
    ("red", [214, 40, 40]),
    ("orange", [242, 130, 30]),
    ("yellow", [245, 206, 40]),
    ("green", [44, 150, 62]),
    ("blue", [38, 84, 210]),
    ("purple", [124, 52, 160]),
    ("pink", [244, 130, 180]),
    ("brown", [122, 76, 40]),
];

/// Least squared distance (of 3 x 255^2) between ink and ground for the ink to have a colour of its own.
const CONTRAST: u32 = 3 * 40 * 40;
/// The same between letters and their outline.
const APART: u32 = 3 * 100 * 100;
/// Pixels between two strokes, at least: between a light colour and a dark one, one or two look like a grey ground.
const GAP: usize = 3;

/// The colour of letters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink([u8; 3]);

impl Ink {
    pub(super) fn name(self) -> &'static str {
        COLOURS.iter().min_by_key(|(_, known)| distance(self.0, *known)).map_or("black", |(name, _)| name)
    }

    /// Whether people would call both the same. The same paint is black in one word and nearly brown in the next.
    pub(super) fn is_like(self, other: Self) -> bool {
        self.name() == other.name() || distance(self.0, other.0) < CONTRAST
    }
}

/// The ink of a word, of which `rows` are the pixels: the colour of those that differ most from the ground, which is the
/// most frequent colour around and between the letters; of outlined letters what the outline encloses. `None` where nothing
/// stands out.
pub(super) fn ink(rows: &[Vec<[u8; 3]>]) -> Option<Ink> {
    let ground = most_frequent(rows.iter().flatten())?;
    let edges = rows.first().into_iter().chain(rows.last()).flatten();
    let around =
        most_frequent(edges.chain(rows.iter().flat_map(|row| row.first().into_iter().chain(row.last()))))?;
    // Bold outlined letters leave less ground than there is of them: what lies around tells.
    [around, ground]
        .into_iter()
        .find_map(|ground| enclosed(rows, ground))
        .or_else(|| stands_out(rows, ground))
        .map(Ink)
}

/// The colour that differs most from `ground`.
fn stands_out(rows: &[Vec<[u8; 3]>], ground: [u8; 3]) -> Option<[u8; 3]> {
    let mut inked: Vec<[u8; 3]> =
        rows.iter().flatten().copied().filter(|pixel| distance(*pixel, ground) >= CONTRAST).collect();
    // The most different half: the rest are the soft edges of the letters.
    inked.sort_by_key(|pixel| std::cmp::Reverse(distance(*pixel, ground)));
    inked.truncate(inked.len().div_ceil(2));
    most_frequent(&inked)
}

/// The colour inside an outline: of the two most frequent colours apart from `ground`, the one whose strokes begin and
/// end with the other.
fn enclosed(rows: &[Vec<[u8; 3]>], ground: [u8; 3]) -> Option<[u8; 3]> {
    let inked = |pixel: &&[u8; 3]| distance(**pixel, ground) >= CONTRAST;
    let first = most_frequent(rows.iter().flatten().filter(inked))?;
    let others = |pixel: &&[u8; 3]| inked(pixel) && distance(**pixel, first) >= APART;
    let second = most_frequent(rows.iter().flatten().filter(others))?;
    let (mut strokes, mut in_first, mut in_second) = (0u32, 0u32, 0u32);
    for stroke in rows.iter().flat_map(|row| strokes_of(row, ground)) {
        let is = |pixel: &&[u8; 3], colour| distance(**pixel, colour) < CONTRAST;
        let both =
            stroke.iter().any(|pixel| is(&pixel, first)) && stroke.iter().any(|pixel| is(&pixel, second));
        // The soft edge belongs to neither.
        let plain = |pixel: &&[u8; 3]| is(pixel, first) || is(pixel, second);
        let ends = [stroke.iter().find(plain), stroke.iter().rev().find(plain)];
        if both {
            strokes += 1;
            in_first += u32::from(ends.iter().flatten().all(|pixel| is(pixel, second)));
            in_second += u32::from(ends.iter().flatten().all(|pixel| is(pixel, first)));
        }
    }
    let most = |count: u32| strokes as usize >= rows.len().div_ceil(2) && 4 * count >= 3 * strokes;
    if most(in_first) {
        Some(first)
    } else if most(in_second) {
        Some(second)
    } else {
        None
    }
}

/// The parts of a row between gaps through which the ground shows.
fn strokes_of(row: &[[u8; 3]], ground: [u8; 3]) -> Vec<&[[u8; 3]]> {
    let (mut strokes, mut start, mut gap) = (Vec::new(), 0, 0);
    for (place, pixel) in row.iter().enumerate() {
        gap = if distance(*pixel, ground) < CONTRAST { gap + 1 } else { 0 };
        if gap == GAP {
            strokes.push(&row[start..=place]);
            start = place + 1;
        }
    }
    strokes.push(&row[start..]);
    strokes
}

/// The mean of the largest group of alike pixels.
fn most_frequent<'a>(pixels: impl IntoIterator<Item = &'a [u8; 3]>) -> Option<[u8; 3]> {
    let group = |pixel: &[u8; 3]| pixel.map(|channel| channel >> 5);
    let mut counts = std::collections::BTreeMap::new();
    for pixel in pixels {
        let (count, sum) = counts.entry(group(pixel)).or_insert((0u64, [0u64; 3]));
        *count += 1;
        sum.iter_mut().zip(pixel).for_each(|(sum, channel)| *sum += u64::from(*channel));
    }
    let (count, sum) = counts.into_values().max_by_key(|(count, _)| *count)?;
    Some(sum.map(|sum| (sum / count) as u8))
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::{Ink, ink};

    /// 20 rows of 60 pixels.
    fn rows(pixel: impl Fn(usize) -> [u8; 3]) -> Vec<Vec<[u8; 3]>> {
        (0..20).map(|y| (0..60).map(|x| pixel(60 * y + x)).collect()).collect()
    }

    /// A word of bars, every third column, with soft edges.
    fn word(ink_colour: [u8; 3], ground: [u8; 3]) -> Vec<Vec<[u8; 3]>> {
        let soft: [u8; 3] = std::array::from_fn(|c| u8::midpoint(ink_colour[c], ground[c]));
        rows(|i| match i % 60 % 6 {
            0 | 1 => ink_colour,
            2 => soft,
            _ => ground,
        })
    }

    #[test]
    fn letters_have_their_colour_on_any_ground() {
        let cases = [
            ([124, 52, 160], [255, 255, 255], Some("purple")),
            ([220, 30, 30], [250, 250, 245], Some("red")),
            ([255, 255, 255], [20, 20, 20], Some("white")),
            ([10, 10, 10], [240, 220, 120], Some("black")),
            ([30, 80, 200], [0, 0, 0], Some("blue")),
            ([100, 100, 100], [110, 105, 100], None),
        ];
        for (colour, ground, expected) in cases {
            let name = ink(&word(colour, ground)).map(Ink::name);
            assert_eq!(name, expected, "{colour:?} on {ground:?}");
        }
    }

    /// Bars with an outline on a ground that is not even.
    fn outlined(fill: [u8; 3], outline: [u8; 3]) -> Vec<Vec<[u8; 3]>> {
        rows(|i| match i % 60 % 12 {
            2 | 3 | 8 | 9 => outline,
            4..=7 => fill,
            column => [90 + (i * 7 % 30) as u8, 140 + column as u8, 200],
        })
    }

    #[test]
    fn outlined_letters_have_the_colour_inside() {
        for (fill, outline, expected) in [
            ([255, 255, 255], [0, 0, 0], "white"),
            ([20, 20, 22], [250, 250, 250], "black"),
            ([245, 206, 40], [10, 10, 10], "yellow"),
        ] {
            let ink = ink(&outlined(fill, outline));
            assert_eq!(ink.map(Ink::name), Some(expected), "{fill:?} in {outline:?}");
        }
    }

    /// Between white and black there is a grey that is like the sand around.
    #[test]
    fn a_soft_edge_like_the_ground_does_not_part_a_stroke() {
        let ink = ink(&rows(|i| match i % 60 % 15 {
            3 | 11 => [23, 20, 20],
            4 | 10 => [160, 155, 140],
            5..=9 => [252; 3],
            _ => [203, 181, 135],
        }));
        assert_eq!(ink.map(Ink::name), Some("white"));
    }

    #[test]
    fn one_paint_may_have_two_names() {
        let same = [([60, 45, 35], [80, 58, 40]), ([214, 40, 40], [250, 30, 30])];
        let other = [([214, 40, 40], [242, 130, 30]), ([124, 52, 160], [38, 84, 210]), ([20; 3], [250; 3])];
        assert!(same.iter().all(|(one, two)| Ink(*one).is_like(Ink(*two))));
        assert!(!other.iter().any(|(one, two)| Ink(*one).is_like(Ink(*two))));
    }

    #[test]
    fn nothing_has_no_ink() {
        assert!(ink(&[]).is_none());
        assert!(ink(&[Vec::new()]).is_none());
    }
}
