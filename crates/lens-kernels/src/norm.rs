//! Row-wise normalisation.

use crate::Threads;

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
        for (x, out) in x.chunks_exact(columns).zip(out.chunks_exact_mut(columns)) {
            match bias {
                Some(bias) => layer_norm_row(x, weight, bias, eps, out),
                None => rms_norm_row(x, weight, eps, out),
            }
        }
    });
}

fn layer_norm_row(x: &[f32], weight: &[f32], bias: &[f32], eps: f32, out: &mut [f32]) {
    let count = x.len() as f64;
    let mean = x.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
    let variance = x.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / count;
    let factor = 1.0 / (variance + f64::from(eps)).sqrt();
    for ((out, x), (weight, bias)) in out.iter_mut().zip(x).zip(weight.iter().zip(bias)) {
        *out = ((f64::from(*x) - mean) * factor * f64::from(*weight) + f64::from(*bias)) as f32;
    }
}

fn rms_norm_row(x: &[f32], weight: &[f32], eps: f32, out: &mut [f32]) {
    let square = x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / x.len() as f64;
    let factor = 1.0 / (square + f64::from(eps)).sqrt();
    for ((out, x), weight) in out.iter_mut().zip(x).zip(weight) {
        *out = (f64::from(*x) * factor * f64::from(*weight)) as f32;
    }
}
