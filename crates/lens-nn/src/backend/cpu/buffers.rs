//! Memory for activations, used again and again: a step of decoding allocates next to nothing.

use std::sync::{Arc, Mutex, PoisonError};

/// Most buffers kept. Those that were not wanted for longest go first, so that what is kept fits the work of now: after
/// single pictures a batch would else find only buffers that are too small, and none of its own would be kept.
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
        // In the order in which they came back.
        let mut buffer = best.map(|index| kept.remove(index)).unwrap_or_default();
        drop(kept);
        buffer.resize(length, 0.0);
        buffer
    }

    /// Keeps a buffer for a later [`Self::take`]; when enough are kept, the one that came back first is freed.
    pub(super) fn give(&self, buffer: Vec<f32>) {
        if buffer.capacity() == 0 {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = (kept.len() == KEPT).then(|| kept.remove(0));
        kept.push(buffer);
        drop(kept);
        drop(oldest);
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
    fn what_was_wanted_last_stays() {
        let buffers = Buffers::default();
        for _ in 0..2 {
            // All in use at once, so that each is one of its own.
            let small: Vec<Vec<f32>> = (0..KEPT).map(|_| buffers.take(2000)).collect();
            for buffer in small {
                buffers.give(buffer);
            }
        }
        let large = buffers.take(100_000);
        let address = large.as_ptr();
        buffers.give(large);
        let taken = buffers.take(100_000);
        assert_eq!(taken.as_ptr(), address, "although many small ones are kept");
        assert!(buffers.0.lock().unwrap().len() < KEPT);
    }

    #[test]
    fn a_much_larger_buffer_is_left_for_larger_needs() {
        let buffers = Buffers::default();
        buffers.give(Vec::with_capacity(100_000));
        assert!(buffers.take(2000).capacity() < 100_000);
        assert_eq!(buffers.take(90_000).capacity(), 100_000);
    }
}
