//! Lines of letters as the recogniser sees them: made straight along their middle, 64 pixels high, what is beside the words
//! black, with all the contrast there is. As `training/ocr/strip.py` cuts them.

use super::{
    curve::Curve,
    direction::reach,
    words::{GROWN, Word},
};
use image::{Rgb, RgbImage, imageops};
use std::ops::RangeInclusive;

/// Pixels: as ocrs gives them to a recogniser.
pub(super) const HEIGHT: usize = 64;
const WIDTHS: RangeInclusive<f32> = 10.0..=2400.0;
/// Percent of a bent word's outline that may lie outside its strip, above and below.
const STRAY: f32 = 2.5;
/// Percent of the pixels that may be darker than black, and lighter than white.
const FAINT: f32 = 1.0;
/// Times as much contrast as there was, at most.
const MOST_CONTRAST: f32 = 5.0;
const BLACK: f32 = -0.5;
/// Of a word's height: room on every side, in addition to what all words are larger than what the detector marks.
const ROOM: f32 = 0.05;
/// Of red, green and blue in grey, as ocrs has them.
const WEIGHTS: [f32; 3] = [0.299, 0.587, 0.114];

/// Where one word of a line is: along the curve, and below its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    start: f32,
    end: f32,
    above: f32,
    below: f32,
}

impl Span {
    pub(super) fn of(word: &Word, curve: &Curve) -> Self {
        let places = || word.outline.iter().map(|point| curve.place(*point));
        let (start, end) = reach(places().map(|place| place.0)).unwrap_or_default();
        let mut depths: Vec<f32> = places().map(|place| place.1).collect();
        depths.sort_by(f32::total_cmp);
        let stray = if curve.is_bent() { STRAY } else { 0.0 };
        let (above, below) = (percentile(&depths, stray), percentile(&depths, 100.0 - stray));
        let room = GROWN + ROOM * (below - above);
        Self { start: start - room, end: end + room, above: above - room, below: below + room }
    }

    /// The smallest one around others.
    fn around(spans: &[Self]) -> Option<Self> {
        let (start, _) = reach(spans.iter().map(|span| span.start))?;
        let (_, end) = reach(spans.iter().map(|span| span.end))?;
        let (above, _) = reach(spans.iter().map(|span| span.above))?;
        let (_, below) = reach(spans.iter().map(|span| span.below))?;
        Some(Self { start, end, above, below })
    }
}

/// Grey pixels, row by row, -0.5 to 0.5.
#[derive(Debug)]
pub(super) struct Strip {
    pub(super) width: usize,
    pub(super) pixels: Vec<f32>,
}

/// Cuts out words that stand in one line, from left to right; `None` without any.
pub(super) fn cut(picture: &RgbImage, curve: &Curve, words: &[Span]) -> Option<Strip> {
    let ribbon = Ribbon::new(curve, Span::around(words)?);
    let high = ribbon.high();
    let width = (HEIGHT as f32 * ribbon.length() / high).clamp(*WIDTHS.start(), *WIDTHS.end()) as usize;
    let finer = (high / HEIGHT as f32).ceil() as usize;
    let mut pixels = vec![0.0; width * HEIGHT];
    for (place, (x, y)) in ribbon.points(picture, width * finer, HEIGHT * finer).enumerate() {
        let colour = imageops::interpolate_bilinear(picture, x, y).unwrap_or(Rgb([0; 3]));
        let (row, column) = (place / (width * finer) / finer, place % (width * finer) / finer);
        let grey: f32 =
            colour.0.iter().zip(WEIGHTS).map(|(channel, weight)| f32::from(*channel) * weight).sum();
        pixels[row * width + column] += (grey / 255.0 - 0.5) / (finer * finer) as f32;
    }
    let inside = covered(&ribbon, words, width);
    stretch(&mut pixels, &inside);
    Some(Strip { width, pixels })
}

/// The pixels of one word, made straight, in rows: none is mixed from several.
pub(super) fn colours(picture: &RgbImage, curve: &Curve, word: Span) -> Vec<Vec<[u8; 3]>> {
    let ribbon = Ribbon::new(curve, word);
    let (width, height) = (ribbon.length().ceil() as usize, ribbon.high().ceil() as usize);
    let points = ribbon.points(picture, width, height);
    let nearest = |(x, y): (f32, f32)| {
        picture.get_pixel_checked(x.round() as u32, y.round() as u32).map_or([0; 3], |pixel| pixel.0)
    };
    let pixels: Vec<[u8; 3]> = points.map(nearest).collect();
    pixels.chunks(width.max(1)).map(<[_]>::to_vec).collect()
}

