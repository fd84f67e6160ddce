//! Weights laid out in the order in which the product reads them.

use super::layout::{Layout, LayoutError, View};
use crate::aligned::{AlignedWords, as_bytes, as_words};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Output columns of one panel.
pub(crate) const PANEL: usize = 32;

/// How the weights of a linear layer are stored and multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32-bit floats.
    F32,
    /// bfloat16 weights and activations, summed in f32.
    Bf16,
    /// 8-bit integers: one scale per output column; activations as bytes between the least and the greatest of
    /// their row. A row or column with a value that is not finite gives NaN.
    Int8,
}

impl Precision {
    /// Inputs that share a 32-bit word.
    pub(crate) fn per_word(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::Bf16 => 2,
            Self::Int8 => 4,
        }
    }
}

/// The weights of a linear layer as published files store them.
#[derive(Debug, Clone, Copy)]
pub struct LinearSource<'a> {
    /// Row-major (outputs, inputs).
    pub weight: &'a [f32],
    /// (outputs), or none.
    pub bias: Option<&'a [f32]>,
    /// Number of output features; of a gated pair, both halves together.
    pub outputs: usize,
    /// Number of input features.
    pub inputs: usize,
    /// The first half of the outputs gates the second: `activation(x Wg) * (x Wv)`.
    pub gated: bool,
}

/// A linear layer packed for [`crate::linear`]: panels of 32 output columns, each read once from front to back.
///
/// A panel is a list of steps, a step 32 words, a word the weights of one column for as many inputs as fit 32 bits: one
/// f32, two bf16 or four bytes, the first input in the lowest bits. Inputs and columns that do not fill a word or a
/// panel are zero. The panel of a gated layer holds 16 gate columns and the 16 value columns that they gate.
///
/// The layout is the same for all tiers. [`PackedLinear::as_bytes`] can be kept in a file; mapped into memory,
/// [`PackedLinear::from_shared`] multiplies from it without a copy. Clones share the panels.
#[derive(Clone)]
pub struct PackedLinear {
    layout: Layout,
    storage: Storage,
}

#[derive(Clone)]
enum Storage {
    Owned(Arc<AlignedWords>),
    Shared { owner: Arc<dyn AsRef<[u8]> + Send + Sync>, range: Range<usize> },
}

impl fmt::Debug for PackedLinear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackedLinear").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl PackedLinear {
    /// Lays out `source`.
    ///
    /// # Panics
    /// When the lengths of `source` do not fit its sizes, or a gated layer has an odd number of outputs.
    #[must_use]
    pub fn pack(source: &LinearSource<'_>, precision: Precision) -> Self {
        let (layout, words) = super::pack::pack(source, precision);
        Self { layout, storage: Storage::Owned(Arc::new(words)) }
    }

    /// The layer that `as_bytes` wrote, at `range` of bytes that someone else holds: a mapped file, shared by processes.
    ///
    /// # Errors
    /// When the bytes are not those of a layer of this version, or do not start at a multiple of 64 in memory.
    pub fn from_shared(
        owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
        range: Range<usize>,
    ) -> Result<Self, LayoutError> {
        let bytes = (*owner).as_ref().get(range.clone()).ok_or(LayoutError::Range)?;
        if !(bytes.as_ptr() as usize).is_multiple_of(64) {
            return Err(LayoutError::Misaligned);
        }
        let layout = Layout::read(as_words(bytes).ok_or(LayoutError::NotPacked)?)?;
        Ok(Self { layout, storage: Storage::Shared { owner, range } })
    }

    /// What [`PackedLinear::from_shared`] reads; a multiple of 64 bytes, in the byte order of this machine.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        as_bytes(self.words())
    }

    /// Columns of the operand.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.layout.inputs
    }

    /// Columns of the result: half of the weight rows of a gated layer.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.layout.outputs
    }

    /// Weights that a row is multiplied by, both halves of a gated layer counted.
    #[must_use]
    pub fn weights(&self) -> usize {
        self.layout.inputs * self.layout.outputs * if self.layout.gated { 2 } else { 1 }
    }

    /// How the layer is multiplied.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.layout.precision
    }

    fn words(&self) -> &[u32] {
        match &self.storage {
            Storage::Owned(words) => words.as_slice(),
            Storage::Shared { owner, range } => {
                (**owner).as_ref().get(range.clone()).and_then(as_words).unwrap_or_default()
            }
        }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View::new(self.layout, self.words())
    }
}
