//! Text that stands aslant, made level: layout and recogniser of ocrs see a line best within an upright box.

use image::{RgbImage, imageops};
use rten_imageproc::{PointF, RotatedRect, Vec2};

/// Radians. Boxes of level words are hardly ever steeper, and lines of this slope are still read as they are.
pub(super) const LEAST_SLOPE: f32 = 0.026;
/// Radians. What is steeper does not run from left to right.
const STEEPEST: f32 = 0.6;
/// A box this many times as long as it is high shows where its line goes.
const LONG: f32 = 2.0;

/// A turn of a picture about its centre, onto a canvas that holds all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    sin: f32,
    cos: f32,
    from: (f32, f32),
    to: (f32, f32),
}

impl Turn {
    /// The turn that makes these words of a picture of `width` x `height` level; `None` if they are.
    pub(super) fn levelling(words: &[RotatedRect], width: u32, height: u32) -> Option<Self> {
        let slope = slope(words)?;
        if slope.abs() < LEAST_SLOPE {
            return None;
        }
        let (sin, cos) = (-slope).sin_cos();
        let (width, height) = (width as f32, height as f32);
        let (wide, high) = (width * cos + height * sin.abs(), height * cos + width * sin.abs());
        Some(Self { sin, cos, from: (width / 2.0, height / 2.0), to: (wide / 2.0, high / 2.0) })
    }

    /// The turned picture. Beyond its border the pixels there go on.
    pub(super) fn picture(&self, picture: &RgbImage) -> RgbImage {
        let size = |half: f32| ((2.0 * half).ceil() as u32).max(1);
        let last = |side: u32| side.saturating_sub(1) as f32;
        let (right, bottom) = (last(picture.width()), last(picture.height()));
        RgbImage::from_fn(size(self.to.0), size(self.to.1), |x, y| {
            let (x, y) = self.back((x as f32 + 0.5, y as f32 + 0.5));
            let (x, y) = ((x - 0.5).clamp(0.0, right), (y - 0.5).clamp(0.0, bottom));
            imageops::interpolate_bilinear(picture, x, y).unwrap_or(image::Rgb([0; 3]))
        })
    }

    /// Where a word is in the turned picture.
    pub(super) fn word(&self, word: &RotatedRect) -> RotatedRect {
        self.moved(word, Self::forth, self.sin)
    }

    /// Where a word of the turned picture is in the picture as it was.
    pub(super) fn word_back(&self, word: &RotatedRect) -> RotatedRect {
        self.moved(word, Self::back, -self.sin)
    }

    fn moved(&self, word: &RotatedRect, place: fn(&Self, (f32, f32)) -> (f32, f32), sin: f32) -> RotatedRect {
        let (x, y) = place(self, (word.center().x, word.center().y));
        let up = turned((word.up_axis().x, word.up_axis().y), sin, self.cos);
        RotatedRect::new(PointF::from_yx(y, x), Vec2::from_xy(up.0, up.1), word.width(), word.height())
    }

    fn forth(&self, point: (f32, f32)) -> (f32, f32) {
        let (x, y) = turned((point.0 - self.from.0, point.1 - self.from.1), self.sin, self.cos);
        (x + self.to.0, y + self.to.1)
    }

    fn back(&self, point: (f32, f32)) -> (f32, f32) {
        let (x, y) = turned((point.0 - self.to.0, point.1 - self.to.1), -self.sin, self.cos);
        (x + self.from.0, y + self.from.1)
    }
}

fn turned((x, y): (f32, f32), sin: f32, cos: f32) -> (f32, f32) {
    (x * cos - y * sin, x * sin + y * cos)
}

