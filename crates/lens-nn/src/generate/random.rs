//! Random numbers that depend on what they are for, not on when they are drawn.

use sha2::{Digest, Sha256};

/// The random numbers of one sampled text: a function of the seed, the picture, the text's index and the step, so that
/// batches, threads and order change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
    index: u32,
}

impl Stream {
    /// The stream of text `index` about the picture (or prompt) with this hash.
    #[must_use]
    pub fn new(seed: u64, hash: &[u8; 32], index: u32) -> Self {
        let digest: [u8; 32] =
            Sha256::new().chain_update(seed.to_le_bytes()).chain_update(hash).finalize().into();
        let word =
            |at: usize| u32::from_le_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]);
        Self { key: [word(0), word(4)], index }
    }

    /// The number of step `step`, uniform in [0, 1), with 53 random bits.
    #[must_use]
    pub fn uniform(&self, step: u32) -> f64 {
        let [high, low, ..] = philox([step, self.index, 0, 0], self.key);
        let bits = (u64::from(high) << 32 | u64::from(low)) >> 11;
        bits as f64 / (1u64 << 53) as f64
    }
}

/// Philox 4x32-10, a counter-based generator (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let first = u64::from(counter[0]) * 0xD251_1F53;
        let second = u64::from(counter[2]) * 0xCD9E_8D57;
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the generator's authors (Random123, `kat_vectors`).
    #[test]
    fn known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let base = Stream::new(1, &[0; 32], 0).uniform(0);
        assert_eq!(base.to_bits(), Stream::new(1, &[0; 32], 0).uniform(0).to_bits());
        for other in [
            Stream::new(2, &[0; 32], 0).uniform(0),
            Stream::new(1, &[1; 32], 0).uniform(0),
            Stream::new(1, &[0; 32], 1).uniform(0),
            Stream::new(1, &[0; 32], 0).uniform(1),
        ] {
            assert_ne!(base.to_bits(), other.to_bits());
        }
    }

    #[test]
    fn uniform_in_the_unit_interval() {
        let stream = Stream::new(7, &[3; 32], 0);
        let numbers: Vec<f64> = (0..4096).map(|step| stream.uniform(step)).collect();
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        let mean = numbers.iter().sum::<f64>() / 4096.0;
        assert!((mean - 0.5).abs() < 0.0226, "mean {mean}"); // five standard errors: 5 / sqrt(12 x 4096)
    }
}
