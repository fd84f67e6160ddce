//! A step of decoding takes its memory from what earlier steps left.

use lens_nn::{
    Backend,
    backend::cpu::{Cpu, CpuOptions},
    blip::Blip,
    generate::Decoder,
    weights::Checkpoint,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::{alloc::System, path::Path, sync::Arc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Captions written at once: a beam search and ten samples.
const ROWS: usize = 15;
const STEPS: usize = 16;

/// One test in this file: the counters belong to the whole process.
#[test]
fn a_step_allocates_lists_of_indices_and_candidates_only() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/blip");
    let cpu = Arc::new(Cpu::new(CpuOptions { threads: 1, ..CpuOptions::default() }));
    let blip = Blip::load(&Checkpoint::open(&folder).unwrap(), cpu).unwrap();
    let side = blip.image_size();
    let pictures = blip.see(&vec![0.1; 3 * side * side]).unwrap();
    let mut decoder = blip.captions(&pictures);
    decoder.select(&[0; ROWS]);
    let mut step = |token: usize| {
        let logits = decoder.step(&[token as u32; ROWS], &[1; ROWS]).unwrap();
        let candidates = decoder.backend().top_log_probs(&logits, 5);
        assert_eq!(candidates.len(), ROWS);
        decoder.select(&(0..ROWS).rev().collect::<Vec<_>>());
    };
    (1..=STEPS).for_each(&mut step);
    let region = Region::new(ALLOCATOR);
    (1..=STEPS).for_each(&mut step);
    let change = region.change();
    let (count, bytes) = (change.allocations / STEPS, change.bytes_allocated / STEPS);
    // Measured: 102 and 43 kB, the growth of the caches with them. A buffer for each operation would be more of both.
    assert!(count < 150 && bytes < 60_000, "{count} allocations of {bytes} bytes in a step");
}
