//! Products of the models as a share of what the machine can do: arithmetic for many rows, memory for few.
//!
//! `cargo bench -p lens-kernels --bench share_of_peak [tier] [threads]`. The best of several short runs on both sides,
//! because other programs on the machine only ever make a run slower.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

mod shapes;

use lens_kernels::{Threads, Tier, peak_operations, read_bandwidth};
use shapes::{FEW_ROWS, MANY_ROWS, PRECISIONS, Product, Shape};
use std::time::Instant;

const RUNS: usize = 20;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let tier = words.iter().find_map(|word| word.parse::<Tier>().ok()).unwrap_or_else(Tier::detect);
    let count = words.iter().find_map(|word| word.parse().ok()).unwrap_or(0);
    let threads = Threads::with_tier(count, tier);
    println!("{} threads, {}", threads.count(), threads.tier());
    for precision in PRECISIONS {
        let peak = (0..RUNS).map(|_| peak_operations(&threads, precision)).fold(0.0, f64::max);
        println!("\n{precision:?}: peak {:.0} GOP/s", peak / 1e9);
        for shape in MANY_ROWS {
            let rate = operations(shape) / best(&threads, &mut Product::new(shape, precision));
            println!("  {:28} {:7.0} GOP/s  {:3.0} %", name(shape), rate / 1e9, 100.0 * rate / peak);
        }
    }
    let peak = read_bandwidth(&threads, 512 << 20);
    println!("\nmemory: {:.1} GB/s (weights that stay in a cache may be read faster)", peak / 1e9);
    for (shape, precision) in
        FEW_ROWS.into_iter().flat_map(|shape| PRECISIONS.map(|precision| (shape, precision)))
    {
        let seconds = best(&threads, &mut Product::new(shape, precision));
        let bytes = (shape.2 * shape.3 * 4) as f64 / [1.0, 2.0, 4.0][precision as usize];
        let (rate, percent) = (bytes / seconds / 1e9, 100.0 * bytes / seconds / peak);
        println!(
            "  {:40} {precision:4?} {:8.0} us {rate:6.1} GB/s {percent:4.0} %",
            name(shape),
            seconds * 1e6
        );
    }
}

fn name((name, rows, inputs, outputs): Shape) -> String {
    format!("{name} {rows}x{inputs}x{outputs}")
}

fn operations((_, rows, inputs, outputs): Shape) -> f64 {
    2.0 * (rows * inputs * outputs) as f64
}

/// Seconds of the fastest run.
fn best(threads: &Threads, product: &mut Product) -> f64 {
    let mut run = || {
        let start = Instant::now();
        product.run(threads);
        start.elapsed().as_secs_f64()
    };
    // As within a pass of a model: on one of the threads.
    threads.install(|| (0..RUNS).map(|_| run()).fold(f64::INFINITY, f64::min))
}
