#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::print_stdout)]
use lens_kernels::*;
use std::time::Instant;
fn median(mut f: impl FnMut()) -> f64 {
    f();
    let n = 9;
    let mut t: Vec<f64> = (0..n)
        .map(|_| {
            let s = Instant::now();
            f();
            s.elapsed().as_secs_f64()
        })
        .collect();
    t.sort_by(f64::total_cmp);
    t[n / 4]
}
fn main() {
    for count in [1, 2] {
        for tier in Tier::available() {
            let th = Threads::with_tier(count, tier);
            for (m, k, n) in [
                (257, 1024, 4096),
                (257, 4096, 1024),
                (257, 1024, 1024),
                (2056, 1024, 4096),
                (15, 768, 3072),
                (1, 1024, 4096),
                (1, 4096, 16384),
            ] {
                if tier == Tier::Portable && m > 1000 {
                    continue;
                }
                let w: Vec<f32> = (0..k * n).map(|i| ((i * 7919) % 1013) as f32 / 1013.0 - 0.5).collect();
                let x: Vec<f32> = (0..m * k).map(|i| ((i * 7907) % 1009) as f32 / 1009.0 - 0.5).collect();
                let mut out = vec![0.0; m * n];
                let mut line = format!("{count} {tier:>12} {m}x{k}x{n}: ");
                for p in [Precision::F32, Precision::Bf16, Precision::Int8] {
                    let l = PackedLinear::pack(
                        &LinearSource { weight: &w, bias: None, outputs: n, inputs: k, gated: false },
                        p,
                    );
                    let t = median(|| {
                        linear(
                            &th,
                            &x,
                            &l,
                            Epilogue { activation: Activation::None, residual: None },
                            &mut out,
                        )
                    });
                    let bytes = k
                        * n
                        * match p {
                            Precision::F32 => 4,
                            Precision::Bf16 => 2,
                            Precision::Int8 => 1,
                        };
                    line += &format!(
                        "{p:?} {:.0} GOP/s {:.1} GB/s  ",
                        2.0 * (m * n * k) as f64 / t / 1e9,
                        bytes as f64 / t / 1e9
                    );
                }
                println!("{line}");
            }
        }
    }
}
