//! A picture in memory.

use crate::{Error, ErrorKind, Result};

/// An upright picture of at least one pixel, 8 bits per channel, row by row as R, G, B.
#[derive(Debug, Clone, Copy)]
pub struct RgbView<'a> {
    width: usize,
    height: usize,
    data: &'a [u8],
}

impl<'a> RgbView<'a> {
    /// Longest side in pixels; up to here all sizes are exact in f32, in which Pillow keeps them.
    pub const MAX_SIDE: usize = 1 << 24;

    /// A picture over `data`, 3 x `width` x `height` bytes.
    ///
    /// # Errors
    /// `Input` when a side is 0 or beyond [`Self::MAX_SIDE`], or the length of `data` is another.
    pub fn new(width: usize, height: usize, data: &'a [u8]) -> Result<Self> {
        let sides = 1..=Self::MAX_SIDE;
        let whole = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(3)) == Some(data.len());
        if sides.contains(&width) && sides.contains(&height) && whole {
            return Ok(Self { width, height, data });
        }
        let error = Error::new(ErrorKind::Input, format!("a picture of {width} x {height} pixels"));
        Err(error
            .expected(format!("sides of 1 to {}, three bytes per pixel", Self::MAX_SIDE))
            .found(format!("{} bytes", data.len())))
    }

    /// Pixels per row.
    #[must_use]
    pub fn width(self) -> usize {
        self.width
    }

    /// Number of rows.
    #[must_use]
    pub fn height(self) -> usize {
        self.height
    }

    /// Row by row, R, G, B.
    #[must_use]
    pub fn data(self) -> &'a [u8] {
        self.data
    }
}
