//! What the machine could do at best: the measure of the kernels.

use crate::aligned::{AlignedWords, as_floats};
use crate::gemm::product::{Bf16, F32, Int8, Product};
use crate::simd::{Kernel, Simd};
use crate::{Precision, Threads};
use std::hint::black_box;
use std::time::Instant;

/// Independent sums: enough to hide the latency of an instruction, few enough to stay in registers with two operands.
const SUMS: usize = 12;

/// Operations per second (a multiplication and an addition are two) of a moment of the product's
/// instruction on all threads at once, operands and sums in registers: no product of this precision is faster.
#[must_use]
pub fn peak_operations(threads: &Threads, precision: Precision) -> f64 {
    const STEPS: usize = 200_000;
    let count = threads.count();
    let start = Instant::now();
    threads.for_each(count, |_| threads.tier().run(Spin { precision, steps: STEPS }));
    let per_thread = threads.tier().run(Operations { precision }) * STEPS * SUMS;
    (count * per_thread) as f64 / start.elapsed().as_secs_f64()
}

/// Bytes per second that all threads read from memory in order. Allocates `bytes`, to be many times the last cache.
#[must_use]
pub fn read_bandwidth(threads: &Threads, bytes: usize) -> f64 {
    let memory = AlignedWords::zeroed(bytes.div_ceil(size_of::<u32>()));
    let words = memory.as_slice();
    let part = words.len().div_ceil(threads.count());
    let read = || {
        let start = Instant::now();
        threads.for_each(words.len().div_ceil(part), |index| {
            let words = &words[index * part..words.len().min((index + 1) * part)];
            black_box(threads.tier().run(Read { words }));
        });
        size_of_val(words) as f64 / start.elapsed().as_secs_f64()
    };
    (0..3).map(|_| read()).fold(0.0, f64::max)
}

/// Operations of one instruction of the product.
struct Operations {
    precision: Precision,
}

impl Kernel for Operations {
    type Output = usize;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> usize {
        2 * S::LANES * self.precision.per_word()
    }
}

struct Spin {
    precision: Precision,
    steps: usize,
}

impl Kernel for Spin {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.precision {
            Precision::F32 => spin::<S, F32>(simd, self.steps),
            Precision::Bf16 => spin::<S, Bf16>(simd, self.steps),
            Precision::Int8 => spin::<S, Int8>(simd, self.steps),
        }
    }
}

#[inline(always)]
fn spin<S: Simd, P: Product>(simd: S, steps: usize) {
    let (a, b) = (simd.splat_word(black_box(0x0101_0101)), simd.splat_word(black_box(0x0201_0102)));
    let mut sums = [P::zero(simd); SUMS];
    for _ in 0..steps {
        for sum in &mut sums {
            *sum = P::step(simd, *sum, a, b);
        }
    }
    let mut total = simd.splat(0.0);
    for sum in sums {
        total = simd.add(total, P::bits(simd, sum));
    }
    black_box(simd.sum(total));
}

struct Read<'a> {
    words: &'a [u32],
}

impl Kernel for Read<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        /// Vectors that are read between two steps of the loop.
        const VECTORS: usize = 8;
        let mut sums = [simd.splat(0.0); VECTORS];
        for block in as_floats(self.words).chunks_exact(VECTORS * S::LANES) {
            for (index, sum) in sums.iter_mut().enumerate() {
                *sum = simd.add(*sum, simd.load(&block[index * S::LANES..]));
            }
        }
        let mut total = simd.splat(0.0);
        for sum in sums {
            total = simd.add(total, sum);
        }
        simd.sum(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_a_rate() {
        let threads = Threads::new(1);
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
            assert!(peak_operations(&threads, precision) > 1e8);
        }
        assert!(read_bandwidth(&threads, 1 << 20) > 1e8);
    }
}
