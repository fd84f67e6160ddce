//! Reads a golden folder, and compares.

use lens_nn::{
    backend::cpu::{Cpu, CpuOptions, Precision, Tier},
    weights::Checkpoint,
};
use safetensors::SafeTensors;
use serde::de::DeserializeOwned;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The largest difference allowed, over the root mean square of what is expected.
const TOLERANCE: f32 = 1e-4;
/// For scores and log-probabilities, absolute.
pub(crate) const SCORE_TOLERANCE: f64 = 1e-4;

/// A folder of `golden/`: a checkpoint, or tables.
pub(crate) struct Golden(PathBuf);

/// A tensor of the reference, flat, with its sizes.
pub(crate) struct Expected {
    pub(crate) values: Vec<f32>,
    pub(crate) shape: Vec<usize>,
}

impl Golden {
    pub(crate) fn new(name: &str) -> Self {
        Self(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(name))
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint::open(&self.0).unwrap()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, file: &str) -> T {
        serde_json::from_slice(&fs_err::read(self.0.join(file)).unwrap()).unwrap()
    }

    /// A tensor of a safetensors file of the folder; whole numbers become f32.
    pub(crate) fn tensor(&self, file: &str, name: &str) -> Expected {
        let bytes = fs_err::read(self.0.join(file)).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensor = file.tensor(name).unwrap();
        let words = tensor.data().chunks_exact(4).map(|word| [word[0], word[1], word[2], word[3]]);
        let values = match tensor.dtype() {
            safetensors::Dtype::F32 => words.map(f32::from_le_bytes).collect(),
            safetensors::Dtype::I32 => words.map(|word| i32::from_le_bytes(word) as f32).collect(),
            other => panic!("{name} is {other:?}"),
        };
        Expected { values, shape: tensor.shape().to_vec() }
    }

    /// A tensor of `golden.safetensors`.
    pub(crate) fn expected(&self, name: &str) -> Expected {
        self.tensor("golden.safetensors", name)
    }

    /// Rows of ids of `golden.safetensors`, each cut to its length.
    pub(crate) fn ids(&self, name: &str, lengths: &[usize]) -> Vec<Vec<u32>> {
        let ids = self.expected(name);
        assert_eq!(ids.shape[0], lengths.len());
        let rows = ids.values.chunks_exact(ids.shape[1]).zip(lengths);
        rows.map(|(row, &length)| row[..length].iter().map(|&id| id as u32).collect()).collect()
    }
}

/// A CPU backend in f32.
pub(crate) fn cpu(threads: usize) -> Arc<Cpu> {
    Arc::new(Cpu::new(CpuOptions { threads, ..CpuOptions::default() }))
}

/// Every way to compute on this machine: each precision with each set of instructions, on `threads`.
pub(crate) fn machines(threads: usize) -> impl Iterator<Item = (String, Arc<Cpu>)> {
    let precisions = [Precision::F32, Precision::Bf16, Precision::Int8];
    Tier::available().into_iter().flat_map(move |tier| {
        precisions.map(|precision| {
            let cpu = Cpu::with_tier(CpuOptions { threads, precision }, tier);
            (format!("{precision:?}, {tier}"), Arc::new(cpu))
        })
    })
}

/// No value differs by more than 1e-4 of the root mean square of the expected ones.
#[track_caller]
pub(crate) fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    let rms = (expected.iter().map(|value| value * value).sum::<f32>() / expected.len() as f32).sqrt();
    let largest = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let all_numbers = found.iter().all(|value| value.is_finite());
    assert!(
        all_numbers && largest <= TOLERANCE * rms,
        "{what}: the largest difference is {:.2} tolerances of {TOLERANCE} x rms {rms}",
        largest / (TOLERANCE * rms)
    );
}
