//! Norms against their definition in f64.

use crate::common::{Random, assert_close, assert_same_bits};
use lens_kernels::{Threads, Tier, norm};
use proptest::prelude::*;

fn expected(x: &[f32], weight: &[f32], bias: Option<&[f32]>, eps: f64) -> Vec<f64> {
    let columns = weight.len();
    let row = |row: &[f32]| -> Vec<f64> {
        let count = columns as f64;
        let mean = if bias.is_some() { row.iter().map(|x| f64::from(*x)).sum::<f64>() / count } else { 0.0 };
        let variance = row.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / count;
        let normal = |i: usize| (f64::from(row[i]) - mean) / (variance + eps).sqrt() * f64::from(weight[i]);
        (0..columns).map(|i| normal(i) + bias.map_or(0.0, |b| f64::from(b[i]))).collect()
    };
    x.chunks_exact(columns).flat_map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn norms_are_within_a_millionth_of_f64(
        rows in 1usize..40,
        columns in prop::sample::select(vec![1usize, 7, 16, 31, 33, 257, 768, 1280]),
        offset in prop::sample::select(vec![0.0f32, 1.0, -30.0, 1000.0]),
        layer in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut random = Random::new(seed);
        let x: Vec<f32> = random.vector(rows * columns, 1.0).iter().map(|x| x + offset).collect();
        let weight = random.vector(columns, 0.3);
        let bias = layer.then(|| random.vector(columns, 0.3));
        let expected = expected(&x, &weight, bias.as_deref(), f64::from(1e-5f32));
        for tier in Tier::available() {
            let mut found = vec![f32::NAN; x.len()];
            norm(&Threads::with_tier(2, tier), &x, &weight, bias.as_deref(), 1e-5, &mut found);
            assert_close(&found, &expected, 1e-6, &format!("norm, {tier}"));
            let mut last = vec![f32::NAN; columns];
            let row = (rows - 1) * columns..;
            norm(&Threads::with_tier(1, tier), &x[row.clone()], &weight, bias.as_deref(), 1e-5, &mut last);
            assert_same_bits(&last, &found[row], &format!("the last row alone, {tier}"));
        }
    }
}
