//! From logits to candidates.

mod best;
mod log_sum_exp;

use crate::Threads;
use best::Best;
use log_sum_exp::LogSumExp;

/// The `k` most probable columns of each row of logits as (id, natural logarithm of the probability under the softmax
/// over all columns): best first, ties by lower id, entries as probable as the k-th stay. A row with a NaN or +infinity
/// gives NaN.
///
/// # Panics
/// When `logits` is not rows of `columns`.
#[must_use]
pub fn top_log_probs(threads: &Threads, logits: &[f32], columns: usize, k: usize) -> Vec<Vec<(u32, f32)>> {
    assert!(columns > 0 && logits.len().is_multiple_of(columns), "logits are not rows of {columns} columns");
    let mut rows = vec![Vec::new(); logits.len() / columns];
    threads.for_each_chunk(&mut rows, 1, |row, top| {
        let logits = &logits[row * columns..(row + 1) * columns];
        let normaliser = threads.tier().run(LogSumExp { logits });
        top[0] = Best { logits, normaliser, k }.select();
    });
    rows
}

/// Log-probabilities of chosen columns: (row, id) pairs of `logits`.
///
/// # Panics
/// When `logits` is not rows of `columns`, or a pick is outside of them.
#[must_use]
pub fn pick_log_probs(threads: &Threads, logits: &[f32], columns: usize, picks: &[(usize, u32)]) -> Vec<f32> {
    assert!(columns > 0 && logits.len().is_multiple_of(columns), "logits are not rows of {columns} columns");
    let mut result = vec![0.0; picks.len()];
    threads.for_each_chunk(&mut result, 1, |index, result| {
        let (row, id) = (picks[index].0, picks[index].1 as usize);
        assert!(row < logits.len() / columns && id < columns, "pick ({row}, {id}) is outside the logits");
        let logits = &logits[row * columns..(row + 1) * columns];
        result[0] = logits[id] - threads.tier().run(LogSumExp { logits });
    });
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(row: &[(u32, f32)]) -> Vec<u32> {
        row.iter().map(|(id, _)| *id).collect()
    }

    #[test]
    fn best_first_ties_by_id_and_ties_with_the_last_stay() {
        struct Case {
            k: usize,
            expected: &'static [u32],
        }
        let logits = [1.0, 3.0, 2.0, 3.0, 2.0, 2.0];
        let cases = [
            Case { k: 0, expected: &[] },
            Case { k: 1, expected: &[1, 3] },
            Case { k: 2, expected: &[1, 3] },
            Case { k: 3, expected: &[1, 3, 2, 4, 5] },
            Case { k: usize::MAX, expected: &[1, 3, 2, 4, 5, 0] },
        ];
        for case in cases {
            let top = top_log_probs(&Threads::new(1), &logits, 6, case.k);
            assert_eq!(ids(&top[0]), case.expected, "k {}", case.k);
        }
    }

    #[test]
    fn probabilities_are_of_the_whole_softmax() {
        // softmax(0, ln 3) = 1/4, 3/4
        let logits = [0.0, 3.0f32.ln()];
        let top = top_log_probs(&Threads::new(1), &logits, 2, 2);
        assert!((top[0][1].1 - 0.25f32.ln()).abs() < 1e-6);
        let picked = pick_log_probs(&Threads::new(2), &logits, 2, &[(0, 1), (0, 0)]);
        assert!((picked[0] - 0.75f32.ln()).abs() < 1e-6 && (picked[1] - 0.25f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn nan_and_minus_infinity_do_not_flood_the_result() {
        let top = top_log_probs(&Threads::new(1), &[f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY], 3, 2);
        assert_eq!(ids(&top[0]), [1, 0]);
        let top = top_log_probs(&Threads::new(1), &[f32::NAN, 0.0, 1.0], 3, 2);
        assert_eq!(ids(&top[0]), [0, 1]);
        assert!(top[0][0].1.is_nan());
    }
}
