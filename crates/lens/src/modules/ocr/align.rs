//! Which step of a recogniser stands for which label, where the text is known.

use super::ctc::LogProbabilities;

/// The labels, step by step, of the most probable path that says `labels` (Viterbi).
pub(super) fn path(steps: &LogProbabilities, labels: &[usize]) -> Vec<usize> {
    // Blanks before, between and after the labels.
    let states: Vec<usize> = labels.iter().flat_map(|label| [0, *label]).chain([0]).collect();
    let may_skip = |state: usize| state >= 2 && states[state] != 0 && states[state] != states[state - 2];
    let mut scores = vec![f32::NEG_INFINITY; states.len()];
    scores[0] = 0.0;
    let mut came_from: Vec<Vec<usize>> = Vec::new();
    for row in steps.rows() {
        let from = |state: usize| {
            let earlier = state.saturating_sub(1 + usize::from(may_skip(state)))..=state;
            earlier.rev().fold(state, |best, next| if scores[next] > scores[best] { next } else { best })
        };
        let first: Vec<usize> = (0..states.len()).map(from).collect();
        scores = first.iter().zip(&states).map(|(from, label)| scores[*from] + row[*label]).collect();
        came_from.push(first);
    }
    let last = states.len() - 1;
    let mut state = if last > 0 && scores[last - 1] > scores[last] { last - 1 } else { last };
    let mut path = Vec::new();
    for from in came_from.iter().rev() {
        path.push(states[state]);
        state = from[state];
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::{LogProbabilities, path};
    use proptest::prelude::*;

    /// What a path says: repetitions joined, blanks dropped.
    fn said(path: &[usize]) -> Vec<usize> {
        let mut said = path.to_vec();
        said.dedup();
        said.retain(|label| *label > 0);
        said
    }

    fn score(steps: &LogProbabilities, path: &[usize]) -> f32 {
        steps.rows().zip(path).map(|(row, label)| row[*label]).sum()
    }

    proptest! {
        #[test]
        fn no_path_that_says_the_same_is_more_probable(
            scores in prop::collection::vec(-3.0_f32..3.0, 15),
            like in prop::collection::vec(0_usize..3, 5),
        ) {
            let steps = LogProbabilities::of(scores, 3);
            let found = path(&steps, &said(&like));
            prop_assert_eq!(said(&found), said(&like));
            prop_assert!(score(&steps, &found) >= score(&steps, &like) - 1e-4);
        }
    }

    #[test]
    fn nothing_is_written_with_blanks() {
        let steps = LogProbabilities::of(vec![0.0; 6], 3);
        assert_eq!(path(&steps, &[]), [0, 0]);
        assert!(path(&LogProbabilities::of(Vec::new(), 3), &[]).is_empty());
    }
}