/// Of the long boxes, the slope at which half of their length is steeper and half is not. Radians, down to the right is
/// positive; `None` without any.
fn slope(words: &[RotatedRect]) -> Option<f32> {
    let mut slopes: Vec<(f32, f32)> = words.iter().filter_map(slope_of).collect();
    slopes.sort_by(|one, other| one.0.total_cmp(&other.0));
    let whole: f32 = slopes.iter().map(|(_, length)| length).sum();
    let mut so_far = 0.0;
    slopes.into_iter().find_map(|(slope, length)| {
        so_far += length;
        (2.0 * so_far >= whole).then_some(slope)
    })
}

/// (slope, length)
fn slope_of(word: &RotatedRect) -> Option<(f32, f32)> {
    let up = word.up_axis();
    let (along, length, height) = if word.width() >= word.height() {
        ((-up.y, up.x), word.width(), word.height())
    } else {
        ((up.x, up.y), word.height(), word.width())
    };
    let slope = (along.1 / along.0).atan();
    (length >= LONG * height && slope.abs() <= STEEPEST).then_some((slope, length))
}

#[cfg(test)]
mod tests {
    use super::Turn;
    use image::{Rgb, RgbImage};
    use proptest::prelude::*;
    use rten_imageproc::{PointF, RotatedRect, Vec2};

    /// A box of `length` x 10 around the middle of a picture of 200 x 100, `slope` radians down to the right.
    fn word(slope: f32, length: f32) -> RotatedRect {
        let up = Vec2::from_xy(slope.sin(), -slope.cos());
        RotatedRect::new(PointF::from_yx(50.0, 100.0), up, length, 10.0)
    }

    fn levelling(words: &[RotatedRect]) -> Option<Turn> {
        Turn::levelling(words, 200, 100)
    }

    #[test]
    fn level_short_steep_and_missing_words_turn_nothing() {
        let square = word(0.2, 10.0);
        for words in
            [vec![], vec![word(0.0, 60.0)], vec![word(0.01, 60.0)], vec![word(1.4, 60.0)], vec![square]]
        {
            assert!(levelling(&words).is_none(), "{words:?}");
        }
    }

    #[test]
    fn the_longer_part_of_the_words_is_what_becomes_level() {
        let words = [word(0.15, 90.0), word(-0.3, 30.0), word(0.0, 20.0)];
        let turn = levelling(&words).unwrap();
        let corners = turn.word(&words[0]).corners();
        let mut heights: Vec<f32> = corners.iter().map(|corner| corner.y).collect();
        heights.sort_by(f32::total_cmp);
        assert!(heights[1] - heights[0] < 0.01 && heights[3] - heights[2] < 0.01, "{corners:?}");
    }

    #[test]
    fn a_bar_aslant_is_a_bar_across_the_turned_picture() {
        let ink = |x: u32, y: u32| {
            let below = y as f32 - 50.0 - (x as f32 - 100.0) * 0.2_f32.tan();
            if below.abs() < 6.0 { Rgb([255; 3]) } else { Rgb([0; 3]) }
        };
        let picture = RgbImage::from_fn(200, 100, ink);
        let turned = levelling(&[word(0.2, 90.0)]).unwrap().picture(&picture);
        let middle = turned.height() / 2;
        assert!(turned.width() > 200 && turned.height() > 100);
        for x in 30..turned.width() - 30 {
            let at = |y: u32| turned.get_pixel(x, y).0[0];
            assert!(at(middle) > 200 && at(middle - 15) < 50 && at(middle + 15) < 50, "column {x}");
        }
    }

    proptest! {
        #[test]
        fn a_word_comes_back_to_where_it_was(slope in 0.03_f32..0.55, length in 25.0_f32..300.0, x in 0.0_f32..200.0) {
            let turn = levelling(&[word(-slope, length)]).unwrap();
            let there = RotatedRect::new(PointF::from_yx(20.0, x), Vec2::from_xy(0.1, -1.0), length, 10.0);
            let back = turn.word_back(&turn.word(&there));
            for (one, other) in there.corners().iter().zip(back.corners()) {
                prop_assert!((one.x - other.x).abs() < 0.01 && (one.y - other.y).abs() < 0.01);
            }
        }
    }
}
