//! Memory for activations, used again and again: a step of decoding allocates next to nothing.

use std::sync::{Arc, Mutex, PoisonError};

/// Most buffers kept; more in flight at once are allocated and freed as usual.
const KEPT: usize = 32;

/// Buffers that matrices come from and return to when they are dropped.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers(Arc<Mutex<Vec<Vec<f32>>>>);

impl Buffers {
    /// A buffer of `length` values whose contents mean nothing: the smallest kept one that is large enough but not
    /// more than four times as large.
    pub(super) fn take(&self, length: usize) -> Vec<f32> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &Vec<f32>| (length..=4 * length.max(1024)).contains(&buffer.capacity());
        let best =
            (0..kept.len()).filter(|&index| fits(&kept[index])).min_by_key(|&index| kept[index].capacity());
        let mut buffer = best.map(|index| kept.swap_remove(index)).unwrap_or_default();
        drop(kept);
        buffer.resize(length, 0.0);
        buffer
    }

    /// Keeps a buffer for a later [`Self::take`], or frees it when enough are kept.
    pub(super) fn give(&self, buffer: Vec<f32>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT && buffer.capacity() > 0 {
            kept.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_returned_buffer_is_used_again() {
        let buffers = Buffers::default();
        buffers.give(buffers.take(5000));
        let again = buffers.take(2000);
        assert_eq!(again.capacity(), 5000);
        assert_eq!(buffers.take(2000).capacity(), 2000); // the larger one is in use
        assert_eq!(again.len(), 2000);
    }

    #[test]
    fn a_much_larger_buffer_is_left_for_larger_needs() {
        let buffers = Buffers::default();
        buffers.give(Vec::with_capacity(100_000));
        assert!(buffers.take(2000).capacity() < 100_000);
        assert_eq!(buffers.take(90_000).capacity(), 100_000);
    }
}
