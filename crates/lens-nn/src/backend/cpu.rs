//! The CPU: every operation is a kernel of `lens-kernels`.

mod buffers;
mod packs;
mod precision;
mod work;

use super::{AttentionSpec, Backend, Candidate, Epilogue, Heads, HostLinear, PatchGrid, Span};
use crate::{Error, ErrorKind, Result};
use buffers::Buffers;
use lens_kernels as kernels;
use packs::Packs;
use precision::Exceptions;
use std::{path::PathBuf, sync::Arc};
use work::Counters;

pub use lens_kernels::{Precision, Tier};
pub use work::Work;

/// How the CPU computes.
#[derive(Debug, Clone, Copy)]
pub struct CpuOptions {
    /// Number of threads; 0 takes every core.
    pub threads: usize,
    /// Precision of the products; everything else is f32. Of int8, see [`Cpu::layers_kept_in_bf16`].
    pub precision: Precision,
}

impl CpuOptions {
    /// bf16 where the processor multiplies it faster than f32, else f32.
    #[must_use]
    pub fn auto_precision() -> Precision {
        if Tier::detect().has_bf16() { Precision::Bf16 } else { Precision::F32 }
    }
}

impl Default for CpuOptions {
    fn default() -> Self {
        Self { threads: 0, precision: Precision::F32 }
    }
}

/// The CPU backend: a thread pool, a precision, buffers for activations, and perhaps a folder of packed layers. Clones
/// share all but the folder.
#[derive(Clone)]
pub struct Cpu {
    threads: Arc<kernels::Threads>,
    precision: Precision,
    buffers: Buffers,
    packs: Option<Packs>,
    counters: Counters,
    exceptions: Exceptions,
}

/// Rows of f32 in memory, which goes back to the backend when the matrix is dropped.
#[derive(Debug)]
pub struct Matrix {
    data: Vec<f32>,
    columns: usize,
    home: Buffers,
}

impl Drop for Matrix {
    fn drop(&mut self) {
        self.home.give(std::mem::take(&mut self.data));
    }
}

impl Matrix {
    fn rows(&self) -> usize {
        self.data.len().checked_div(self.columns).unwrap_or(0)
    }
}

/// Keys and values of decoded tokens. Rows are written once; a sequence is a list of rows, so reordering beams
/// permutes lists of indices.
#[derive(Debug)]
pub struct KeyValueCache {
    width: usize,
    keys: Vec<f32>,
    values: Vec<f32>,
    sequences: Vec<Vec<u32>>,
}

impl Cpu {
    /// A CPU backend with its own thread pool and the best instructions that the machine has.
    #[must_use]
    pub fn new(options: CpuOptions) -> Self {
        Self::with_tier(options, Tier::detect())
    }

    /// As [`Self::new`], with the instructions of `tier`: to compare tiers, or to get the same bits on unlike machines.
    #[must_use]
    pub fn with_tier(options: CpuOptions, tier: Tier) -> Self {
        let threads = Arc::new(kernels::Threads::with_tier(options.threads, tier));
        Self {
            threads,
            precision: options.precision,
            buffers: Buffers::default(),
            packs: None,
            counters: Counters::default(),
            exceptions: Exceptions::default(),
        }
    }

    /// The same backend for one checkpoint, whose packed layers are kept in `folder`. The caller gives every checkpoint
    /// and precision a folder of its own.
    #[must_use]
    pub fn keeping_packs(&self, folder: PathBuf) -> Self {
        Self { packs: Some(Packs::new(folder)), ..self.clone() }
    }

    /// What the products of this backend and its clones have done so far.
    #[must_use]
    pub fn work(&self) -> Work {
        self.counters.read()
    }

    /// The layers that are in bf16 although int8 was asked for, because their weights would lose too much in int8: their
    /// names below their checkpoints, of all models that this backend and its clones have loaded so far.
    #[must_use]
    pub fn layers_kept_in_bf16(&self) -> Vec<String> {
        self.exceptions.names()
    }

    /// The most operations per second that this machine can do in this precision, measured now for some milliseconds.
    #[must_use]
    pub fn peak_operations(&self) -> f64 {
        (0..5).map(|_| kernels::peak_operations(&self.threads, self.precision)).fold(0.0, f64::max)
    }

