//! The code on the fence around a picture's evidence: the same for one picture, unguessable to who made the picture.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The secret that fences are made with ([`crate::home::Home::secret`]). It never leaves the machine.
#[derive(Clone)]
pub struct FenceKey(Hmac<Sha256>);

impl FenceKey {
    /// Fences of a secret.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        // HMAC fills a shorter key up with zeros to the block of its hash, 64 bytes.
        let mut block = [0; 64];
        block.iter_mut().zip(secret).for_each(|(to, from)| *to = from);
        Self(Hmac::new(&block.into()))
    }

    /// The first 64 bits of HMAC-SHA256(secret, image hash) as 16 hexadecimal digits. `image` is the hash as the
    /// evidence spells it.
    #[must_use]
    pub fn code(&self, image: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(image.as_bytes());
        crate::evidence::hex(mac.finalize().into_bytes().get(..8).unwrap_or_default())
    }
}

impl fmt::Debug for FenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FenceKey(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::FenceKey;

    #[test]
    fn the_code_is_the_start_of_hmac_sha256() {
        // python: hmac.new(bytes(range(32)), b"ab" * 32, "sha256").hexdigest()[:16]
        let key = FenceKey::new(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        assert_eq!(key.code(&"ab".repeat(32)), "583630234f7e60ec");
    }
}
