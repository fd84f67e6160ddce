//! Products against their definition in f64, and their independence of batch and threads.

use crate::common::{self, Random, assert_close, assert_same_bits};
use lens_kernels::{Activation, Epilogue, LinearSource, PackedLinear, Precision, Threads, Tier, linear};
use proptest::prelude::*;

const ACTIVATIONS: [Activation; 6] = [
    Activation::None,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::QuickGelu,
    Activation::Relu,
    Activation::Silu,
];

#[derive(Debug, Clone)]
struct Layer {
    rows: usize,
    inputs: usize,
    outputs: usize,
    gated: bool,
    bias: bool,
    residual: bool,
    activation: Activation,
    seed: u64,
}

fn layers() -> impl Strategy<Value = Layer> {
    let size = prop::sample::select(vec![1usize, 2, 7, 12, 13, 31, 33, 64, 97, 257]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (size.clone(), size.clone(), size, flags, 0usize..6, any::<u64>()).prop_map(
        |(rows, inputs, outputs, (gated, bias, residual), activation, seed)| Layer {
            rows,
            inputs,
            outputs: if gated { 2 * outputs } else { outputs },
            gated,
            bias,
            residual,
            activation: ACTIVATIONS[activation],
            seed,
        },
    )
}

struct Operands {
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
    residual: Option<Vec<f32>>,
}

impl Layer {
    fn columns(&self) -> usize {
        if self.gated { self.outputs / 2 } else { self.outputs }
    }

    fn operands(&self) -> Operands {
        let mut random = Random::new(self.seed);
        Operands {
            x: random.vector(self.rows * self.inputs, 1.0),
            weight: random.vector(self.outputs * self.inputs, 1.0 / (self.inputs as f32).sqrt()),
            bias: self.bias.then(|| random.vector(self.outputs, 1.0)),
            residual: self.residual.then(|| random.vector(self.rows * self.columns(), 1.0)),
        }
    }

    fn pack(&self, operands: &Operands, precision: Precision) -> PackedLinear {
        let source = LinearSource {
            weight: &operands.weight,
            bias: operands.bias.as_deref(),
            outputs: self.outputs,
            inputs: self.inputs,
            gated: self.gated,
        };
        PackedLinear::pack(&source, precision)
    }

    /// The result of rows `from..to` alone.
    fn run(
        &self,
        threads: &Threads,
        packed: &PackedLinear,
        operands: &Operands,
        rows: std::ops::Range<usize>,
    ) -> Vec<f32> {
        let columns = self.columns();
        let mut out = vec![f32::NAN; rows.len() * columns];
        let residual = operands.residual.as_ref().map(|r| &r[rows.start * columns..rows.end * columns]);
        let epilogue = Epilogue { activation: self.activation, residual };
        linear(
            threads,
            &operands.x[rows.start * self.inputs..rows.end * self.inputs],
            packed,
            epilogue,
            &mut out,
        );
        out
    }
}

/// One pool of each size for every tier of this machine.
fn pools() -> Vec<Threads> {
    Tier::available()
        .into_iter()
        .flat_map(|tier| [1, 2].map(|count| Threads::with_tier(count, tier)))
        .collect()
}

/// What rounding `x` to `precision` may do to one sum of products, given the rows that are multiplied.
fn rounding(precision: Precision, x: &[f32], weights: &[f32]) -> f64 {
    let greatest = |row: &[f32]| row.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let least_and_greatest = x.iter().fold((0.0f32, 0.0f32), |(l, g), v| (l.min(*v), g.max(*v)));
    let (x_step, w_step) = match precision {
        Precision::F32 => return 0.0,
        // 8 bits of significand: half a unit is at most 2^-8 of the value.
        Precision::Bf16 => {
            let sum: f32 = x.iter().zip(weights).map(|(x, w)| (x * w).abs()).sum();
            return f64::from(sum) * (2.0 / 256.0 + 1.0 / 65536.0);
        }
        Precision::Int8 => ((least_and_greatest.1 - least_and_greatest.0) / 255.0, greatest(weights) / 127.0),
    };
    // The zero point may push the end of the range by half a step, so one step bounds the error of an activation.
    x.iter()
        .zip(weights)
        .map(|(x, w)| f64::from(x.abs() * w_step / 2.0 + w.abs() * x_step + x_step * w_step / 2.0))
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn f32_is_the_product_of_the_definition(layer in layers()) {
        let operands = layer.operands();
        let packed = layer.pack(&operands, Precision::F32);
        prop_assert_eq!((packed.inputs(), packed.outputs()), (layer.inputs, layer.columns()));
        let products = common::product(&operands.x, &operands.weight, operands.bias.as_deref(), layer.inputs);
        let expected = common::finish(&products, layer.activation, layer.gated, operands.residual.as_deref());
        for threads in pools() {
            let found = layer.run(&threads, &packed, &operands, 0..layer.rows);
            assert_close(&found, &expected, 1e-5, &format!("f32 product, {}", threads.tier()));
        }
    }

    #[test]
    fn lower_precisions_are_within_their_rounding(layer in layers(), int8 in any::<bool>()) {
        let layer = Layer { activation: Activation::None, gated: false, residual: false, ..layer };
        let precision = if int8 { Precision::Int8 } else { Precision::Bf16 };
        let operands = layer.operands();
        let packed = layer.pack(&operands, precision);
        let products = common::product(&operands.x, &operands.weight, operands.bias.as_deref(), layer.inputs);
        for threads in pools() {
            let found = layer.run(&threads, &packed, &operands, 0..layer.rows);
            for (row, x) in operands.x.chunks_exact(layer.inputs).enumerate() {
                for (column, weights) in operands.weight.chunks_exact(layer.inputs).enumerate() {
                    let error = (f64::from(found[row * layer.outputs + column]) - products[row][column]).abs();
                    let bound = rounding(precision, x, weights) + 1e-5;
                    prop_assert!(error <= bound, "{:?} {}: {} > {}", precision, threads.tier(), error, bound);
                }
            }
        }
    }

    #[test]
    fn a_row_depends_on_neither_batch_nor_threads(layer in layers()) {
        let operands = layer.operands();
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
            let packed = layer.pack(&operands, precision);
            for tier in Tier::available() {
                let (one, two) = (Threads::with_tier(1, tier), Threads::with_tier(2, tier));
                let all = layer.run(&two, &packed, &operands, 0..layer.rows);
                assert_same_bits(&layer.run(&one, &packed, &operands, 0..layer.rows), &all, "one thread and two");
                for row in [0, layer.rows / 2, layer.rows - 1] {
                    let alone = layer.run(&one, &packed, &operands, row..row + 1);
                    let place = row * layer.columns()..(row + 1) * layer.columns();
                    assert_same_bits(&alone, &all[place], &format!("row alone, {precision:?}, {tier}"));
                }
            }
        }
    }

    #[test]
    fn int8_is_exact_on_its_full_range(inputs in 1usize..300, seed in any::<u64>()) {
        // Whole numbers 0 to 255 and -127 to 127, both ends present: the scales are 1 and nothing is rounded.
        let mut random = Random::new(seed);
        let whole = |x: f32, least: f32, greatest: f32| (x * 100.0).round().clamp(least, greatest);
        let mut x: Vec<f32> = random.vector(3 * inputs, 1.0).iter().map(|x| whole(x.abs(), 0.0, 255.0)).collect();
        let mut weight: Vec<f32> = random.vector(5 * inputs, 1.0).iter().map(|x| whole(*x, -127.0, 127.0)).collect();
        x[..inputs].fill(255.0);
        weight[..inputs].fill(127.0);
        weight[inputs..2 * inputs].fill(-127.0);
        x.chunks_exact_mut(inputs).for_each(|row| row[0] = 255.0);
        weight.chunks_exact_mut(inputs).for_each(|row| row[0] = 127.0);
        let source = LinearSource { weight: &weight, bias: None, outputs: 5, inputs, gated: false };
        let packed = PackedLinear::pack(&source, Precision::Int8);
        let expected: Vec<f32> =
            common::product(&x, &weight, None, inputs).into_iter().flatten().map(|x| x as f32).collect();
        for threads in pools() {
            let mut found = vec![0.0; 15];
            linear(&threads, &x, &packed, Epilogue::default(), &mut found);
            assert_same_bits(&found, &expected, &format!("whole numbers, {}", threads.tier()));
        }
    }
}

