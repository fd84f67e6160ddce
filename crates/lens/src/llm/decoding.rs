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
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag not raised yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to end; it cannot be taken back.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work is to end.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
