//! Arrays that the compiler may turn into whatever vectors the target has.

use super::Simd;

/// Every processor has it.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

const LANES: usize = 8;

#[inline(always)]
fn lanes<T: Copy, U>(a: [T; LANES], b: [T; LANES], f: impl Fn(T, T) -> U) -> [U; LANES] {
    std::array::from_fn(|i| f(a[i], b[i]))
}

impl Simd for Portable {
    type Floats = [f32; LANES];
    type Words = [u32; LANES];
    const LANES: usize = LANES;
    const TILE_ROWS: [usize; 3] = [2, 2, 2];

    #[inline(always)]
    fn splat(self, x: f32) -> Self::Floats {
        [x; LANES]
    }
    #[inline(always)]
    fn splat_word(self, x: u32) -> Self::Words {
        [x; LANES]
    }
    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> Self::Floats {
        // SAFETY: the caller has LANES values there; an array of them needs no more alignment than one.
        unsafe { from.cast::<[f32; LANES]>().read() }
    }
    #[inline(always)]
    unsafe fn load_words_at(self, from: *const u32) -> Self::Words {
        // SAFETY: as in `load_at`.
        unsafe { from.cast::<[u32; LANES]>().read() }
    }
    #[inline(always)]
    unsafe fn store_at(self, to: *mut f32, x: Self::Floats) {
        // SAFETY: as in `load_at`.
        unsafe { to.cast::<[f32; LANES]>().write(x) }
    }
    #[inline(always)]
    fn add(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        lanes(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        lanes(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        lanes(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        lanes(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn fma(self, a: Self::Floats, b: Self::Floats, c: Self::Floats) -> Self::Floats {
        // Without the instruction, `mul_add` would call a function for each lane.
        const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
        std::array::from_fn(|i| if FUSED { a[i].mul_add(b[i], c[i]) } else { a[i] * b[i] + c[i] })
    }
    #[inline(always)]
    fn max(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        lanes(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        lanes(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn select_less(
        self,
        a: Self::Floats,
        b: Self::Floats,
        less: Self::Floats,
        other: Self::Floats,
    ) -> Self::Floats {
        std::array::from_fn(|i| if a[i] < b[i] { less[i] } else { other[i] })
    }
    #[inline(always)]
    fn round(self, x: Self::Floats) -> Self::Floats {
        // Adding 1.5 * 2^23 leaves no bit for a fraction.
        const SHIFT: f32 = 12_582_912.0;
        x.map(|x| (x + SHIFT) - SHIFT)
    }
    #[inline(always)]
    fn scale(self, x: Self::Floats, n: Self::Floats) -> Self::Floats {
        lanes(x, n, |x, n| x * f32::from_bits(((n as i32 + 127) as u32) << 23))
    }
    #[inline(always)]
    fn sum(self, x: Self::Floats) -> f32 {
        ((x[0] + x[4]) + (x[1] + x[5])) + ((x[2] + x[6]) + (x[3] + x[7]))
    }
    #[inline(always)]
    fn greatest(self, x: Self::Floats) -> f32 {
        x.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }

    #[inline(always)]
    fn words_as_floats(self, x: Self::Words) -> Self::Floats {
        x.map(f32::from_bits)
    }
    #[inline(always)]
    fn floats_as_words(self, x: Self::Floats) -> Self::Words {
        x.map(f32::to_bits)
    }
    #[inline(always)]
    fn to_floats(self, x: Self::Words) -> Self::Floats {
        x.map(|x| x as i32 as f32)
    }
    #[inline(always)]
    fn sub_product(self, a: Self::Words, b: Self::Words, c: Self::Words) -> Self::Words {
        std::array::from_fn(|i| a[i].wrapping_sub(b[i].wrapping_mul(c[i])))
    }

    #[inline(always)]
    fn signed_byte(self, x: Self::Words, index: u32) -> Self::Words {
        x.map(|x| i32::from(((x >> (8 * index)) as u8).cast_signed()).cast_unsigned())
    }
    #[inline(always)]
    fn dot_bf16(self, sums: Self::Floats, a: Self::Words, b: Self::Words) -> Self::Floats {
        let low = |x: Self::Words| x.map(|x| f32::from_bits(x << 16));
        let high = |x: Self::Words| x.map(|x| f32::from_bits(x & 0xFFFF_0000));
        self.fma(low(a), low(b), self.fma(high(a), high(b), sums))
    }
    #[inline(always)]
    fn dot_int8(self, sums: Self::Words, a: Self::Words, b: Self::Words) -> Self::Words {
        let byte = |word: u32, index: u32| (word >> (8 * index)) as u8;
        let product = |a, b, i| i32::from(byte(a, i)) * i32::from(byte(b, i).cast_signed());
        let dot = |a, b| product(a, b, 0) + product(a, b, 1) + product(a, b, 2) + product(a, b, 3);
        std::array::from_fn(|i| sums[i].wrapping_add(dot(a[i], b[i]) as u32))
    }
}