#[test]
fn a_few_outlier_channels_do_not_drown_the_others_in_int8() {
    let layer = Layer {
        rows: 8,
        inputs: 1024,
        outputs: 64,
        gated: false,
        bias: false,
        residual: false,
        activation: Activation::None,
        seed: 9,
    };
    let mut operands = layer.operands();
    for row in operands.x.chunks_exact_mut(1024) {
        for channel in [3, 100, 101, 517, 900, 1023] {
            row[channel] *= 60.0;
        }
    }
    let expected = common::product(&operands.x, &operands.weight, None, 1024);
    let packed = layer.pack(&operands, Precision::Int8);
    for threads in pools() {
        let found = layer.run(&threads, &packed, &operands, 0..8);
        for (expected, found) in expected.iter().zip(found.chunks_exact(64)) {
            let error: f64 = expected.iter().zip(found).map(|(e, f)| (e - f64::from(*f)).powi(2)).sum();
            let square: f64 = expected.iter().map(|e| e * e).sum();
            // One line through all values leaves about 4 % here.
            assert!((error / square).sqrt() < 0.01, "{}: {}", threads.tier(), (error / square).sqrt());
        }
    }
}

#[test]
fn a_long_tail_does_not_drown_the_rest_in_int8() {
    let layer = Layer {
        rows: 8,
        inputs: 2048,
        outputs: 64,
        gated: false,
        bias: false,
        residual: false,
        activation: Activation::None,
        seed: 10,
    };
    let mut operands = layer.operands();
    // As a gated layer gives them: products of two normal values, of which some 60 of 2048 are beyond 6 times the mean.
    let gates = Random::new(11).vector(8 * 2048, 1.0);
    operands.x.iter_mut().zip(gates).for_each(|(x, gate)| *x *= gate.max(0.05 * gate));
    let expected = common::product(&operands.x, &operands.weight, None, 2048);
    let packed = layer.pack(&operands, Precision::Int8);
    for threads in pools() {
        let found = layer.run(&threads, &packed, &operands, 0..8);
        let pairs = || expected.iter().flatten().zip(&found);
        let error: f64 = pairs().map(|(e, f)| (e - f64::from(*f)).powi(2)).sum();
        let square: f64 = pairs().map(|(e, _)| e * e).sum();
        // With one line through all values 0.017 and more.
        assert!((error / square).sqrt() < 0.015, "{}: {}", threads.tier(), (error / square).sqrt());
    }
}

