//! The register tile: a few rows of activations times one panel of weights, over all inputs at once.

use super::packed::PANEL;
use crate::simd::Simd;

/// The most rows of a register tile in any tier.
pub(crate) const MAX_ROWS: usize = 12;

/// The sums of a register tile, 32 columns per row: f32, or the bits of i32 for int8.
pub(crate) type TileSums = [f32; MAX_ROWS * PANEL];

/// What one step of a product does with a word of activations and a word of weights.
pub(crate) trait Product {
    /// Index into [`Simd::TILE_ROWS`].
    const KIND: usize;
    /// Values in one word.
    const PER_WORD: usize;
    /// One lane's sum in one vector.
    type Sums<S: Simd>: Copy;
    fn zero<S: Simd>(simd: S) -> Self::Sums<S>;
    fn step<S: Simd>(simd: S, sums: Self::Sums<S>, a: S::Words, b: S::Words) -> Self::Sums<S>;
    /// The bits of the sums.
    fn bits<S: Simd>(simd: S, sums: Self::Sums<S>) -> S::Floats;
}

/// One f32 per word.
pub(crate) struct F32;
/// Two bf16 per word, summed in f32.
pub(crate) struct Bf16;
/// Four bytes per word, unsigned activations and signed weights, summed in i32.
pub(crate) struct Int8;

impl Product for F32 {
    const KIND: usize = 0;
    const PER_WORD: usize = 1;
    type Sums<S: Simd> = S::Floats;
    #[inline(always)]
    fn zero<S: Simd>(simd: S) -> S::Floats {
        simd.splat(0.0)
    }
    #[inline(always)]
    fn step<S: Simd>(simd: S, sums: S::Floats, a: S::Words, b: S::Words) -> S::Floats {
        simd.fma(simd.words_as_floats(a), simd.words_as_floats(b), sums)
    }
    #[inline(always)]
    fn bits<S: Simd>(_: S, sums: S::Floats) -> S::Floats {
        sums
    }
}

impl Product for Bf16 {
    const KIND: usize = 1;
    const PER_WORD: usize = 2;
    type Sums<S: Simd> = S::Floats;
    #[inline(always)]
    fn zero<S: Simd>(simd: S) -> S::Floats {
        simd.splat(0.0)
    }
    #[inline(always)]
    fn step<S: Simd>(simd: S, sums: S::Floats, a: S::Words, b: S::Words) -> S::Floats {
        simd.dot_bf16(sums, a, b)
    }
    #[inline(always)]
    fn bits<S: Simd>(_: S, sums: S::Floats) -> S::Floats {
        sums
    }
}

impl Product for Int8 {
    const KIND: usize = 2;
    const PER_WORD: usize = 4;
    type Sums<S: Simd> = S::Words;
    #[inline(always)]
    fn zero<S: Simd>(simd: S) -> S::Words {
        simd.splat_word(0)
    }
    #[inline(always)]
    fn step<S: Simd>(simd: S, sums: S::Words, a: S::Words, b: S::Words) -> S::Words {
        simd.dot_int8(sums, a, b)
    }
    #[inline(always)]
    fn bits<S: Simd>(simd: S, sums: S::Words) -> S::Floats {
        simd.words_as_floats(sums)
    }
}

/// Where a matrix of words lies: element (row, step) at `start + row * row_stride + step * step_stride`.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    pub(crate) start: *const u32,
    pub(crate) row_stride: usize,
    pub(crate) step_stride: usize,
}

/// (rows, steps) x (steps, columns) -> the first rows and columns of `sums`; each sum takes its steps in order.
/// `VECTORS` of columns are computed at once, so columns up to the next multiple of them are written too.
///
/// # Safety
/// `a` can be read for `rows` rows and `steps` steps, `b` for `steps` steps of 32 words `b_stride` words apart.
#[inline(always)]
pub(crate) unsafe fn tile<S: Simd, P: Product, const VECTORS: usize>(
    simd: S,
    (rows, columns): (usize, usize),
    a: Words,
    b: (*const u32, usize),
    steps: usize,
    sums: &mut TileSums,
) {
    // One loop is compiled for each number of rows that the tier's registers hold.
    macro_rules! by_rows {
        ($($count:literal)*) => {
            match rows {
                $($count if $count <= S::TILE_ROWS[P::KIND] => {
                    for first in (0..columns.min(PANEL)).step_by(VECTORS * S::LANES) {
                        // SAFETY: the caller's promise; 32 is a multiple of the columns at once, so all are within it.
                        unsafe { let b = (b.0.add(first), b.1);
                            tile_of_rows::<S, P, $count, VECTORS>(simd, a, b, steps, &mut sums[first..]); }
                    }
                })*
                _ => unreachable!("a tile has 1 to {} rows, not {rows}", S::TILE_ROWS[P::KIND]),
            }
        };
    }
    by_rows!(1 2 3 4 5 6 7 8 9 10 11 12);
}

/// # Safety
/// As [`tile`], with the columns of `b` that are read within its steps.
#[inline(always)]
unsafe fn tile_of_rows<S: Simd, P: Product, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    a: Words,
    (b, b_stride): (*const u32, usize),
    steps: usize,
    sums: &mut [f32],
) {
    let mut tile = [[P::zero(simd); VECTORS]; ROWS];
    for step in 0..steps {
        // SAFETY: `step < steps`, `VECTORS` vectors of columns can be read, and rows are within ROWS.
        unsafe {
            let b = b.add(step * b_stride);
            let mut columns = [simd.splat_word(0); VECTORS];
            for (vector, columns) in columns.iter_mut().enumerate() {
                *columns = simd.load_words_at(b.add(vector * S::LANES));
            }
            let values = a.start.add(step * a.step_stride);
            for (row, tile) in tile.iter_mut().enumerate() {
                let value = simd.splat_word(*values.add(row * a.row_stride));
                for (sums, columns) in tile.iter_mut().zip(columns) {
                    *sums = P::step(simd, *sums, value, columns);
                }
            }
        }
    }
    for (tile, sums) in tile.iter().zip(sums.chunks_mut(PANEL)) {
        for (vector, tile) in tile.iter().enumerate() {
            simd.store(&mut sums[vector * S::LANES..], P::bits(simd, *tile));
        }
    }
}