    /// The bytes per second that this machine reads from memory, measured now on 256 MiB.
    #[must_use]
    pub fn read_bandwidth(&self) -> f64 {
        kernels::read_bandwidth(&self.threads, 256 << 20)
    }

    /// The instructions in use.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.threads.tier()
    }

    /// A matrix whose values are still to be written.
    fn unwritten(&self, rows: usize, columns: usize) -> Matrix {
        Matrix { data: self.buffers.take(rows * columns), columns, home: self.buffers.clone() }
    }

    /// Threads in use.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.count()
    }

    /// Precision of the products.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }
}

fn view<'a>(heads: &Heads<'a, Matrix>) -> kernels::HeadsView<'a> {
    kernels::HeadsView { data: &heads.tensor.data, stride: heads.tensor.columns, first: heads.first }
}

fn shape_of<'a>(spec: &AttentionSpec<'a, Matrix>, precision: Precision) -> kernels::AttentionShape<'a> {
    kernels::AttentionShape {
        heads: spec.heads,
        kv_heads: spec.kv_heads,
        head_size: spec.head_size,
        scale: spec.scale,
        causal: spec.causal,
        bias: spec.bias.map(|bias| kernels::RelativeBias { values: &bias.data, reach: bias.columns / 2 }),
        rounded: spec.rounded && precision != Precision::F32,
    }
}

impl Backend for Cpu {
    type Tensor = Matrix;
    type Linear = kernels::PackedLinear;
    type Cache = KeyValueCache;

    fn upload(&self, data: Vec<f32>, columns: usize) -> Result<Matrix> {
        if columns == 0 || !data.len().is_multiple_of(columns) {
            return Err(Error::new(ErrorKind::Internal, "upload of a tensor")
                .expected(format!("a multiple of {columns} values"))
                .found(format!("{} values", data.len())));
        }
        Ok(Matrix { data, columns, home: self.buffers.clone() })
    }

    fn download(&self, tensor: &Matrix) -> Vec<f32> {
        tensor.data.clone()
    }

    fn shape(&self, tensor: &Matrix) -> (usize, usize) {
        (tensor.rows(), tensor.columns)
    }

    fn linear_layer(
        &self,
        name: &str,
        load: &mut dyn FnMut() -> Result<HostLinear>,
    ) -> Result<kernels::PackedLinear> {
        let mut pack = || precision::pack(name, &load()?, self.precision);
        let layer = match &self.packs {
            Some(packs) => packs.layer(name, pack),
            None => pack(),
        }?;
        self.exceptions.note(name, &layer, self.precision);
        Ok(layer)
    }

