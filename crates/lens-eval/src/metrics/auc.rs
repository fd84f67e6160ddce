//! Area under the ROC curve.

/// The probability that a positive's score is larger than a negative's, ties counted half. `None` when one of the two kinds is
/// missing.
#[must_use]
pub fn roc_auc(scored: &[(f64, bool)]) -> Option<f64> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = sorted.iter().filter(|(_, positive)| *positive).count();
    let negatives = sorted.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (mut below, mut pairs) = (0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let up = tied.iter().filter(|(_, positive)| *positive).count() as f64;
        let down = tied.len() as f64 - up;
        pairs += up * (below + down / 2.0);
        below += down;
    }
    Some(pairs / (positives as f64 * negatives as f64))
}

#[cfg(test)]
mod tests {
    use super::roc_auc;

    #[test]
    fn areas_of_small_curves() {
        struct Case {
            scored: &'static [(f64, bool)],
            area: Option<f64>,
        }
        let cases = [
            Case { scored: &[(0.1, false), (0.9, true)], area: Some(1.0) },
            Case { scored: &[(0.9, false), (0.1, true)], area: Some(0.0) },
            Case { scored: &[(0.5, false), (0.5, true)], area: Some(0.5) },
            // scikit-learn's own example: y = 0 0 1 1, scores 0.1 0.4 0.35 0.8.
            Case { scored: &[(0.1, false), (0.4, false), (0.35, true), (0.8, true)], area: Some(0.75) },
            Case { scored: &[(0.1, true)], area: None },
            Case { scored: &[], area: None },
        ];
        for Case { scored, area } in cases {
            assert_eq!(roc_auc(scored), area, "{scored:?}");
        }
    }

    #[test]
    fn hard_answers_give_the_balanced_accuracy() {
        // 3 of 4 positives and 1 of 2 negatives right: (3/4 + 1/2) / 2.
        let hard = [(1.0, true), (1.0, true), (1.0, true), (0.0, true), (1.0, false), (0.0, false)];
        assert_eq!(roc_auc(&hard), Some(0.625));
    }
}
