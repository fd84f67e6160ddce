//! 512-bit vectors, with and without the dot products of bf16 and bytes.

use super::Simd;
use crate::gemm::bf16;
#[allow(clippy::wildcard_imports, reason = "the whole file is made of them")]
use std::arch::x86_64::*;

/// Proof that the processor has AVX-512 F, BW, DQ and VL; with `DOTS`, BF16 and VNNI too.
#[derive(Clone, Copy)]
pub(crate) struct Avx512<const DOTS: bool>(());

impl<const DOTS: bool> Avx512<DOTS> {
    /// # Safety
    /// The processor has what the type says.
    #[inline(always)]
    pub(crate) unsafe fn assume() -> Self {
        Self(())
    }
}

// SAFETY of every block below: a value of `Avx512` exists only where its instructions do; the memory that a load or
// store touches is the caller's promise.
impl<const DOTS: bool> Simd for Avx512<DOTS> {
    type Floats = __m512;
    type Words = __m512i;
    const LANES: usize = 16;
    const TILE_ROWS: [usize; 3] = [12, 12, 12];
    const MULTIPLIES_BF16: bool = DOTS;

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        unsafe { _mm512_set1_ps(x) }
    }
    #[inline(always)]
    fn splat_word(self, x: u32) -> __m512i {
        unsafe { _mm512_set1_epi32(x as i32) }
    }
    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn load_words_at(self, from: *const u32) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store_at(self, to: *mut f32, x: __m512) {
        unsafe { _mm512_storeu_ps(to, x) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_div_ps(a, b) }
    }
    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_max_ps(a, b) }
    }
    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_min_ps(a, b) }
    }
    #[inline(always)]
    fn select_less(self, a: __m512, b: __m512, less: __m512, other: __m512) -> __m512 {
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), other, less) }
    }
    #[inline(always)]
    fn round(self, x: __m512) -> __m512 {
        unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) }
    }
    #[inline(always)]
    fn scale(self, x: __m512, n: __m512) -> __m512 {
        unsafe { _mm512_scalef_ps(x, n) }
    }
    #[inline(always)]
    fn sum(self, x: __m512) -> f32 {
        unsafe { _mm512_reduce_add_ps(x) }
    }
    #[inline(always)]
    fn greatest(self, x: __m512) -> f32 {
        unsafe { _mm512_reduce_max_ps(x) }
    }

    #[inline(always)]
    fn words_as_floats(self, x: __m512i) -> __m512 {
        unsafe { _mm512_castsi512_ps(x) }
    }
    #[inline(always)]
    fn floats_as_words(self, x: __m512) -> __m512i {
        unsafe { _mm512_castps_si512(x) }
    }
    #[inline(always)]
    fn to_floats(self, x: __m512i) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(x) }
    }
    #[inline(always)]
    fn sub_product(self, a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        unsafe { _mm512_sub_epi32(a, _mm512_mullo_epi32(b, c)) }
    }

    #[inline(always)]
    fn signed_byte(self, x: __m512i, index: u32) -> __m512i {
        unsafe { _mm512_srai_epi32::<24>(_mm512_sll_epi32(x, _mm_cvtsi32_si128(24 - 8 * index as i32))) }
    }
    #[inline(always)]
    fn pair_bf16(self, low: __m512, high: __m512) -> __m512i {
        unsafe {
            if DOTS {
                let bits = |x| {
                    let rounded = std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(x));
                    _mm512_cvtepu16_epi32(rounded)
                };
                return _mm512_or_si512(bits(low), _mm512_slli_epi32::<16>(bits(high)));
            }
            let (mut lows, mut highs, mut words) = ([0.0; 16], [0.0; 16], [0; 16]);
            self.store(&mut lows, low);
            self.store(&mut highs, high);
            for (word, (low, high)) in words.iter_mut().zip(lows.into_iter().zip(highs)) {
                *word = bf16::pair(low, high);
            }
            self.load_words(&words)
        }
    }
    #[inline(always)]
    fn dot_bf16(self, sums: __m512, a: __m512i, b: __m512i) -> __m512 {
        unsafe {
            if DOTS {
                return _mm512_dpbf16_ps(
                    sums,
                    std::mem::transmute::<__m512i, __m512bh>(a),
                    std::mem::transmute::<__m512i, __m512bh>(b),
                );
            }
            let low = |x| _mm512_castsi512_ps(_mm512_slli_epi32::<16>(x));
            let high = |x| _mm512_castsi512_ps(_mm512_and_si512(x, _mm512_set1_epi32(0xFFFF_0000u32 as i32)));
            _mm512_fmadd_ps(low(a), low(b), _mm512_fmadd_ps(high(a), high(b), sums))
        }
    }
    #[inline(always)]
    fn dot_int8(self, sums: __m512i, a: __m512i, b: __m512i) -> __m512i {
        unsafe {
            if DOTS {
                return _mm512_dpbusd_epi32(sums, a, b);
            }
            let even_a = _mm512_and_si512(a, _mm512_set1_epi16(0xFF));
            let odd_a = _mm512_srli_epi16::<8>(a);
            let even_b = _mm512_srai_epi16::<8>(_mm512_slli_epi16::<8>(b));
            let odd_b = _mm512_srai_epi16::<8>(b);
            let products =
                _mm512_add_epi32(_mm512_madd_epi16(even_a, even_b), _mm512_madd_epi16(odd_a, odd_b));
            _mm512_add_epi32(sums, products)
        }
    }
}
