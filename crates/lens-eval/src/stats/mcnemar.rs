//! McNemar's test for paired right and wrong answers.

/// The exact two-sided p-value: how likely a split at least as uneven as (only `a` right, only `b` right) is when both are
/// as good.
#[must_use]
pub fn mcnemar(only_a: usize, only_b: usize) -> f64 {
    let n = only_a + only_b;
    let few = only_a.min(only_b);
    // ln of n choose k, one step after the other.
    let (mut choose, mut tail) = (0.0f64, 0.0f64);
    for k in 0..=few {
        tail += (choose - n as f64 * std::f64::consts::LN_2).exp();
        choose += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::mcnemar;

    #[test]
    fn p_values_of_small_tables() {
        struct Case {
            only: (usize, usize),
            p: f64,
        }
        let cases = [
            Case { only: (0, 0), p: 1.0 },
            Case { only: (5, 5), p: 1.0 },
            Case { only: (0, 5), p: 2.0 / 32.0 },
            Case { only: (1, 9), p: 2.0 * 11.0 / 1024.0 },
            // Twice the sum of 150 over k for k to 60, by 2^150, in whole numbers.
            Case { only: (60, 90), p: 0.017_597_691_928_785_745 },
        ];
        for Case { only, p } in cases {
            assert!((mcnemar(only.0, only.1) - p).abs() < 1e-6, "{only:?}: {}", mcnemar(only.0, only.1));
        }
        assert!(mcnemar(2000, 2600) < 1e-15);
    }
}