/// A band along a curve.
struct Ribbon<'a> {
    curve: &'a Curve,
    span: Span,
    /// (u, length of the curve up to there), in steps of at most a pixel.
    steps: Vec<(f32, f32)>,
}

impl<'a> Ribbon<'a> {
    fn new(curve: &'a Curve, span: Span) -> Self {
        let count = ((span.end - span.start).ceil() as usize).max(2);
        let u = |place: usize| span.start + (span.end - span.start) * place as f32 / (count - 1) as f32;
        let mut steps = vec![(span.start, 0.0)];
        for place in 1..count {
            let (before, now) = (u(place - 1), u(place));
            let step = (now - before).hypot(curve.v(now) - curve.v(before));
            steps.push((now, steps[place - 1].1 + step));
        }
        Self { curve, span, steps }
    }

    fn length(&self) -> f32 {
        self.steps.last().map_or(0.0, |step| step.1).max(1.0)
    }

    fn high(&self) -> f32 {
        (self.span.below - self.span.above).max(1.0)
    }

    /// The u at a length.
    fn u(&self, length: f32) -> f32 {
        between(&self.steps, length, |step| (step.1, step.0))
    }

    /// The length at a u.
    fn at(&self, u: f32) -> f32 {
        between(&self.steps, u, |step| step)
    }

    /// `width` x `height` places in a picture, row by row, pixels at whole numbers; what is beyond its border is at it.
    fn points(&self, picture: &RgbImage, width: usize, height: usize) -> impl Iterator<Item = (f32, f32)> {
        let last = |side: u32| side.saturating_sub(1) as f32;
        let (right, bottom) = (last(picture.width()), last(picture.height()));
        let columns: Vec<f32> =
            (0..width).map(|column| self.u((column as f32 + 0.5) / width as f32 * self.length())).collect();
        (0..width * height).map(move |place| {
            let (row, column) = (place / width, place % width);
            let below = self.span.above + (row as f32 + 0.5) / height as f32 * self.high();
            let point = self.curve.point(columns[column], below);
            ((point.x - 0.5).clamp(0.0, right), (point.y - 0.5).clamp(0.0, bottom))
        })
    }
}

/// Piecewise linear through (x, y) of steps with rising x; constant outside.
fn between<T: Copy>(steps: &[T], x: f32, place: impl Fn(T) -> (f32, f32)) -> f32 {
    let next = steps.partition_point(|step| place(*step).0 < x);
    let (Some(last), Some(first)) = (steps.get(next.max(1) - 1), steps.get(next.min(steps.len().max(1) - 1)))
    else {
        return 0.0;
    };
    let ((x0, y0), (x1, y1)) = (place(*last), place(*first));
    if x1 > x0 { y0 + (y1 - y0) * ((x - x0) / (x1 - x0)).clamp(0.0, 1.0) } else { y0 }
}

/// Which pixels of a strip lie within words, or between one and the next.
fn covered(ribbon: &Ribbon<'_>, words: &[Span], width: usize) -> Vec<bool> {
    let column = |u: f32| ribbon.at(u) / ribbon.length() * width as f32;
    let row = |below: f32| (below - ribbon.span.above) / ribbon.high() * HEIGHT as f32;
    let edges: Vec<(f32, f32, f32)> = words
        .iter()
        .flat_map(|word| [word.start, word.end].map(|u| (column(u), row(word.above), row(word.below))))
        .collect();
    let mut inside = vec![false; width * HEIGHT];
    for x in 0..width {
        let middle = x as f32 + 0.5;
        let top = between(&edges, middle, |edge| (edge.0, edge.1));
        let foot = between(&edges, middle, |edge| (edge.0, edge.2));
        for y in 0..HEIGHT {
            inside[y * width + x] = (top..=foot).contains(&(y as f32 + 0.5));
        }
    }
    inside
}

