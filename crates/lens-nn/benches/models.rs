//! Each model of `golden/` from its input to its output, in every precision. They are tiny: what is timed is everything
//! around the products. `reference/bench.py` times published sizes.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use criterion::{Criterion, criterion_group, criterion_main};
use lens_nn::{
    backend::cpu::{Cpu, CpuOptions, Precision},
    blip::Blip,
    clip::Clip,
    generate::{BeamOptions, Lengths, Search, Strategy, generate},
    t5::T5,
    weights::Checkpoint,
};
use std::{path::Path, sync::Arc, time::Duration};

const BEAM: Strategy =
    Strategy::Beam(BeamOptions { beams: 5, length_penalty: 1.0, early_stopping: false, returned: 1 });
const LENGTHS: Lengths = Lengths { min: 20, max: 20 };

fn checkpoint(name: &str) -> Checkpoint {
    Checkpoint::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(name)).unwrap()
}

fn search(source: usize, end: u32) -> Search {
    Search { source, strategy: BEAM, lengths: LENGTHS, end }
}

fn models(criterion: &mut Criterion) {
    for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
        let cpu = Arc::new(Cpu::new(CpuOptions { threads: 0, precision }));
        let clip = Clip::load(&checkpoint("clip-quick-gelu"), Arc::clone(&cpu)).unwrap();
        let pixels = vec![0.1; 8 * 3 * clip.image_size() * clip.image_size()];
        criterion.bench_function(&format!("clip/8 pictures/{precision:?}"), |bencher| {
            bencher.iter(|| clip.image_features(&pixels).unwrap());
        });

        let blip = Blip::load(&checkpoint("blip"), Arc::clone(&cpu)).unwrap();
        let pictures = blip.see(&vec![0.1; 3 * blip.image_size() * blip.image_size()]).unwrap();
        let (prompt, caption) = (vec![blip.tokens().bos], search(0, blip.tokens().sep));
        criterion.bench_function(&format!("blip/caption of 20 tokens, 5 beams/{precision:?}"), |bencher| {
            bencher.iter(|| {
                let mut decoder = blip.captions(&pictures);
                generate(&mut decoder, std::slice::from_ref(&prompt), &[caption], &mut ()).unwrap()
            });
        });

        let t5 = T5::load(&checkpoint("t5-v1.1"), cpu).unwrap();
        let encoded = t5.encode(&[(3..63).collect()]).unwrap();
        let (start, answer) = (vec![t5.start_token()], search(0, t5.end_token()));
        criterion.bench_function(&format!("t5/answer of 20 tokens, 5 beams/{precision:?}"), |bencher| {
            bencher.iter(|| {
                let mut decoder = t5.answers(&encoded);
                generate(&mut decoder, std::slice::from_ref(&start), &[answer], &mut ()).unwrap()
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(1)).warm_up_time(Duration::from_millis(200));
    targets = models
}
criterion_main!(benches);
