//! Vector arithmetic, one implementation per tier, and the way a kernel is compiled for each.
//!
//! A kernel is written once, generic over [`Simd`], and handed to [`crate::Tier::run`], which calls it inside a function
//! compiled for that tier. All of it has to be inlined there: `#[inline(always)]` on every function that takes a `Simd`,
//! plain loops instead of closures.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(crate) mod math;
mod portable;
mod tier;

pub use tier::{Tier, UnknownTier};

use crate::Precision;
use crate::gemm::bf16;

/// The most lanes that any tier has.
pub(crate) const MAX_LANES: usize = 16;

/// Vectors of `LANES` numbers. A value of an implementing type exists only where the processor has the instructions.
pub(crate) trait Simd: Copy + Send + Sync {
    /// f32 lanes.
    type Floats: Copy;
    /// 32-bit lanes: integers, pairs of bf16, or quads of bytes.
    type Words: Copy;
    /// Numbers per vector.
    const LANES: usize;
    /// Rows of a register tile of f32, bf16 and int8 products: with two vectors of columns the accumulators, the
    /// columns and one value per row just fit the registers.
    const TILE_ROWS: [usize; 3];
    /// Whether there is an instruction for bf16 products.
    const MULTIPLIES_BF16: bool = false;

    fn splat(self, x: f32) -> Self::Floats;
    fn splat_word(self, x: u32) -> Self::Words;

    /// # Safety
    /// `LANES` values can be read at `from`.
    unsafe fn load_at(self, from: *const f32) -> Self::Floats;
    /// # Safety
    /// `LANES` values can be read at `from`.
    unsafe fn load_words_at(self, from: *const u32) -> Self::Words;
    /// # Safety
    /// `LANES` values can be written at `to`.
    unsafe fn store_at(self, to: *mut f32, x: Self::Floats);

    fn add(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn sub(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn mul(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn div(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    /// a * b + c, rounded once where the tier can.
    fn fma(self, a: Self::Floats, b: Self::Floats, c: Self::Floats) -> Self::Floats;
    /// a where it is greater, else b: b where either is NaN.
    fn max(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    /// a where it is less, else b: b where either is NaN.
    fn min(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    /// `less` in lanes where a < b, else `other`.
    fn select_less(
        self,
        a: Self::Floats,
        b: Self::Floats,
        less: Self::Floats,
        other: Self::Floats,
    ) -> Self::Floats;
    /// The nearest integer, ties to even, of |x| < 2^22.
    fn round(self, x: Self::Floats) -> Self::Floats;
    /// x * 2^n of integers -126 <= n <= 127.
    fn scale(self, x: Self::Floats, n: Self::Floats) -> Self::Floats;
    /// The sum of the lanes, in one fixed order.
    fn sum(self, x: Self::Floats) -> f32;
    /// The greatest lane; a NaN may be lost.
    fn greatest(self, x: Self::Floats) -> f32;

    /// The same bits.
    fn words_as_floats(self, x: Self::Words) -> Self::Floats;
    /// The same bits.
    fn floats_as_words(self, x: Self::Floats) -> Self::Words;
    fn to_floats(self, x: Self::Words) -> Self::Floats;
    /// a - b * c of 32-bit integers, wrapping.
    fn sub_product(self, a: Self::Words, b: Self::Words, c: Self::Words) -> Self::Words;

    /// Byte `index` (0 is the lowest) of each lane as a signed integer.
    fn signed_byte(self, x: Self::Words, index: u32) -> Self::Words;

    /// sums + the products of the two bf16 of each lane.
    fn dot_bf16(self, sums: Self::Floats, a: Self::Words, b: Self::Words) -> Self::Floats;
    /// sums + the products of the four bytes of each lane, `a` unsigned and `b` signed, without saturation.
    fn dot_int8(self, sums: Self::Words, a: Self::Words, b: Self::Words) -> Self::Words;

    /// A word for each lane: `low` rounded to bf16 in the lower half, `high` in the upper.
    #[inline(always)]
    fn pair_bf16(self, low: Self::Floats, high: Self::Floats) -> Self::Words {
        let (mut lows, mut highs, mut words) = ([0.0; MAX_LANES], [0.0; MAX_LANES], [0; MAX_LANES]);
        self.store(&mut lows, low);
        self.store(&mut highs, high);
        for (word, (low, high)) in words.iter_mut().zip(lows.into_iter().zip(highs)) {
            *word = bf16::pair(low, high);
        }
        self.load_words(&words)
    }

    /// The first `LANES` values of a longer or equally long slice.
    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::Floats {
        assert!(from.len() >= Self::LANES, "a vector is loaded whole");
        // SAFETY: just checked.
        unsafe { self.load_at(from.as_ptr()) }
    }

    /// The first `LANES` words of a longer or equally long slice.
    #[inline(always)]
    fn load_words(self, from: &[u32]) -> Self::Words {
        assert!(from.len() >= Self::LANES, "a vector is loaded whole");
        // SAFETY: just checked.
        unsafe { self.load_words_at(from.as_ptr()) }
    }

    /// Fills the first `LANES` values of a longer or equally long slice.
    #[inline(always)]
    fn store(self, to: &mut [f32], x: Self::Floats) {
        assert!(to.len() >= Self::LANES, "a vector is stored whole");
        // SAFETY: just checked.
        unsafe { self.store_at(to.as_mut_ptr(), x) }
    }

    /// At most `LANES` values, and `rest` in the lanes behind them.
    #[inline(always)]
    fn load_part(self, from: &[f32], rest: f32) -> Self::Floats {
        let mut lanes = [rest; MAX_LANES];
        lanes[..from.len()].copy_from_slice(from);
        self.load(&lanes)
    }

    /// The first lanes into a slice of at most `LANES` values.
    #[inline(always)]
    fn store_part(self, to: &mut [f32], x: Self::Floats) {
        let mut lanes = [0.0; MAX_LANES];
        self.store(&mut lanes, x);
        to.copy_from_slice(&lanes[..to.len()]);
    }
}

/// Work that [`crate::Tier::run`] compiles for every tier.
pub(crate) trait Kernel {
    type Output;
    /// Implementations are `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Rows of the register tile of a product.
pub(crate) struct TileRows {
    pub(crate) precision: Precision,
}

impl Kernel for TileRows {
    type Output = usize;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> usize {
        S::TILE_ROWS[self.precision as usize]
    }
}