    fn within<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.threads.install(work)
    }

    fn map<R: Send>(&self, count: usize, work: impl Fn(usize) -> R + Send + Sync) -> Vec<R> {
        self.threads.map(count, work)
    }

    /// ViT-L/14 in bf16 takes 8 % longer for eight pictures at once than for two at a time.
    fn rows_per_pass(&self) -> usize {
        768
    }

    fn linear(&self, x: &Matrix, layer: &kernels::PackedLinear, epilogue: &Epilogue<'_, Matrix>) -> Matrix {
        let mut out = self.unwritten(x.rows(), layer.outputs());
        let fused = kernels::Epilogue {
            activation: epilogue.activation,
            residual: epilogue.residual.map(|residual| residual.data.as_slice()),
        };
        self.counters.add(x.rows(), layer);
        kernels::linear(&self.threads, &x.data, layer, fused, &mut out.data);
        out
    }

    fn norm(&self, x: &Matrix, weight: &Matrix, bias: Option<&Matrix>, eps: f32) -> Matrix {
        let mut out = self.unwritten(x.rows(), x.columns);
        let bias = bias.map(|bias| bias.data.as_slice());
        kernels::norm(&self.threads, &x.data, &weight.data, bias, eps, &mut out.data);
        out
    }

    fn gather(&self, table: &Matrix, rows: &[u32]) -> Matrix {
        let mut out = self.unwritten(rows.len(), table.columns);
        kernels::gather(&table.data, table.columns, rows, &mut out.data);
        out
    }

    fn add_rows(&self, mut x: Matrix, table: &Matrix) -> Matrix {
        kernels::add_rows(&self.threads, &mut x.data, &table.data, table.columns);
        x
    }

    fn patches(&self, pixels: &[f32], grid: PatchGrid) -> Matrix {
        let images = pixels.len() / (3 * grid.image_size * grid.image_size);
        let mut out = self.unwritten(images * grid.tokens(), 3 * grid.patch_size * grid.patch_size);
        kernels::patches(&self.threads, pixels, grid.image_size, grid.patch_size, &mut out.data);
        out
    }

    fn attention(
        &self,
        query: Heads<'_, Matrix>,
        key: Heads<'_, Matrix>,
        value: Heads<'_, Matrix>,
        spec: AttentionSpec<'_, Matrix>,
        spans: &[Span],
    ) -> Matrix {
        let mut out = self.unwritten(query.tensor.rows(), spec.heads * spec.head_size);
        let spans: Vec<_> = spans
            .iter()
            .map(|span| kernels::Span { queries: span.queries.clone(), keys: span.keys.clone() })
            .collect();
        let (q, k, v) = (view(&query), view(&key), view(&value));
        kernels::attention(&self.threads, q, k, v, shape_of(&spec, self.precision), &spans, &mut out.data);
        out
    }

    fn new_cache(&self, width: usize) -> KeyValueCache {
        KeyValueCache { width, keys: Vec::new(), values: Vec::new(), sequences: Vec::new() }
    }

    fn cache_push(
        &self,
        cache: &mut KeyValueCache,
        rows: &Matrix,
        key: usize,
        value: usize,
        lengths: &[usize],
    ) {
        let mut next = (cache.keys.len() / cache.width) as u32;
        cache.sequences.resize_with(lengths.len(), Vec::new);
        for (sequence, &length) in cache.sequences.iter_mut().zip(lengths) {
            sequence.extend(next..next + length as u32);
            next += length as u32;
        }
        for row in rows.data.chunks_exact(rows.columns) {
            cache.keys.extend_from_slice(&row[key..key + cache.width]);
            cache.values.extend_from_slice(&row[value..value + cache.width]);
        }
    }

    fn cache_attention(
        &self,
        query: Heads<'_, Matrix>,
        cache: &KeyValueCache,
        spec: AttentionSpec<'_, Matrix>,
        lengths: &[usize],
    ) -> Matrix {
        let mut out = self.unwritten(query.tensor.rows(), spec.heads * spec.head_size);
        let mut first = 0;
        let spans: Vec<_> = cache
            .sequences
            .iter()
            .zip(lengths)
            .map(|(keys, &length)| {
                first += length;
                kernels::CachedSpan { queries: first - length..first, keys }
            })
            .collect();
        let keys = kernels::HeadsView { data: &cache.keys, stride: cache.width, first: 0 };
        let values = kernels::HeadsView { data: &cache.values, stride: cache.width, first: 0 };
        kernels::cached_attention(
            &self.threads,
            view(&query),
            keys,
            values,
            shape_of(&spec, self.precision),
            &spans,
            &mut out.data,
        );
        out
    }

    fn cache_select(&self, cache: &mut KeyValueCache, parents: &[usize]) {
        // Before the first step there are no sequences yet, and all that are chosen are empty.
        let chosen = |&parent: &usize| cache.sequences.get(parent).cloned().unwrap_or_default();
        cache.sequences = parents.iter().map(chosen).collect();
    }

    fn top_log_probs(&self, logits: &Matrix, k: usize) -> Vec<Vec<Candidate>> {
        let rows = kernels::top_log_probs(&self.threads, &logits.data, logits.columns, k);
        let named =
            |row: Vec<(u32, f32)>| row.into_iter().map(|(id, log_prob)| Candidate { id, log_prob }).collect();
        rows.into_iter().map(named).collect()
    }

    fn pick_log_probs(&self, logits: &Matrix, picks: &[(usize, u32)]) -> Vec<f32> {
        kernels::pick_log_probs(&self.threads, &logits.data, logits.columns, picks)
    }
}
