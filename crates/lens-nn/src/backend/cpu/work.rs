//! Counting what the products did, to compare it with what the machine can do.

use lens_kernels::PackedLinear;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// What products have done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Multiplications and additions.
    pub operations: u64,
    /// Bytes of packed weights, each counted once for a product however many rows it has.
    pub weight_bytes: u64,
}

/// Counters that all clones of a backend share.
#[derive(Debug, Clone, Default)]
pub(super) struct Counters(Arc<(AtomicU64, AtomicU64)>);

impl Counters {
    pub(super) fn add(&self, rows: usize, layer: &PackedLinear) {
        let (operations, weight_bytes) = &*self.0;
        operations.fetch_add((2 * rows * layer.weights()) as u64, Ordering::Relaxed);
        weight_bytes.fetch_add(layer.as_bytes().len() as u64, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Work {
        let (operations, weight_bytes) = &*self.0;
        Work {
            operations: operations.load(Ordering::Relaxed),
            weight_bytes: weight_bytes.load(Ordering::Relaxed),
        }
    }
}
