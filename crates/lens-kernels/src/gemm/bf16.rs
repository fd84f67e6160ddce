//! Rounding to bfloat16.

/// The upper half of an f32, rounded to nearest, ties to even. NaN stays NaN.
#[inline(always)]
pub(crate) fn bits(x: f32) -> u32 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x7FFF + ((bits >> 16) & 1)) >> 16;
    if x.is_nan() { (bits >> 16) | 0x40 } else { rounded }
}

/// Two of them in one word, the first in the lower half.
#[inline(always)]
pub(crate) fn pair(low: f32, high: f32) -> u32 {
    bits(low) | (bits(high) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rounding_is_that_of_half(x in any::<u32>().prop_map(f32::from_bits)) {
            prop_assert_eq!(bits(x), u32::from(half::bf16::from_f32(x).to_bits()));
        }
    }
}
