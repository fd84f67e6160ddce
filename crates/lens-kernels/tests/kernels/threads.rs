//! Whoever owns the threads decides how many cores are used.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use lens_kernels::Threads;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// The most pieces of work that ran at once when `callers` threads of another pool use `threads`.
fn most_at_once(callers: usize, threads: &Threads) -> usize {
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let piece = |_| {
        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(1));
        running.fetch_sub(1, Ordering::SeqCst);
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(callers).build().expect("a pool for the callers");
    pool.scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|_| drop(threads.map(16, piece)));
        }
    });
    most.into_inner()
}

#[test]
fn many_callers_take_no_more_cores_than_the_threads() {
    assert!(most_at_once(6, &Threads::new(2)) <= 2);
}

#[test]
fn without_threads_of_its_own_each_caller_works_itself() {
    assert!(most_at_once(3, &Threads::new(1)) <= 3);
}
