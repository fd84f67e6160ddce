//! Attention of single queries over keys that lie anywhere in a cache.

use super::shape::{AttentionShape, HeadsView};
use crate::simd::{Kernel, Simd, math};

/// All heads of one query.
pub(crate) struct QueryTask<'a> {
    pub(crate) q: HeadsView<'a>,
    pub(crate) k: HeadsView<'a>,
    pub(crate) v: HeadsView<'a>,
    pub(crate) shape: AttentionShape<'a>,
    pub(crate) row: usize,
    pub(crate) position: usize,
    /// Rows of the cache that the query sees, in order of position; not empty.
    pub(crate) keys: &'a [u32],
    /// (heads, head size)
    pub(crate) out: &'a mut [f32],
    /// As long as there are keys.
    pub(crate) scores: &'a mut [f32],
}

impl Kernel for QueryTask<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { q, k, v, shape, row, position, keys, out, scores } = self;
        let size = shape.head_size;
        for (head, out) in out.chunks_exact_mut(size).enumerate() {
            let kv_head = head / (shape.heads / shape.kv_heads);
            let query = q.head(row, head, size);
            for ((index, key), score) in keys.iter().enumerate().zip(&mut *scores) {
                *score = dot(simd, query, k.head(*key as usize, kv_head, size)) * shape.scale;
                if let Some(bias) = shape.bias {
                    *score += bias.at(head, position, index);
                }
            }
            let factor = softmax(simd, scores);
            for first in (0..size).step_by(S::LANES) {
                let columns = first..size.min(first + S::LANES);
                let mut sum = simd.splat(0.0);
                for (key, weight) in keys.iter().zip(&*scores) {
                    let value = load(simd, &v.head(*key as usize, kv_head, size)[columns.clone()], 0.0);
                    sum = simd.fma(simd.splat(*weight), value, sum);
                }
                let (out, sum) = (&mut out[columns], simd.mul(sum, simd.splat(factor)));
                if out.len() == S::LANES { simd.store(out, sum) } else { simd.store_part(out, sum) }
            }
        }
    }
}

#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let mut sums = simd.splat(0.0);
    for (a, b) in a.chunks(S::LANES).zip(b.chunks(S::LANES)) {
        sums = simd.fma(load(simd, a, 0.0), load(simd, b, 0.0), sums);
    }
    simd.sum(sums)
}

/// Makes each score e^(score - greatest) and returns 1 / their sum.
#[inline(always)]
fn softmax<S: Simd>(simd: S, scores: &mut [f32]) -> f32 {
    let mut greatest = simd.splat(f32::NEG_INFINITY);
    for scores in scores.chunks(S::LANES) {
        greatest = simd.max(load(simd, scores, f32::NEG_INFINITY), greatest);
    }
    let greatest = simd.splat(simd.greatest(greatest));
    let mut sums = simd.splat(0.0);
    for scores in scores.chunks_mut(S::LANES) {
        let weights = math::exp(simd, simd.sub(load(simd, scores, f32::NEG_INFINITY), greatest));
        sums = simd.add(sums, weights);
        if scores.len() == S::LANES { simd.store(scores, weights) } else { simd.store_part(scores, weights) }
    }
    1.0 / simd.sum(sums)
}

#[inline(always)]
fn load<S: Simd>(simd: S, x: &[f32], rest: f32) -> S::Floats {
    if x.len() == S::LANES { simd.load(x) } else { simd.load_part(x, rest) }
}
