//! The products of the models, and operands for them.

use lens_kernels::{Epilogue, LinearSource, PackedLinear, Precision, Threads, linear};

/// One product: what it is, rows, inputs, outputs.
pub(crate) type Shape = (&'static str, usize, usize, usize);

/// One image or text, as large models see it.
pub(crate) const MANY_ROWS: [Shape; 9] = [
    ("ViT-L/14 attention in", 257, 1024, 3072),
    ("ViT-L/14 attention out", 257, 1024, 1024),
    ("ViT-L/14 up", 257, 1024, 4096),
    ("ViT-L/14 down", 257, 4096, 1024),
    ("ViT-H/14 up", 257, 1280, 5120),
    ("ViT-H/14 down", 257, 5120, 1280),
    ("BLIP prompt up", 64, 768, 3072),
    ("T5-base attention", 400, 768, 768),
    ("T5-base down", 400, 2048, 768),
];

/// One step of decoding.
pub(crate) const FEW_ROWS: [Shape; 6] = [
    ("BLIP greedy up", 1, 768, 3072),
    ("BLIP greedy vocabulary", 1, 768, 30524),
    ("BLIP 15 captions up", 15, 768, 3072),
    ("BLIP 15 captions vocabulary", 15, 768, 30524),
    ("T5-base beam 5 down", 5, 2048, 768),
    ("T5-base beam 5 vocabulary", 5, 768, 32128),
];

pub(crate) const PRECISIONS: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];

/// A product that can be run again and again.
pub(crate) struct Product {
    x: Vec<f32>,
    layer: PackedLinear,
    out: Vec<f32>,
}

impl Product {
    pub(crate) fn new((_, rows, inputs, outputs): Shape, precision: Precision) -> Self {
        let wave = |length: usize| (0..length).map(|i| ((i * 7919) % 1013) as f32 / 1013.0 - 0.5).collect();
        let weight: Vec<f32> = wave(outputs * inputs);
        let source = LinearSource { weight: &weight, bias: None, outputs, inputs, gated: false };
        Self {
            x: wave(rows * inputs),
            layer: PackedLinear::pack(&source, precision),
            out: vec![0.0; rows * outputs],
        }
    }

    pub(crate) fn run(&mut self, threads: &Threads) {
        linear(threads, &self.x, &self.layer, Epilogue::default(), &mut self.out);
    }
}
