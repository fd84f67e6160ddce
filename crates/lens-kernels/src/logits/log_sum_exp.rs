//! The normaliser of a softmax.

use crate::simd::{Kernel, Simd, math};

/// ln(sum of e^x) of one row; NaN where a logit is NaN or infinite.
pub(crate) struct LogSumExp<'a> {
    pub(crate) logits: &'a [f32],
}

/// Columns that are summed in f32 before they join the sum in f64.
const BLOCK: usize = 1024;

impl Kernel for LogSumExp<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let mut greatest = simd.splat(f32::NEG_INFINITY);
        for x in self.logits.chunks(S::LANES) {
            greatest = simd.max(load(simd, x), greatest);
        }
        let greatest = simd.greatest(greatest);
        let mut total = 0.0;
        for block in self.logits.chunks(BLOCK) {
            let mut sums = simd.splat(0.0);
            for x in block.chunks(S::LANES) {
                let x = simd.sub(load(simd, x), simd.splat(greatest));
                sums = simd.add(sums, math::exp(simd, x));
            }
            total += f64::from(simd.sum(sums));
        }
        greatest + total.ln() as f32
    }
}

#[inline(always)]
fn load<S: Simd>(simd: S, x: &[f32]) -> S::Floats {
    if x.len() == S::LANES { simd.load(x) } else { simd.load_part(x, f32::NEG_INFINITY) }
}
