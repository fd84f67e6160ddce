//! Where the words of a picture are. What is larger than what the detector sees is looked at as a whole, for large
//! letters, and in parts, for small ones.

use super::{
    direction::{Direction, reach},
    engine::{failed, input},
};
use crate::Result;
use image::{GenericImageView, RgbImage};
use ocrs::{OcrEngine, OcrInput};
use rten_imageproc::{PointF, RectF, RetrievalMode, find_contours};
use rten_tensor::{AsView, NdTensor};
use std::ops::Range;

/// Times as large as what the detector sees a picture may be for its whole to be enough.
pub(super) const SHRUNK: f32 = 1.2;
/// Pixels that neighbouring parts share, at least.
pub(super) const SHARED: usize = 80;
/// Pixels. Higher letters are seen better in the whole picture.
const HIGH: f32 = 96.0;
/// Share of a word's box. What lies more than this in a high word is a piece of it.
const PIECE: f32 = 0.7;
/// The same: a word of the whole picture that words of its parts cover less was lost in the parts.
const LOST: f32 = 0.1;
/// As in ocrs: words are this much larger on every side than what the detector marks, and have at least this area.
pub(super) const GROWN: f32 = 3.0;
const LEAST_AREA: f32 = 100.0;

/// What the detector marks as one word.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// The marked pixels at its border, each as the middle of the pixel.
    pub(super) outline: Vec<PointF>,
    pub(super) centre: PointF,
    /// Pixels, of the box around it in its own direction, grown.
    pub(super) length: f32,
    pub(super) height: f32,
    /// Radians, down to the right is positive, -pi/4 to pi/4.
    pub(super) slope: f32,
}

impl Word {
    /// `None` if it is too small for one.
    pub(super) fn new(outline: Vec<PointF>) -> Option<Self> {
        let along = Direction::of(&outline);
        let (length, height) = along.extent(&outline);
        let (length, height) = (length + 2.0 * GROWN, height + 2.0 * GROWN);
        let (left, right) = reach(outline.iter().map(|point| point.x))?;
        let (top, bottom) = reach(outline.iter().map(|point| point.y))?;
        let centre = PointF::from_yx(f32::midpoint(top, bottom), f32::midpoint(left, right));
        (length * height >= LEAST_AREA).then(|| Self {
            outline,
            centre,
            length,
            height,
            slope: along.angle(),
        })
    }

    /// The smallest upright box around it, grown.
    pub(super) fn bounds(&self) -> RectF {
        let (left, right) = reach(self.outline.iter().map(|point| point.x)).unwrap_or_default();
        let (top, bottom) = reach(self.outline.iter().map(|point| point.y)).unwrap_or_default();
        RectF::from_tlbr(top - GROWN, left - GROWN, bottom + GROWN, right + GROWN)
    }
}

/// The words, in no order. `seen` is the (width, height) of what the detector looks at in one go.
pub(super) fn words(
    ocr: &OcrEngine,
    seen: (usize, usize),
    picture: &RgbImage,
    whole: &OcrInput,
) -> Result<Vec<Word>> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let sure = ocr.detect_text_pixels(whole).map_err(|error| failed("detector").because(error))?;
    let found = outlined(&sure.map(|sure| *sure > ocr.detection_threshold()));
    let is_seen_well = |side: usize, seen: usize| side as f32 <= SHRUNK * seen as f32;
    if is_seen_well(width, seen.0) && is_seen_well(height, seen.1) {
        return Ok(found);
    }
    let mut marked = NdTensor::full([height, width], false);
    for rows in parts(height, seen.1) {
        for columns in parts(width, seen.0) {
            mark(ocr, picture, (&columns, &rows), &mut marked)?;
        }
    }
    Ok(merged(found, outlined(&marked)))
}

/// One side of a part of a picture: what is looked at, and what of it counts.
#[derive(Debug, PartialEq)]
struct Part {
    looked: Range<usize>,
    counts: Range<usize>,
}

/// Parts of at most `most` pixels that cover a side: where two of them overlap, each counts up to the middle.
fn parts(side: usize, most: usize) -> Vec<Part> {
    if side <= most {
        return vec![Part { looked: 0..side, counts: 0..side }];
    }
    let step = most.saturating_sub(SHARED).max(1);
    let count = (side - most).div_ceil(step) + 1;
    let start = |place: usize| place * (side - most) / (count - 1);
    let middle = |place: usize| (start(place) + start(place - 1) + most) / 2;
    (0..count)
        .map(|place| {
            let from = if place == 0 { 0 } else { middle(place) };
            let to = if place + 1 == count { side } else { middle(place + 1) };
            Part { looked: start(place)..start(place) + most, counts: from..to }
        })
        .collect()
}

