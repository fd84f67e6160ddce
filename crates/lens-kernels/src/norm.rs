//! Row-wise normalisation.

use crate::Threads;
use crate::simd::{Kernel, Simd};

/// Rows of one task: enough work that handing it to a thread is cheap beside it.
const ROWS_PER_TASK: usize = 16;

/// (rows, columns) -> (rows, columns): layer norm with a bias, root-mean-square norm without.
/// `weight` and `bias` are (columns); the variance is the biased one, as PyTorch takes it.
///
/// # Panics
/// When the lengths are not those of rows of `weight.len()` columns.
pub fn norm(threads: &Threads, x: &[f32], weight: &[f32], bias: Option<&[f32]>, eps: f32, out: &mut [f32]) {
    let columns = weight.len();
    assert!(columns > 0, "a norm has at least one column");
    assert!(x.len().is_multiple_of(columns), "{} values are not rows of {columns} columns", x.len());
    assert_eq!(x.len(), out.len(), "result has not the shape of the operand");
    assert!(bias.is_none_or(|b| b.len() == columns), "bias is not one value per column");
    threads.for_each_chunk(out, ROWS_PER_TASK * columns, |task, out| {
        let first = task * ROWS_PER_TASK * columns;
        let x = &x[first..first + out.len()];
        threads.tier().run(NormRows { x, weight, bias, eps, out });
    });
}

struct NormRows<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    bias: Option<&'a [f32]>,
    eps: f32,
    out: &'a mut [f32],
}

impl Kernel for NormRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let columns = self.weight.len();
        for (x, out) in self.x.chunks_exact(columns).zip(self.out.chunks_exact_mut(columns)) {
            // A first mean, and what is left when it is taken away: together exact where the mean is far from zero.
            let near = if self.bias.is_some() { moments(simd, x, 0.0).0 as f32 } else { 0.0 };
            let (rest, square) = moments(simd, x, near);
            let rest = if self.bias.is_some() { rest } else { 0.0 };
            let factor = 1.0 / (square - rest * rest + f64::from(self.eps)).sqrt();
            let line = Line { near, rest: rest as f32, factor: factor as f32 };
            apply(simd, x, line, self.weight, self.bias, out);
        }
    }
}

/// The mean and the mean square of x - near.
#[inline(always)]
fn moments<S: Simd>(simd: S, x: &[f32], near: f32) -> (f64, f64) {
    let (mut sums, mut squares) = (simd.splat(0.0), simd.splat(0.0));
    for x in x.chunks(S::LANES) {
        let x = if x.len() == S::LANES { simd.load(x) } else { simd.load_part(x, near) };
        let centred = simd.sub(x, simd.splat(near));
        sums = simd.add(sums, centred);
        squares = simd.fma(centred, centred, squares);
    }
    let count = x.len() as f64;
    (f64::from(simd.sum(sums)) / count, f64::from(simd.sum(squares)) / count)
}

/// (x - near - rest) * factor
#[derive(Clone, Copy)]
struct Line {
    near: f32,
    rest: f32,
    factor: f32,
}

#[inline(always)]
fn apply<S: Simd>(simd: S, x: &[f32], line: Line, weight: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
    let (near, rest, factor) = (simd.splat(line.near), simd.splat(line.rest), simd.splat(line.factor));
    for (index, out) in out.chunks_mut(S::LANES).enumerate() {
        let columns = index * S::LANES..index * S::LANES + out.len();
        let centred = simd.sub(simd.sub(load(simd, &x[columns.clone()]), near), rest);
        let mut y = simd.mul(simd.mul(centred, factor), load(simd, &weight[columns.clone()]));
        if let Some(bias) = bias {
            y = simd.add(y, load(simd, &bias[columns]));
        }
        if out.len() == S::LANES { simd.store(out, y) } else { simd.store_part(out, y) }
    }
}

#[inline(always)]
fn load<S: Simd>(simd: S, x: &[f32]) -> S::Floats {
    if x.len() == S::LANES { simd.load(x) } else { simd.load_part(x, 0.0) }
}