const SMALL: Layer = Layer {
    rows: 3,
    inputs: 33,
    outputs: 40,
    gated: false,
    bias: true,
    residual: false,
    activation: Activation::Gelu,
    seed: 5,
};

#[test]
fn nan_and_infinity_stay_in_their_row() {
    let clean = SMALL.operands();
    let mut dirty = SMALL.operands();
    dirty.x[33 + 4] = f32::NAN;
    dirty.x[5] = f32::INFINITY;
    for (threads, precision) in
        pools().iter().flat_map(|t| [Precision::F32, Precision::Bf16, Precision::Int8].map(|p| (t, p)))
    {
        let packed = SMALL.pack(&clean, precision);
        let expected = SMALL.run(threads, &packed, &clean, 0..3);
        let found = SMALL.run(threads, &packed, &dirty, 0..3);
        let what = format!("{precision:?}, {}", threads.tier());
        let infinite = |x: &f32| !x.is_finite() || *x == 0.0;
        assert!(found[..40].iter().all(infinite), "infinity, its negative or what GELU makes of it, {what}");
        assert!(found[40..80].iter().all(|x| x.is_nan()), "{what}");
        assert_same_bits(&found[80..], &expected[80..], &format!("the row beside them, {what}"));
    }
}

#[test]
fn a_weight_that_is_not_finite_spoils_its_column_only() {
    let mut operands = SMALL.operands();
    operands.weight[7 * 33 + 2] = f32::NAN;
    for (threads, precision) in
        pools().iter().flat_map(|t| [Precision::F32, Precision::Bf16, Precision::Int8].map(|p| (t, p)))
    {
        let found = SMALL.run(threads, &SMALL.pack(&operands, precision), &operands, 0..3);
        let nan = |x: f32| x.is_nan();
        assert!((0..120).all(|i| nan(found[i]) == (i % 40 == 7)), "{precision:?}, {}", threads.tier());
    }
}

#[test]
fn numbers_below_the_normal_range_may_count_as_zero() {
    // vdpbf16ps flushes them: 64 products of 2^-127 and 1 sum to 2^-121 or to nothing.
    let x = vec![2.0f32.powi(-127); 64];
    let source = LinearSource { weight: &[1.0; 64], bias: None, outputs: 1, inputs: 64, gated: false };
    for (threads, precision) in pools().iter().flat_map(|t| [Precision::F32, Precision::Bf16].map(|p| (t, p)))
    {
        let mut found = [f32::NAN];
        linear(threads, &x, &PackedLinear::pack(&source, precision), Epilogue::default(), &mut found);
        let flushed = precision == Precision::Bf16 && threads.tier() == Tier::Avx512Dots;
        let expected = if flushed { 0.0 } else { 2.0f32.powi(-121) };
        assert_same_bits(&found, &[expected], &format!("{precision:?}, {}", threads.tier()));
    }
}

#[test]
#[should_panic(expected = "5 activations are not rows of 3 inputs")]
fn a_wrong_size_is_named() {
    let source = LinearSource { weight: &[0.0; 6], bias: None, outputs: 2, inputs: 3, gated: false };
    let packed = PackedLinear::pack(&source, Precision::F32);
    linear(&Threads::new(1), &[0.0; 5], &packed, Epilogue::default(), &mut [0.0; 2]);
}
