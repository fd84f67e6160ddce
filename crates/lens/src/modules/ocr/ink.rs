//! The colour that a word is painted in.

use crate::evidence::PixelBox;

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

/// An RGB picture, row by row.
#[derive(Clone, Copy)]
pub(super) struct Pixels<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) rgb: &'a [u8],
}

impl Pixels<'_> {
    fn at(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        let first = 3 * (y as usize * self.width as usize + x as usize);
        self.rgb.get(first..first + 3)?.try_into().ok()
    }
}

/// The name of the ink of the word in `bounds`: the colour of the pixels that differ most from the ground, which is
/// the most frequent colour around and between the letters. `None` where nothing stands out.
pub(super) fn ink(picture: Pixels<'_>, bounds: PixelBox) -> Option<&'static str> {
    let rows = bounds.y..(bounds.y + bounds.height).min(picture.height);
    let columns = bounds.x..(bounds.x + bounds.width).min(picture.width);
    let pixels: Vec<[u8; 3]> = rows
        .flat_map(|y| columns.clone().map(move |x| (x, y)))
        .filter_map(|(x, y)| picture.at(x, y))
        .collect();
    let ground = most_frequent(&pixels)?;
    let mut inked: Vec<[u8; 3]> =
        pixels.into_iter().filter(|pixel| distance(*pixel, ground) >= CONTRAST).collect();
    // The most different half: the rest are the soft edges of the letters.
    inked.sort_by_key(|pixel| std::cmp::Reverse(distance(*pixel, ground)));
    inked.truncate(inked.len().div_ceil(2));
    most_frequent(&inked).map(name)
}

/// The mean of the largest group of alike pixels.
fn most_frequent(pixels: &[[u8; 3]]) -> Option<[u8; 3]> {
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

fn name(colour: [u8; 3]) -> &'static str {
    COLOURS.iter().min_by_key(|(_, known)| distance(colour, *known)).map_or("black", |(name, _)| name)
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::{Pixels, ink};
    use crate::evidence::PixelBox;

    /// A word of bars, every third column, with soft edges.
    fn word(ink_colour: [u8; 3], ground: [u8; 3]) -> Vec<u8> {
        let soft: [u8; 3] = std::array::from_fn(|c| u8::midpoint(ink_colour[c], ground[c]));
        (0..20 * 60)
            .flat_map(|i| match i % 60 % 6 {
                0 | 1 => ink_colour,
                2 => soft,
                _ => ground,
            })
            .collect()
    }

    #[test]
    fn letters_have_their_colour_on_any_ground() {
        let bounds = PixelBox { x: 0, y: 0, width: 60, height: 20 };
        let cases = [
            ([124, 52, 160], [255, 255, 255], Some("purple")),
            ([220, 30, 30], [250, 250, 245], Some("red")),
            ([255, 255, 255], [20, 20, 20], Some("white")),
            ([10, 10, 10], [240, 220, 120], Some("black")),
            ([30, 80, 200], [0, 0, 0], Some("blue")),
            ([100, 100, 100], [110, 105, 100], None),
        ];
        for (colour, ground, expected) in cases {
            let rgb = word(colour, ground);
            assert_eq!(
                ink(Pixels { width: 60, height: 20, rgb: &rgb }, bounds),
                expected,
                "{colour:?} on {ground:?}"
            );
        }
    }

    #[test]
    fn a_box_beyond_the_picture_is_cut() {
        let rgb = word([0, 0, 0], [255, 255, 255]);
        let bounds = PixelBox { x: 50, y: 10, width: 500, height: 500 };
        assert_eq!(ink(Pixels { width: 60, height: 20, rgb: &rgb }, bounds), Some("black"));
        let outside = PixelBox { x: 90, y: 90, width: 5, height: 5 };
        assert_eq!(ink(Pixels { width: 60, height: 20, rgb: &rgb }, outside), None);
    }
}
