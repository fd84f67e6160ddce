//! Candidates against a full sort.

use crate::common::Random;
use lens_kernels::{Threads, Tier, pick_log_probs, top_log_probs};
use proptest::prelude::*;

/// log-softmax in f64.
fn log_probs(logits: &[f32]) -> Vec<f64> {
    let sum: f64 = logits.iter().map(|x| f64::from(*x).exp()).sum();
    logits.iter().map(|x| f64::from(*x) - sum.ln()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_best_are_those_of_a_full_sort(
        columns in prop::sample::select(vec![1usize, 7, 63, 257, 4099]),
        k in prop::sample::select(vec![1usize, 5, 50]),
        coarse in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut random = Random::new(seed);
        let round = |x: f32| if coarse { x.round() + 0.0 } else { x };
        let logits: Vec<f32> = random.vector(3 * columns, 3.0).into_iter().map(round).collect();
        for tier in Tier::available() {
            let top = top_log_probs(&Threads::with_tier(2, tier), &logits, columns, k);
            for (row, top) in logits.chunks_exact(columns).zip(top) {
                let expected = log_probs(row);
                let mut order: Vec<u32> = (0..columns as u32).collect();
                order.sort_by(|a, b| row[*b as usize].total_cmp(&row[*a as usize]).then(a.cmp(b)));
                let least = order.get(k - 1).map_or(f32::NEG_INFINITY, |id| row[*id as usize]);
                let ids: Vec<u32> = top.iter().map(|(id, _)| *id).collect();
                // Logits that differ by rounding only may have the same log-probability and stay too.
                let sure = order.iter().filter(|id| row[**id as usize] >= least).count();
                let most = if coarse { sure } else { sure + 2 };
                prop_assert!((sure..=most).contains(&ids.len()), "{} of {}", ids.len(), sure);
                if coarse {
                    prop_assert_eq!(&ids, &order[..sure]);
                }
                for (id, log_prob) in top {
                    prop_assert!((f64::from(log_prob) - expected[id as usize]).abs() < 3e-6, "{}", tier);
                }
            }
            let picks = [(0, 0), (2, columns as u32 - 1)];
            let picked = pick_log_probs(&Threads::with_tier(1, tier), &logits, columns, &picks);
            for ((row, id), picked) in picks.iter().zip(picked) {
                let expected = log_probs(&logits[row * columns..(row + 1) * columns])[*id as usize];
                prop_assert!((f64::from(picked) - expected).abs() < 3e-6);
            }
        }
    }
}
