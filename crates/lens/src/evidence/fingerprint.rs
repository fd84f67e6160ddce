//! What made a result: the names and hashes that tell two makers apart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The properties of a maker that change what it gives: model, vocabulary, precision, parameters.
///
/// Two makers with equal fingerprints give equal results on one machine. In JSON an object of strings, keys sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Fingerprint(BTreeMap<String, String>);

impl Fingerprint {
    /// Nothing known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a property, such as `("top_k", &5)`; an earlier value of the same name is replaced.
    #[must_use]
    pub fn with(mut self, name: &str, value: &(impl ToString + ?Sized)) -> Self {
        self.0.insert(name.to_owned(), value.to_string());
        self
    }

    /// A property by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The properties, sorted by name.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// SHA-256 over all properties, as 64 hexadecimal digits. Each string is hashed with its length before it, so
    /// no two sets of properties run into each other.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for text in self.0.iter().flat_map(|(name, value)| [name, value]) {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hex(&hasher.finalize())
    }
}

/// Lower-case hexadecimal digits of bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        for half in [byte >> 4, byte & 15] {
            digits.extend(char::from_digit(u32::from(half), 16));
        }
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    #[test]
    fn the_order_of_naming_does_not_matter_and_borders_do() {
        let a = Fingerprint::new().with("model", "clip").with("top_k", &5);
        let b = Fingerprint::new().with("top_k", &5).with("model", "clip");
        assert_eq!(a.digest(), b.digest());
        let joined = Fingerprint::new().with("ab", "c");
        let split = Fingerprint::new().with("a", "bc");
        assert_ne!(joined.digest(), split.digest());
    }
}
