//! How an answer is searched for, and how a caller stops the search.

use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// How an answer is searched for. The default is the paper's (section 4.2): 5 beams, length penalty -1.
///
/// An endpoint that does not know a setting leaves it out; it then decodes in its own way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Decoding {
    /// Width of the beam search, at least 1. With 1 and no temperature the search is greedy and answers stream.
    pub beams: usize,
    /// A finished beam's log-probability is divided by its length to this power: negative prefers short answers.
    pub length_penalty: f32,
    /// The most tokens of an answer; `None` is the model's own habit.
    pub max_new_tokens: Option<usize>,
    /// 0 takes the most probable; above 0 draws at random, with one beam.
    pub temperature: f32,
    /// Seed of what is drawn.
    pub seed: u64,
}

impl Default for Decoding {
    fn default() -> Self {
        Self { beams: 5, length_penalty: -1.0, max_new_tokens: None, temperature: 0.0, seed: 0 }
    }
}

impl Decoding {
    /// The most probable token each time: the answer streams.
    #[must_use]
    pub fn greedy() -> Self {
        Self { beams: 1, ..Self::default() }
    }
}

/// A flag that ends work early. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    raised: Arc<AtomicBool>,
    /// It counts as raised when all of these are.
    parts: Arc<[Cancel]>,
}

impl Cancel {
    /// A flag not raised yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The flag of work that is done for several callers: raised when the last of them has raised its own.
    #[must_use]
    pub fn when_all(parts: impl IntoIterator<Item = Self>) -> Self {
        Self { raised: Arc::default(), parts: parts.into_iter().collect() }
    }

    /// Asks the work to end; it cannot be taken back.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }

    /// Whether the work is to end.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        let all_parts = || !self.parts.is_empty() && self.parts.iter().all(Self::is_raised);
        self.raised.load(Ordering::Relaxed) || all_parts()
    }
}

#[cfg(test)]
mod tests {
    use super::Cancel;

    #[test]
    fn work_for_several_ends_when_the_last_of_them_goes() {
        let callers = [Cancel::new(), Cancel::new()];
        let work = Cancel::when_all(callers.clone());
        assert!(!work.is_raised());
        callers[0].raise();
        assert!(!work.is_raised());
        callers[1].raise();
        assert!(work.is_raised());
        assert!(!Cancel::when_all([]).is_raised(), "nobody left is not the same as nobody asked");
    }
}