/// Makes the darkest of the pixels `inside` black and the lightest white, and all others black.
fn stretch(pixels: &mut [f32], inside: &[bool]) {
    let mut told: Vec<f32> =
        pixels.iter().zip(inside).filter(|(_, inside)| **inside).map(|(pixel, _)| *pixel).collect();
    told.sort_by(f32::total_cmp);
    let (dark, light) = (percentile(&told, FAINT), percentile(&told, 100.0 - FAINT));
    let more = (1.0 / (light - dark).max(1e-6)).min(MOST_CONTRAST);
    for (pixel, inside) in pixels.iter_mut().zip(inside) {
        let stretched = ((*pixel - f32::midpoint(dark, light)) * more).clamp(-0.5, 0.5);
        *pixel = if *inside { stretched } else { BLACK };
    }
}

/// Of sorted numbers, the one nearest to a place between the first (0) and the last (100); 0 of none.
fn percentile(sorted: &[f32], percent: f32) -> f32 {
    let place = percent / 100.0 * sorted.len().saturating_sub(1) as f32;
    sorted.get(place.round() as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{super::curve::Curve, super::direction::Direction, Span, WIDTHS, cut};
    use crate::modules::ocr::words::Word;
    use image::{Rgb, RgbImage};
    use proptest::prelude::*;
    use rten_imageproc::PointF;
    use std::collections::BTreeMap;

    /// One line of `golden/ocr-strip.json`.
    #[derive(serde::Deserialize)]
    struct Golden {
        words: Vec<Vec<(f32, f32)>>,
        angle: f32,
        width: usize,
        pixels: Vec<Vec<f32>>,
    }

    const EVERY: usize = 8;

    fn word(points: &[(f32, f32)]) -> Word {
        Word::new(points.iter().map(|(x, y)| PointF::from_yx(*y, *x)).collect()).unwrap()
    }

    fn waves() -> RgbImage {
        RgbImage::from_fn(240, 160, |x, y| {
            let (x, y) = (x as f32, y as f32);
            Rgb([(127.5 + 60.0 * (x / 5.0).sin() + 60.0 * (y / 4.0 + x / 9.0).cos()) as u8; 3])
        })
    }

    #[test]
    fn strips_are_those_that_the_recogniser_was_trained_on() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden/ocr-strip.json");
        let lines: BTreeMap<String, Golden> = serde_json::from_slice(&fs_err::read(file).unwrap()).unwrap();
        assert_eq!(lines.len(), 4);
        for (name, line) in lines {
            let words: Vec<Word> = line.words.iter().map(|points| word(points)).collect();
            let outlines = words.iter().flat_map(|word| &word.outline);
            let curve = Curve::through(outlines, Direction::new(line.angle));
            assert_eq!(curve.is_bent(), name == "bent");
            let spans: Vec<Span> = words.iter().map(|word| Span::of(word, &curve)).collect();
            let strip = cut(&waves(), &curve, &spans).unwrap();
            assert!(strip.width.abs_diff(line.width) <= 1, "{name}: {} of {}", strip.width, line.width);
            // Samples are rounded to bytes here, and contrast makes that larger.
            let apart = line.pixels.iter().enumerate().flat_map(|(y, row)| {
                let here = &strip.pixels[y * EVERY * strip.width..];
                row.iter()
                    .enumerate()
                    .map(move |(x, pixel)| (here[(x * EVERY).min(strip.width - 1)] - pixel).abs())
            });
            let apart: Vec<f32> = apart.collect();
            let mean = apart.iter().sum::<f32>() / apart.len() as f32;
            assert!(mean < 0.01, "{name}: {mean}");
        }
    }

    #[test]
    fn no_words_are_no_strip() {
        let curve = Curve::through([].iter(), Direction::new(0.0));
        assert!(cut(&waves(), &curve, &[]).is_none());
    }

    proptest! {
        #[test]
        fn any_words_anywhere_are_a_strip(
            points in proptest::collection::vec((-300.0_f32..600.0, -300.0_f32..600.0), 3..40),
            angle in -3.0_f32..3.0,
        ) {
            let points: Vec<PointF> = points.iter().map(|(x, y)| PointF::from_yx(*y, *x)).collect();
            if let Some(word) = Word::new(points) {
                let curve = Curve::through(word.outline.iter(), Direction::new(angle));
                let strip = cut(&waves(), &curve, &[Span::of(&word, &curve)]).unwrap();
                prop_assert!(WIDTHS.contains(&(strip.width as f32)));
                prop_assert!(strip.pixels.iter().all(|pixel| (-0.5..=0.5).contains(pixel)));
            }
        }
    }
}
