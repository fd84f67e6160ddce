//! A pool of threads that a caller owns and passes to every kernel.

use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

/// The threads that kernels run on. There is no global pool: who owns this decides how many cores are used.
#[derive(Debug)]
pub struct Threads {
    /// None: the calling thread does all the work.
    pool: Option<ThreadPool>,
}

impl Threads {
    /// A pool of `count` threads; 0 is one per core. Where the system refuses to start them, the calling thread works
    /// alone and [`Threads::count`] says 1.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let count = match count {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            some => some,
        };
        if count == 1 {
            return Self { pool: None };
        }
        let builder = rayon::ThreadPoolBuilder::new().num_threads(count);
        Self { pool: builder.thread_name(|index| format!("lens-kernels-{index}")).build().ok() }
    }

    /// Number of threads that work at once.
    #[must_use]
    pub fn count(&self) -> usize {
        self.pool.as_ref().map_or(1, ThreadPool::current_num_threads)
    }

    /// Calls `work(index, chunk)` for every `size` elements of `data`; the last chunk may be shorter.
    pub(crate) fn for_each_chunk<T: Send>(
        &self,
        data: &mut [T],
        size: usize,
        work: impl Fn(usize, &mut [T]) + Send + Sync,
    ) {
        match &self.pool {
            Some(pool) if data.len() > size => {
                pool.install(|| {
                    data.par_chunks_mut(size).enumerate().for_each(|(index, chunk)| work(index, chunk));
                });
            }
            _ => data.chunks_mut(size).enumerate().for_each(|(index, chunk)| work(index, chunk)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_is_what_was_asked_for() {
        assert_eq!(Threads::new(1).count(), 1);
        assert_eq!(Threads::new(3).count(), 3);
        assert!(Threads::new(0).count() >= 1);
    }

    #[test]
    fn every_chunk_is_worked_on_once() {
        for threads in [Threads::new(1), Threads::new(2)] {
            let mut data = vec![0; 10];
            threads.for_each_chunk(&mut data, 3, |index, chunk| chunk.iter_mut().for_each(|v| *v += index));
            assert_eq!(data, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
        }
    }
}
