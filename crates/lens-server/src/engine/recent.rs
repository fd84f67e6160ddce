//! The evidence of the latest pictures, in memory.

use lens::Evidence;
use std::{collections::HashMap, sync::Arc};

/// A map from the hash of a picture to its evidence, of bounded length and size; the least recently used goes first.
#[derive(Debug)]
pub(super) struct Recent {
    most: usize,
    most_bytes: usize,
    bytes: usize,
    clock: u64,
    entries: HashMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    used: u64,
    bytes: usize,
    evidence: Arc<Evidence>,
}

impl Recent {
    /// At most `most` records, and `most_bytes` as JSON, which is about what they take in memory.
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        Self { most, most_bytes, bytes: 0, clock: 0, entries: HashMap::new() }
    }

    pub(super) fn get(&mut self, sha256: &str) -> Option<Arc<Evidence>> {
        self.clock += 1;
        let entry = self.entries.get_mut(sha256)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.evidence))
    }

    /// Remembers a record; one that is larger than everything may be is not remembered.
    pub(super) fn put(&mut self, evidence: Arc<Evidence>) {
        // A record that has no form in JSON is no evidence.
        let bytes = serde_json::to_vec(&*evidence).map_or(usize::MAX, |json| json.len());
        self.forget(&evidence.image.sha256);
        if bytes > self.most_bytes || self.most == 0 {
            return;
        }
        self.clock += 1;
        self.bytes += bytes;
        self.entries.insert(evidence.image.sha256.clone(), Entry { used: self.clock, bytes, evidence });
        while self.entries.len() > self.most || self.bytes > self.most_bytes {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, sha256: &str) {
        if let Some(entry) = self.entries.remove(sha256) {
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;
    use lens::{
        Evidence,
        evidence::{ImageInfo, OcrLine},
    };
    use std::sync::Arc;

    /// A record with `characters` of text.
    fn record(name: &str, characters: usize) -> Arc<Evidence> {
        let image = ImageInfo { sha256: name.into(), ..ImageInfo::default() };
        let line = OcrLine { text: "x".repeat(characters), ..OcrLine::default() };
        Arc::new(Evidence { image, ocr: vec![line], ..Evidence::default() })
    }

    fn known(recent: &mut Recent, names: &str) -> String {
        names.chars().filter(|name| recent.get(&name.to_string()).is_some()).collect()
    }

    #[test]
    fn the_least_recently_used_goes() {
        let mut recent = Recent::new(2, usize::MAX);
        recent.put(record("a", 1));
        recent.put(record("b", 1));
        assert!(recent.get("a").is_some());
        recent.put(record("c", 1));
        assert_eq!(known(&mut recent, "abc"), "ac");
    }

    #[test]
    fn neither_many_nor_large_records_make_it_grow() {
        let mut recent = Recent::new(100, 100_000);
        for number in 0..2_000 {
            // Up to 60 kB each; every tenth comes again.
            recent.put(record(&(number - number % 10 / 9).to_string(), number * 37 % 60_000));
            let bytes: usize = recent.entries.values().map(|entry| entry.bytes).sum();
            assert_eq!(recent.bytes, bytes);
            assert!(bytes <= 100_000 && recent.entries.len() <= 100);
        }
        assert!(recent.get("1998").is_some(), "the latest is there");
        recent.put(record("a", 1));
        recent.put(record("too large", 200_000));
        assert!(recent.get("too large").is_none() && recent.get("a").is_some());
    }
}
