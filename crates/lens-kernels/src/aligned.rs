//! Memory that starts at a cache line, so that no vector load touches two lines.

/// Words of one cache line.
const WORDS: usize = 16;

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([u32; WORDS]);

/// A buffer of 32-bit words that starts at a cache line.
#[derive(Debug, Clone, Default)]
pub(crate) struct AlignedWords(Vec<Line>);

impl AlignedWords {
    /// At least `length` words of zero.
    pub(crate) fn zeroed(length: usize) -> Self {
        Self(vec![Line([0; WORDS]); length.div_ceil(WORDS)])
    }

    /// Grows to at least `length` words.
    pub(crate) fn reserve(&mut self, length: usize) {
        if self.as_slice().len() < length {
            // The old content is of no use, so it need not be moved.
            *self = Self::zeroed(length);
        }
    }

    pub(crate) fn as_slice(&self) -> &[u32] {
        // SAFETY: a `Line` is 16 words without padding.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * WORDS) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u32] {
        // SAFETY: as in `as_slice`, and any bits are words.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * WORDS) }
    }
}

/// The same bits as f32.
pub(crate) fn as_floats(words: &[u32]) -> &[f32] {
    // SAFETY: f32 and u32 have the same size and alignment, and any bits are an f32.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), words.len()) }
}

/// The same bits as f32.
pub(crate) fn as_floats_mut(words: &mut [u32]) -> &mut [f32] {
    // SAFETY: as in `as_floats`.
    unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), words.len()) }
}

/// The same memory as bytes.
pub(crate) fn as_bytes(words: &[u32]) -> &[u8] {
    // SAFETY: every byte of a word is a byte.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// The same memory as words; None where it does not start at one or is not a whole number of them.
pub(crate) fn as_words(bytes: &[u8]) -> Option<&[u32]> {
    // SAFETY: any bits are words; `align_to` splits off what is not aligned.
    let (before, words, behind) = unsafe { bytes.align_to::<u32>() };
    (before.is_empty() && behind.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_start_at_a_cache_line() {
        let mut words = AlignedWords::zeroed(17);
        assert!((words.as_slice().as_ptr() as usize).is_multiple_of(64));
        assert_eq!(words.as_slice(), [0; 32]);
        as_floats_mut(words.as_mut_slice())[31] = 1.0;
        assert_eq!(words.as_slice()[31], 1.0f32.to_bits());
    }
}
