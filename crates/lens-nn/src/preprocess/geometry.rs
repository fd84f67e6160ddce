//! Which pixels of which resized picture the model sees.

use super::{RgbView, config::Plan};
use crate::{Error, ErrorKind, Result};
use std::ops::Range;

/// Pillow's own limit: its sizes are C integers.
const MAX_RESIZED: usize = i32::MAX as usize;

/// The size of the resized picture, of which the centre is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resize {
    /// The shorter edge becomes this long, the longer one keeps the aspect, rounded down.
    Shortest(usize),
    /// Both edges become this long.
    Square(usize),
}

/// Where an odd pixel goes when the centre is cropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CropRounding {
    /// transformers: the margin before is `(edge - size) // 2`.
    Floor,
    /// torchvision, hence open_clip: `round((edge - size) / 2)`, and Python rounds halves to even.
    HalfToEven,
}

/// One direction of a resize: so many samples become so many, of which a range is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Within `0..to`.
    pub(super) kept: Range<usize>,
}

/// The part of the resized picture that the crop keeps.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) columns: Axis,
    pub(super) rows: Axis,
}

impl Window {
    pub(super) fn new(plan: Plan, image: RgbView<'_>) -> Result<Self> {
        let (width, height) = (image.width(), image.height());
        let shorter = width.min(height);
        let axis = |from: usize| {
            let to = match plan.resize {
                // Sizes are at most 2^13 and sides 2^24.
                Resize::Shortest(edge) => edge * from / shorter,
                Resize::Square(edge) => edge,
            };
            if to > MAX_RESIZED {
                let error = Error::new(ErrorKind::Input, format!("a picture of {width} x {height} pixels"));
                let error =
                    error.expected(format!("at most {MAX_RESIZED} along its longer edge once resized"));
                return Err(error
                    .found(to.to_string())
                    .hint("crop the picture: it is far too long and thin"));
            }
            let start = plan.rounding.margin(to - plan.size);
            Ok(Axis { from, to, kept: start..start + plan.size })
        };
        Ok(Self { columns: axis(width)?, rows: axis(height)? })
    }
}

impl CropRounding {
    /// The part of a margin that goes before the centre.
    fn margin(self, both: usize) -> usize {
        match self {
            // Half of 4n + 3 is 2n + 1 and a half: up to the even one.
            Self::HalfToEven if both % 4 == 3 => both / 2 + 1,
            Self::HalfToEven | Self::Floor => both / 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_round_as_the_libraries_do() {
        // Python: [round(n / 2) for n in range(9)] and [n // 2 for n in range(9)]
        let margins = |rounding: CropRounding| (0..9).map(|both| rounding.margin(both)).collect::<Vec<_>>();
        assert_eq!(margins(CropRounding::HalfToEven), [0, 0, 1, 2, 2, 2, 3, 4, 4]);
        assert_eq!(margins(CropRounding::Floor), [0, 0, 1, 1, 2, 2, 3, 3, 4]);
    }

    #[test]
    fn the_window_is_the_centre_of_the_resized_picture() {
        struct Case(Resize, (usize, usize), (usize, Range<usize>), (usize, Range<usize>));
        let cases = [
            Case(Resize::Shortest(224), (333, 500), (224, 0..224), (336, 56..280)),
            // 224 * 227 / 224 = 227, margin 3 // 2
            Case(Resize::Shortest(224), (227, 224), (227, 1..225), (224, 0..224)),
            Case(Resize::Shortest(224), (30_000, 1), (6_720_000, 3_359_888..3_360_112), (224, 0..224)),
            Case(Resize::Square(224), (17, 2000), (224, 0..224), (224, 0..224)),
            Case(Resize::Square(256), (17, 2000), (256, 16..240), (256, 16..240)),
        ];
        for Case(resize, (width, height), columns, rows) in cases {
            let data = vec![0; width * height * 3];
            let plan = Plan { resize, rounding: CropRounding::Floor, size: 224 };
            let window = Window::new(plan, RgbView::new(width, height, &data).unwrap()).unwrap();
            assert_eq!((window.columns.to, window.columns.kept), columns, "{width} x {height}");
            assert_eq!((window.rows.to, window.rows.kept), rows, "{width} x {height}");
        }
    }

    #[test]
    fn a_thread_of_pixels_is_refused() {
        let data = vec![0; 9_600_000 * 3];
        let plan = Plan { resize: Resize::Shortest(224), rounding: CropRounding::Floor, size: 224 };
        let error = Window::new(plan, RgbView::new(1, 9_600_000, &data).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        assert_eq!(error.finding(), Some("2150400000"));
    }
}
