//! The bytes of a packed layer, in memory and in a file alike, whatever the tier.
//!
//! A header of 16 words of 32 bits in the machine's byte order: `LENSPACK`, the version, the precision (0 f32, 1 bf16,
//! 2 int8), inputs, outputs, 1 if gated, zeros. Then, each a whole number of cache lines:
//! - the panels, (panels, steps, 32) words as [`super::PackedLinear`] describes them;
//! - the bias, (panels, 32) f32;
//! - of int8, the scales, (panels, 32) f32, and the sums of the quantised weights, (panels, 32) i32.

use super::packed::{PANEL, Precision};
use crate::aligned::as_floats;
use std::fmt;
use std::ops::Range;

/// Raised whenever the meaning of a byte changes, or another precision would be chosen for it.
const VERSION: u32 = 3;

/// `LENSPACK` as the machine's own words: bytes of the other order are not taken for it.
const MAGIC: [u32; 2] = [u32::from_be_bytes(*b"LENS"), u32::from_be_bytes(*b"PACK")];

const HEADER: usize = 16;

/// The sizes of a layer, from which the place of everything in it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) precision: Precision,
    pub(crate) inputs: usize,
    /// Columns of the result.
    pub(crate) outputs: usize,
    pub(crate) gated: bool,
}

/// Words of each part.
pub(crate) struct Parts {
    pub(crate) panels: Range<usize>,
    pub(crate) bias: Range<usize>,
    pub(crate) scales: Range<usize>,
    pub(crate) sums: Range<usize>,
}

impl Layout {
    /// Columns of the result that one panel gives.
    pub(crate) fn columns_per_panel(self) -> usize {
        if self.gated { PANEL / 2 } else { PANEL }
    }

    pub(crate) fn panels(self) -> usize {
        self.outputs.div_ceil(self.columns_per_panel())
    }

    /// Words of one column.
    pub(crate) fn steps(self) -> usize {
        self.inputs.div_ceil(self.precision.per_word())
    }

    /// Where the parts are; None where the sizes are beyond any memory.
    pub(crate) fn parts(self) -> Option<Parts> {
        let columns = self.panels().checked_mul(PANEL)?;
        let scales = if self.precision == Precision::Int8 { columns } else { 0 };
        let panels = HEADER..columns.checked_mul(self.steps())?.checked_add(HEADER)?;
        let bias = panels.end..panels.end.checked_add(columns)?;
        let factors = bias.end..bias.end.checked_add(scales)?;
        let sums = factors.end..factors.end.checked_add(scales)?;
        sums.end.checked_mul(size_of::<u32>())?;
        Some(Parts { panels, bias, scales: factors, sums })
    }

    pub(crate) fn write_header(self, words: &mut [u32]) {
        let precision = self.precision as u32;
        let sizes = [VERSION, precision, self.inputs as u32, self.outputs as u32, u32::from(self.gated)];
        words[..2].copy_from_slice(&MAGIC);
        words[2..7].copy_from_slice(&sizes);
    }

    /// Reads the header and checks that the words are as many as it says.
    pub(crate) fn read(words: &[u32]) -> Result<Self, LayoutError> {
        let Some((header, _)) = words.split_first_chunk::<HEADER>() else {
            return Err(LayoutError::NotPacked);
        };
        let [magic_0, magic_1, version, precision, inputs, outputs, gated, ..] = *header;
        if [magic_0, magic_1] != MAGIC {
            return Err(LayoutError::NotPacked);
        }
        if version != VERSION {
            return Err(LayoutError::Version { found: version });
        }
        let precision = match precision {
            0 => Precision::F32,
            1 => Precision::Bf16,
            2 => Precision::Int8,
            _ => return Err(LayoutError::Header),
        };
        if inputs == 0 || outputs == 0 || gated > 1 {
            return Err(LayoutError::Header);
        }
        let layout =
            Self { precision, inputs: inputs as usize, outputs: outputs as usize, gated: gated == 1 };
        let expected = layout.parts().ok_or(LayoutError::Header)?.sums.end;
        if words.len() != expected {
            return Err(LayoutError::Length { expected: expected * 4, found: words.len() * 4 });
        }
        Ok(layout)
    }
}

/// A layer that is ready to be multiplied.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) layout: Layout,
    panels: &'a [u32],
    bias: &'a [f32],
    scales: &'a [f32],
    sums: &'a [u32],
}

/// One panel of a layer.
#[derive(Clone, Copy)]
pub(crate) struct Panel<'a> {
    /// (steps, 32)
    pub(crate) words: &'a [u32],
    /// Zero where the layer has none.
    pub(crate) bias: &'a [f32; PANEL],
    /// What one unit of an int8 weight is worth; zero in other precisions.
    pub(crate) scales: &'a [f32; PANEL],
    /// The i32 sum of the int8 weights of each column; zero in other precisions.
    pub(crate) sums: &'a [u32; PANEL],
}

impl<'a> View<'a> {
    /// `words` are those that `layout` was read from or written to.
    pub(crate) fn new(layout: Layout, words: &'a [u32]) -> Self {
        let part = |range: Range<usize>| words.get(range).unwrap_or_default();
        let (panels, bias, scales, sums) = match layout.parts() {
            Some(parts) => (part(parts.panels), part(parts.bias), part(parts.scales), part(parts.sums)),
            None => Default::default(),
        };
        Self { layout, panels, bias: as_floats(bias), scales: as_floats(scales), sums }
    }

    pub(crate) fn panel(&self, index: usize) -> Panel<'a> {
        let words = self.layout.steps() * PANEL;
        Panel {
            words: &self.panels[index * words..(index + 1) * words],
            bias: &self.bias.as_chunks().0[index],
            scales: self.scales.as_chunks().0.get(index).unwrap_or(&[0.0; PANEL]),
            sums: self.sums.as_chunks().0.get(index).unwrap_or(&[0; PANEL]),
        }
    }
}

/// Why bytes are not a packed layer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// They do not start as a packed layer of this machine's byte order does.
    NotPacked,
    /// Packed by another version of this crate.
    Version {
        /// The version in the header.
        found: u32,
    },
    /// The header's sizes cannot be.
    Header,
    /// Cut off, or longer than the header says.
    Length {
        /// Bytes that the header's sizes take.
        expected: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// The range is not within its owner's bytes.
    Range,
    /// The first byte is not at a multiple of 64.
    Misaligned,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPacked => f.write_str("not a packed layer"),
            Self::Version { found } => write!(f, "a packed layer of version {found}, not {VERSION}"),
            Self::Header => f.write_str("a packed layer with an impossible header"),
            Self::Length { expected, found } => write!(f, "a packed layer of {found} bytes, not {expected}"),
            Self::Range => f.write_str("a packed layer that reaches beyond its file"),
            Self::Misaligned => f.write_str("a packed layer that does not start at a multiple of 64 bytes"),
        }
    }
}

impl std::error::Error for LayoutError {}
