//! Plain f64 versions of the kernels and the numbers to feed them.

use lens_kernels::{Activation, AttentionShape, HeadsView, Span};

/// Reproducible values, roughly normal, with the given standard deviation.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    /// The sum of four uniform values has variance 1/3.
    pub(crate) fn vector(&mut self, length: usize, deviation: f32) -> Vec<f32> {
        let mut normal = || (0..4).map(|_| self.uniform() - 0.5).sum::<f32>() * 3.0f32.sqrt();
        (0..length).map(|_| normal() * deviation).collect()
    }
}

pub(crate) fn activate(activation: Activation, x: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::None => x,
        Activation::Gelu => x * 0.5 * erfc(-x / std::f64::consts::SQRT_2),
        Activation::GeluTanh => {
            0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
        }
        Activation::QuickGelu => x * sigmoid(1.702 * x),
        Activation::Relu => x.max(0.0),
        Activation::Silu => x * sigmoid(x),
    }
}

/// 1 - erf(x) by Simpson's rule over the density: slow and plain.
fn erfc(x: f64) -> f64 {
    let end = x.clamp(-6.0, 6.0);
    let (steps, density) = (2000, |t: f64| (-t * t).exp() * 2.0 / std::f64::consts::PI.sqrt());
    let step = end / f64::from(steps);
    let inner: f64 =
        (1..steps).map(|i| density(f64::from(i) * step) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
    1.0 - (density(0.0) + inner + density(end)) * step / 3.0
}

/// x (rows, inputs) times the transpose of weight (outputs, inputs), plus bias, in f64.
pub(crate) fn product(x: &[f32], weight: &[f32], bias: Option<&[f32]>, inputs: usize) -> Vec<Vec<f64>> {
    let dot = |x: &[f32], w: &[f32]| x.iter().zip(w).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum::<f64>();
    let row = |x: &[f32]| {
        let products = weight.chunks_exact(inputs).map(|w| dot(x, w)).enumerate();
        products.map(|(i, p)| p + bias.map_or(0.0, |b| f64::from(b[i]))).collect()
    };
    x.chunks_exact(inputs).map(row).collect()
}

/// The whole epilogue in f64: activation, gate, residual.
pub(crate) fn finish(
    rows: &[Vec<f64>],
    activation: Activation,
    gated: bool,
    residual: Option<&[f32]>,
) -> Vec<f64> {
    let row = |row: &Vec<f64>| -> Vec<f64> {
        let half = row.len() / 2;
        if gated {
            (0..half).map(|i| activate(activation, row[i]) * row[half + i]).collect()
        } else {
            row.iter().map(|x| activate(activation, *x)).collect()
        }
    };
    let values = rows.iter().flat_map(row);
    values.enumerate().map(|(i, x)| x + residual.map_or(0.0, |r| f64::from(r[i]))).collect()
}

/// Attention by its definition, in f64.
pub(crate) fn attention(
    (q, k, v): (HeadsView<'_>, HeadsView<'_>, HeadsView<'_>),
    shape: AttentionShape<'_>,
    spans: &[Span],
) -> Vec<f64> {
    let width = shape.heads * shape.head_size;
    let mut out = vec![0.0; q.data.len() / q.stride * width];
    let at = |view: HeadsView<'_>, row: usize, head: usize, i: usize| {
        f64::from(view.data[row * view.stride + view.first + head * shape.head_size + i])
    };
    for (span, head) in spans.iter().flat_map(|s| (0..shape.heads).map(move |h| (s, h))) {
        let kv_head = head / (shape.heads / shape.kv_heads);
        let shift = if shape.causal { span.keys.len() - span.queries.len() } else { 0 };
        for (query, row) in span.queries.clone().enumerate() {
            let position = query + shift;
            let seen = if shape.causal { position + 1 } else { span.keys.len() };
            let score = |key: usize| {
                let row_of_key = span.keys.start + key;
                let dot: f64 =
                    (0..shape.head_size).map(|i| at(q, row, head, i) * at(k, row_of_key, kv_head, i)).sum();
                let distance = key as i64 - position as i64;
                let bias = shape.bias.map_or(0.0, |b| {
                    let reach = b.reach as i64;
                    f64::from(
                        b.values[head * (2 * b.reach + 1) + (reach + distance.clamp(-reach, reach)) as usize],
                    )
                });
                (dot * f64::from(shape.scale) + bias).exp()
            };
            let weights: Vec<f64> = (0..seen).map(score).collect();
            let total: f64 = weights.iter().sum();
            for i in 0..shape.head_size {
                let sum: f64 = weights
                    .iter()
                    .enumerate()
                    .map(|(key, w)| w * at(v, span.keys.start + key, kv_head, i))
                    .sum();
                if seen > 0 {
                    out[row * width + head * shape.head_size + i] = sum / total;
                }
            }
        }
    }
    out
}

/// Every value within `tolerance` of what was expected, relative to the value where that is above 1.
#[track_caller]
pub(crate) fn assert_close(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: length");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs();
        assert!(
            error <= tolerance * expected.abs().max(1.0),
            "{what}: {found} at {index}, expected {expected}, error {error:e}"
        );
    }
}

/// Bitwise equality; one NaN is as good as another.
#[track_caller]
pub(crate) fn assert_same_bits(a: &[f32], b: &[f32], what: &str) {
    let bits = |x: &f32| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() };
    assert_eq!(a.len(), b.len(), "{what}: length");
    let first = a.iter().zip(b).position(|(a, b)| bits(a) != bits(b));
    assert!(first.is_none(), "{what}: {first:?} of {} differs: {:?}", a.len(), first.map(|i| (a[i], b[i])));
}