/// Marks the pixels of text that the detector finds in one part.
fn mark(
    ocr: &OcrEngine,
    picture: &RgbImage,
    (columns, rows): (&Part, &Part),
    marked: &mut NdTensor<bool, 2>,
) -> Result<()> {
    let (left, top) = (columns.looked.start, rows.looked.start);
    let (wide, high) = (columns.looked.len(), rows.looked.len());
    let part = picture.view(left as u32, top as u32, wide as u32, high as u32).to_image();
    let sure =
        ocr.detect_text_pixels(&input(ocr, &part)?).map_err(|error| failed("detector").because(error))?;
    for y in rows.counts.clone() {
        for x in columns.counts.clone() {
            marked[[y, x]] = sure[[y - top, x - left]] > ocr.detection_threshold();
        }
    }
    Ok(())
}

/// The groups of connected marked pixels.
fn outlined(marked: &NdTensor<bool, 2>) -> Vec<Word> {
    let middle = |point: &rten_imageproc::Point| PointF::from_yx(point.y as f32 + 0.5, point.x as f32 + 0.5);
    let word = |points: &[rten_imageproc::Point]| Word::new(points.iter().map(middle).collect());
    find_contours(marked.view(), RetrievalMode::External).iter().filter_map(word).collect()
}

/// Of words in the whole picture and words in its parts, those that each sees better.
fn merged(whole: Vec<Word>, mut parts: Vec<Word>) -> Vec<Word> {
    let is_high = |word: &Word| word.length.min(word.height) > HIGH;
    let (high, low): (Vec<_>, Vec<_>) = whole.into_iter().partition(is_high);
    parts.retain(|part| covered(part, &high) < PIECE);
    let lost: Vec<_> = low.into_iter().filter(|word| covered(word, &parts) < LOST).collect();
    parts.into_iter().chain(high).chain(lost).collect()
}

/// How much of a word's upright box lies in the boxes of others: 0 to 1, or more where they overlap.
fn covered(word: &Word, others: &[Word]) -> f32 {
    let area = |rect: RectF| rect.width().max(0.0) * rect.height().max(0.0);
    let own = word.bounds();
    let shared: f32 = others
        .iter()
        .map(Word::bounds)
        .filter(|other| own.intersects(*other))
        .map(|other| area(own.intersection(other)))
        .sum();
    shared / area(own).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::{Part, SHARED, Word, merged, parts};
    use proptest::prelude::*;
    use rten_imageproc::PointF;

    fn word(left: f32, top: f32, width: f32, height: f32) -> Word {
        let corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)];
        Word::new(corners.map(|(x, y)| PointF::from_yx(y, x)).to_vec()).unwrap()
    }

    #[test]
    fn small_sides_are_one_part() {
        assert_eq!(parts(640, 640), [Part { looked: 0..640, counts: 0..640 }]);
        assert_eq!(parts(0, 640), [Part { looked: 0..0, counts: 0..0 }]);
    }

    proptest! {
        #[test]
        fn parts_count_every_pixel_once_and_see_beyond_it(side in 1_usize..6000, most in 200_usize..900) {
            let all = parts(side, most);
            prop_assert_eq!(all[0].counts.start, 0);
            prop_assert_eq!(all[all.len() - 1].counts.end, side);
            for part in &all {
                prop_assert!(part.looked.len() == most.min(side));
                prop_assert!(part.looked.start <= part.counts.start && part.counts.end <= part.looked.end);
            }
            for pair in all.windows(2) {
                prop_assert_eq!(pair[0].counts.end, pair[1].counts.start);
                prop_assert!(pair[0].looked.end - pair[1].looked.start >= SHARED);
            }
        }
    }

    #[test]
    fn each_word_comes_from_where_it_is_seen_better() {
        let large = word(0.0, 0.0, 600.0, 200.0);
        let (blurred, lost) = (word(700.0, 0.0, 200.0, 20.0), word(0.0, 400.0, 60.0, 20.0));
        let piece = word(10.0, 20.0, 90.0, 150.0);
        let (first, second) = (word(700.0, 0.0, 90.0, 20.0), word(810.0, 0.0, 90.0, 20.0));
        let expected = [&first, &second, &large, &lost].map(|word| word.outline.clone());
        let all = merged(vec![large, blurred, lost], vec![piece, first, second]);
        assert_eq!(all.into_iter().map(|word| word.outline).collect::<Vec<_>>(), expected);
    }
}
