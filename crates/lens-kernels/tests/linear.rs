//! Products against their definition in f64, and their independence of batch and threads.

mod common;

use common::{Random, assert_close, assert_same_bits};
use lens_kernels::{Activation, Epilogue, LinearSource, PackedLinear, Precision, Threads, linear};
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn f32_is_the_product_of_the_definition(layer in layers()) {
        let operands = layer.operands();
        let packed = layer.pack(&operands, Precision::F32);
        prop_assert_eq!((packed.inputs(), packed.outputs()), (layer.inputs, layer.columns()));
        let products = common::product(&operands.x, &operands.weight, operands.bias.as_deref(), layer.inputs);
        let expected = common::finish(&products, layer.activation, layer.gated, operands.residual.as_deref());
        let found = layer.run(&Threads::new(2), &packed, &operands, 0..layer.rows);
        assert_close(&found, &expected, 1e-5, "f32 product");
    }

    #[test]
    fn a_row_depends_on_neither_batch_nor_threads(layer in layers()) {
        let operands = layer.operands();
        let packed = layer.pack(&operands, Precision::F32);
        let (one, two) = (Threads::new(1), Threads::new(2));
        let all = layer.run(&two, &packed, &operands, 0..layer.rows);
        assert_same_bits(&layer.run(&one, &packed, &operands, 0..layer.rows), &all, "one thread and two");
        for row in 0..layer.rows {
            let alone = layer.run(&one, &packed, &operands, row..row + 1);
            assert_same_bits(&alone, &all[row * layer.columns()..(row + 1) * layer.columns()], "row alone");
        }
    }
}

#[test]
fn nan_and_infinity_stay_in_their_row() {
    let layer = Layer {
        rows: 3,
        inputs: 33,
        outputs: 40,
        gated: false,
        bias: true,
        residual: false,
        activation: Activation::Gelu,
        seed: 5,
    };
    let mut operands = layer.operands();
    let packed = layer.pack(&operands, Precision::F32);
    let clean = layer.run(&Threads::new(1), &packed, &operands, 0..3);
    operands.x[33 + 4] = f32::NAN;
    operands.x[5] = f32::INFINITY;
    let found = layer.run(&Threads::new(1), &packed, &operands, 0..3);
    assert!(
        found[..40].iter().all(|x| !x.is_finite() || *x == 0.0),
        "infinity or its gate: {:?}",
        &found[..40]
    );
    assert!(found[40..80].iter().all(|x| x.is_nan()));
    assert_same_bits(&found[80..], &clean[80..], "the row beside them");
}

#[test]
#[should_panic(expected = "5 activations are not rows of 3 inputs")]
fn a_wrong_size_is_named() {
    let source = LinearSource { weight: &[0.0; 6], bias: None, outputs: 2, inputs: 3, gated: false };
    let packed = PackedLinear::pack(&source, Precision::F32);
    linear(&Threads::new(1), &[0.0; 5], &packed, Epilogue::default(), &mut [0.0; 2]);
}
