//! The evidence of the latest pictures, in memory.

use lens::Evidence;
use std::{collections::HashMap, sync::Arc};

/// A map from the hash of a picture to its evidence; the least recently used goes first.
#[derive(Debug)]
pub(super) struct Recent {
    capacity: usize,
    clock: u64,
    entries: HashMap<String, (u64, Arc<Evidence>)>,
}

impl Recent {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, clock: 0, entries: HashMap::new() }
    }

    pub(super) fn get(&mut self, sha256: &str) -> Option<Arc<Evidence>> {
        self.clock += 1;
        let (used, evidence) = self.entries.get_mut(sha256)?;
        *used = self.clock;
        Some(Arc::clone(evidence))
    }

    pub(super) fn put(&mut self, evidence: Arc<Evidence>) {
        self.clock += 1;
        self.entries.insert(evidence.image.sha256.clone(), (self.clock, evidence));
        if self.entries.len() > self.capacity {
            let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.entries.remove(&key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;
    use lens::{Evidence, evidence::ImageInfo};
    use std::sync::Arc;

    #[test]
    fn the_least_recently_used_goes() {
        let record = |name: &str| {
            let image = ImageInfo { sha256: name.into(), ..ImageInfo::default() };
            Arc::new(Evidence { image, ..Evidence::default() })
        };
        let mut recent = Recent::new(2);
        recent.put(record("a"));
        recent.put(record("b"));
        assert!(recent.get("a").is_some());
        recent.put(record("c"));
        assert_eq!(["a", "b", "c"].map(|name| recent.get(name).is_some()), [true, false, true]);
    }
}
