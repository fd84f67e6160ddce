//! A result that several tasks fill at once, each its own part.

use std::marker::PhantomData;
use std::ops::Range;

/// Rows of f32 whose parts are handed out one by one.
pub(crate) struct SharedRows<'a> {
    start: *mut f32,
    rows: usize,
    columns: usize,
    borrowed: PhantomData<&'a mut [f32]>,
}

// SAFETY: `segment` is the only access, and its contract keeps the parts of different threads apart.
unsafe impl Sync for SharedRows<'_> {}
// SAFETY: as above; nothing belongs to a thread.
unsafe impl Send for SharedRows<'_> {}

impl<'a> SharedRows<'a> {
    pub(crate) fn new(data: &'a mut [f32], columns: usize) -> Self {
        Self { start: data.as_mut_ptr(), rows: data.len() / columns, columns, borrowed: PhantomData }
    }

    /// Some columns of one row.
    ///
    /// # Safety
    /// While the slice lives, no other slice of the same row has one of its columns.
    #[expect(clippy::mut_from_ref, reason = "the parts are disjoint by contract")]
    pub(crate) unsafe fn segment(&self, row: usize, columns: Range<usize>) -> &mut [f32] {
        assert!(
            row < self.rows && columns.start <= columns.end && columns.end <= self.columns,
            "outside the rows"
        );
        // SAFETY: within the borrowed slice, as just checked, and not aliased, as the caller promises.
        unsafe {
            std::slice::from_raw_parts_mut(self.start.add(row * self.columns + columns.start), columns.len())
        }
    }
}
