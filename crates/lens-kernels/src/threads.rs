//! A pool of threads that a caller owns and passes to every kernel.

use crate::Tier;
use crate::aligned::AlignedWords;
use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use std::sync::{Mutex, PoisonError};

/// The threads that kernels run on, and the instructions they use. There is no global pool: who owns this decides how
/// many cores are used.
#[derive(Debug)]
pub struct Threads {
    /// None: the calling thread does all the work.
    pool: Option<ThreadPool>,
    tier: Tier,
    /// Buffers of finished calls, kept so that a step of decoding allocates nothing.
    buffers: Mutex<Vec<AlignedWords>>,
}

impl Threads {
    /// A pool of `count` threads with the best tier of this machine; 0 is one per core. Where the system refuses to
    /// start them, the calling thread works alone and [`Threads::count`] says 1.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self::with_tier(count, Tier::detect())
    }

    /// As [`Threads::new`], with the instructions of `tier`, or of the best that the machine has where it lacks
    /// `tier`: to compare tiers, or to get the same bits on unlike machines.
    #[must_use]
    pub fn with_tier(count: usize, tier: Tier) -> Self {
        let count = match count {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            some => some,
        };
        let builder = rayon::ThreadPoolBuilder::new().num_threads(count);
        let builder = builder.thread_name(|index| format!("lens-kernels-{index}"));
        let pool = if count == 1 { None } else { builder.build().ok() };
        let tier = if tier.is_available() { tier } else { Tier::detect() };
        Self { pool, tier, buffers: Mutex::default() }
    }

    /// Number of threads that work at once.
    #[must_use]
    pub fn count(&self) -> usize {
        self.pool.as_ref().map_or(1, ThreadPool::current_num_threads)
    }

    /// The instructions that kernels use.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// Runs `work` on one of these threads. Kernels that it calls start without handing over from thread to thread
    /// first, which is worth it around the steps of decoding.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// The results of `work(0)` to `work(count - 1)`, several computed at once: layers to be packed.
    pub fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
        match &self.pool {
            Some(pool) if count > 1 => {
                pool.install(|| (0..count).into_par_iter().with_max_len(1).map(work).collect())
            }
            _ => (0..count).map(work).collect(),
        }
    }

    /// Calls `work(0)` to `work(count - 1)`, in any order.
    pub(crate) fn for_each(&self, count: usize, work: impl Fn(usize) + Send + Sync) {
        match &self.pool {
            Some(pool) if count > 1 => {
                pool.install(|| (0..count).into_par_iter().with_max_len(1).for_each(work));
            }
            _ => (0..count).for_each(work),
        }
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
                    let chunks = data.par_chunks_mut(size).enumerate().with_max_len(1);
                    chunks.for_each(|(index, chunk)| work(index, chunk));
                });
            }
            _ => data.chunks_mut(size).enumerate().for_each(|(index, chunk)| work(index, chunk)),
        }
    }

    /// The smallest kept buffer that is long enough, or the longest: so large ones stay for large calls.
    fn take_buffer(&self, length: usize) -> AlignedWords {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let lengths = || buffers.iter().map(|buffer| buffer.as_slice().len()).enumerate();
        let fits = lengths().filter(|(_, found)| *found >= length).min_by_key(|(_, found)| *found);
        let best = fits.or_else(|| lengths().max_by_key(|(_, found)| *found));
        best.map_or_else(AlignedWords::default, |(index, _)| buffers.swap_remove(index))
    }

    /// Runs `work` with a buffer of `length` words of any content that starts at a cache line.
    pub(crate) fn with_buffer<R>(&self, length: usize, work: impl FnOnce(&mut [u32]) -> R) -> R {
        let mut buffer = self.take_buffer(length);
        buffer.reserve(length);
        let result = work(&mut buffer.as_mut_slice()[..length]);
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        result
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

    #[test]
    fn a_buffer_is_used_again() {
        let threads = Threads::new(1);
        let (long, short) =
            threads.with_buffer(100, |long| (long.as_ptr(), threads.with_buffer(8, |short| short.as_ptr())));
        let again = |length| threads.with_buffer(length, |buffer| (buffer.as_ptr(), buffer.len()));
        assert_eq!(again(5), (short, 5));
        assert_eq!(again(90), (long, 90));
    }
}
