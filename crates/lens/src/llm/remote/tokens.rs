//! An estimate of tokens that is never too low.

/// Every letter pair, digit and other byte counts as a token; a space before a word belongs to it. Byte-pair
/// vocabularies hold all pairs of letters and all bytes, so none makes more of a text (English has half as many).
pub(super) fn at_most(text: &str) -> usize {
    let mut tokens = 0;
    let mut letters = 0_usize;
    let mut space = false;
    for byte in text.bytes() {
        let letter = byte.is_ascii_alphabetic();
        if letter {
            letters += 1;
            space = false;
        } else {
            tokens += letters.div_ceil(2) + usize::from(space);
            letters = 0;
            space = byte == b' ';
            tokens += usize::from(!space);
        }
    }
    tokens + letters.div_ceil(2) + usize::from(space)
}
