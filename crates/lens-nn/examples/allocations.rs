//! What a decoding step of a captioner takes from the allocator: `allocations MODEL`, the folder of a BLIP checkpoint.
//! 15 rows at a time on one thread: a beam search and ten samples, reordered after every step.

#![expect(clippy::print_stdout, reason = "one line is what it is for")]

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

const ROWS: usize = 15;
const STEPS: usize = 12;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: allocations MODEL")?;
    let precision = CpuOptions::auto_precision();
    let cpu = Arc::new(Cpu::new(CpuOptions { threads: 1, precision }));
    let blip = Blip::load(&Checkpoint::open(Path::new(&folder))?, cpu)?;
    let side = blip.image_size();
    let pictures = blip.see(&vec![0.1; 3 * side * side])?;
    let mut decoder = blip.captions(&pictures);
    decoder.select(&[0; ROWS]);
    let mut step = |token: usize| -> lens_nn::Result<()> {
        let logits = decoder.step(&[token as u32; ROWS], &[1; ROWS])?;
        drop(decoder.backend().top_log_probs(&logits, 5));
        decoder.select(&(0..ROWS).rev().collect::<Vec<_>>());
        Ok(())
    };
    (1..=STEPS).try_for_each(&mut step)?;
    let region = Region::new(ALLOCATOR);
    (1..=STEPS).try_for_each(&mut step)?;
    let change = region.change();
    let (count, bytes) = (change.allocations / STEPS, change.bytes_allocated / STEPS);
    println!("{count} allocations of {bytes} bytes, {} reallocations a step", change.reallocations / STEPS);
    Ok(())
}
