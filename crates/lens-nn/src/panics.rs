//! Panics of other people's code, turned into results.
//!
//! Decoders and tokenizers panic on some damaged files. [`caught`] ends such a panic where the work began; [`is_caught`]
//! tells a program's own panic hook that there is nothing to report. No hook is set here: that is the program's to do.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    /// Calls of [`caught`] under way on this thread.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// The result of `work`, or `None` when it panicked. For work that leaves nothing half-way that outlives it.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    result.ok()
}

/// Whether a panic of this thread, now, ends in [`caught`].
#[must_use]
pub fn is_caught() -> bool {
    DEPTH.get() > 0
}

#[cfg(test)]
mod tests {
    use super::{caught, is_caught};

    #[test]
    fn a_panic_becomes_none_and_leaves_no_trace() {
        assert_eq!(caught(|| caught(is_caught)), Some(Some(true)));
        assert_eq!(caught(|| -> u8 { panic!("as a decoder does") }), None);
        assert!(!is_caught());
        caught(|| assert!(!std::thread::spawn(is_caught).join().unwrap(), "another thread is not guarded"))
            .unwrap();
    }
}
