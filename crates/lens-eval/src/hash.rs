//! Content addresses, and random numbers that depend on what they are for.

use lens::evidence::hex;
use lens_nn::generate::Stream;
use sha2::{Digest, Sha256};

/// SHA-256 over texts, each with its length before it, as 64 hexadecimal digits.
pub(crate) fn digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    hex(&bytes(texts))
}

/// A number in [0, 1) that depends on the seed and the texts alone.
pub(crate) fn uniform<'a>(seed: u64, texts: impl IntoIterator<Item = &'a str>) -> f64 {
    Stream::new(seed, &bytes(texts), 0).uniform(0)
}

fn bytes<'a>(texts: impl IntoIterator<Item = &'a str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}
