//! Packed layers as bytes: what was written is read without a copy, and anything else is refused.

use crate::common::{Random, assert_same_bits};
use lens_kernels::{Epilogue, LayoutError, LinearSource, PackedLinear, Precision, Threads, linear};
use proptest::prelude::*;
use std::sync::Arc;

const PRECISIONS: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];

/// Bytes whose first one is at a multiple of 64, as in a mapped file.
struct Mapped {
    memory: Vec<u8>,
    first: usize,
}

impl Mapped {
    fn new(bytes: &[u8]) -> Arc<Self> {
        let mut memory = vec![0; bytes.len() + 64];
        let first = memory.as_ptr().align_offset(64);
        memory[first..first + bytes.len()].copy_from_slice(bytes);
        Arc::new(Self { memory, first })
    }
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.memory[self.first..]
    }
}

fn packed(precision: Precision, gated: bool) -> PackedLinear {
    let mut random = Random::new(3);
    let (weight, bias) = (random.vector(42 * 33, 1.0), random.vector(42, 1.0));
    let source = LinearSource { weight: &weight, bias: Some(&bias), outputs: 42, inputs: 33, gated };
    PackedLinear::pack(&source, precision)
}

fn run(layer: &PackedLinear) -> Vec<f32> {
    let x = Random::new(4).vector(5 * layer.inputs(), 1.0);
    let mut out = vec![f32::NAN; 5 * layer.outputs()];
    linear(&Threads::new(1), &x, layer, Epilogue::default(), &mut out);
    out
}

#[test]
fn a_mapped_layer_gives_the_same_bits() {
    for (precision, gated) in PRECISIONS.into_iter().flat_map(|p| [(p, false), (p, true)]) {
        let layer = packed(precision, gated);
        let bytes = layer.as_bytes();
        assert_eq!(bytes.len() % 64, 0);
        let file = [&[0; 64], bytes, &[7; 64]].concat();
        let mapped =
            PackedLinear::from_shared(Mapped::new(&file), 64..64 + bytes.len()).expect("just packed");
        assert_eq!((mapped.inputs(), mapped.outputs()), (layer.inputs(), layer.outputs()));
        assert_eq!(mapped.precision(), precision);
        assert_eq!(mapped.as_bytes(), bytes);
        assert_same_bits(&run(&mapped), &run(&layer), &format!("{precision:?}"));
    }
}

#[test]
fn what_is_not_a_layer_is_refused_by_name() {
    let layer = packed(Precision::Bf16, false);
    let bytes = layer.as_bytes();
    let length = bytes.len();
    let with = |at: usize, word: u32| {
        let mut changed = bytes.to_vec();
        changed[at..at + 4].copy_from_slice(&word.to_ne_bytes());
        PackedLinear::from_shared(Mapped::new(&changed), 0..length).expect_err("a changed header")
    };
    let range = |range| PackedLinear::from_shared(Mapped::new(bytes), range).expect_err("a wrong range");
    assert_eq!(with(0, 1), LayoutError::NotPacked);
    assert_eq!(with(8, 9), LayoutError::Version { found: 9 });
    assert_eq!(with(12, 3), LayoutError::Header);
    assert_eq!(with(16, 0), LayoutError::Header);
    assert_eq!(with(24, 2), LayoutError::Header);
    assert!(matches!(with(20, u32::MAX), LayoutError::Length { .. } | LayoutError::Header));
    assert_eq!(range(0..length - 64), LayoutError::Length { expected: length, found: length - 64 });
    assert_eq!(range(0..8), LayoutError::NotPacked);
    assert_eq!(range(0..length + 65), LayoutError::Range);
    assert_eq!(range(4..length), LayoutError::Misaligned);
    assert_eq!(LayoutError::Version { found: 9 }.to_string(), "a packed layer of version 9, not 3");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_layer_is_refused_or_multiplied_but_never_panics(
        at in 0usize..192,
        byte in any::<u8>(),
        cut in prop::option::of(0usize..2000),
    ) {
        let layer = packed(Precision::Int8, true);
        let mut bytes = layer.as_bytes().to_vec();
        bytes[at] = byte;
        bytes.truncate(cut.unwrap_or(usize::MAX));
        let length = bytes.len();
        if let Ok(layer) = PackedLinear::from_shared(Mapped::new(&bytes), 0..length) {
            prop_assert_eq!(run(&layer).len(), 5 * layer.outputs());
        }
    }
}
