//! Each kernel at the sizes of the models, by criterion.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

mod shapes;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lens_kernels::{
    AttentionShape, CachedSpan, HeadsView, Span, Threads, attention, cached_attention, norm, top_log_probs,
};
use shapes::{FEW_ROWS, MANY_ROWS, PRECISIONS, Product};
use std::time::Duration;

fn products(criterion: &mut Criterion) {
    let threads = Threads::new(0);
    for (shape, precision) in MANY_ROWS.iter().chain(&FEW_ROWS).flat_map(|s| PRECISIONS.map(|p| (*s, p))) {
        let (name, rows, inputs, outputs) = shape;
        let mut product = Product::new(shape, precision);
        let mut group = criterion.benchmark_group(format!("linear/{name}"));
        group.throughput(Throughput::Elements((2 * rows * inputs * outputs) as u64));
        group.bench_function(format!("{precision:?}"), |bencher| bencher.iter(|| product.run(&threads)));
    }
}

/// (name, sequences, tokens, heads, head size, causal)
const ATTENTIONS: [(&str, usize, usize, usize, usize, bool); 4] = [
    ("ViT-L/14", 1, 257, 16, 64, false),
    ("ViT-H/14", 1, 257, 16, 80, false),
    ("BLIP-large vision", 1, 577, 16, 64, false),
    ("CLIP text, 64 tags", 64, 9, 12, 64, true),
];

fn attentions(criterion: &mut Criterion) {
    let threads = Threads::new(0);
    for (name, sequences, tokens, heads, head_size, causal) in ATTENTIONS {
        let (rows, width) = (sequences * tokens, heads * head_size);
        let data = vec![0.5; rows * 3 * width];
        let view = |first| HeadsView { data: &data, stride: 3 * width, first };
        let shape = AttentionShape {
            heads,
            kv_heads: heads,
            head_size,
            scale: 0.125,
            causal,
            bias: None,
            rounded: false,
        };
        let span =
            |i: usize| Span { queries: i * tokens..(i + 1) * tokens, keys: i * tokens..(i + 1) * tokens };
        let spans: Vec<Span> = (0..sequences).map(span).collect();
        let mut out = vec![0.0; rows * width];
        criterion.bench_function(&format!("attention/{name}"), |bencher| {
            bencher
                .iter(|| attention(&threads, view(0), view(width), view(2 * width), shape, &spans, &mut out));
        });
    }
}

/// Fifteen captions of one image: each its own past, all the same picture.
fn decoding(criterion: &mut Criterion) {
    let (threads, captions, past, image, heads, head_size) =
        (Threads::new(0), 15usize, 20usize, 577usize, 12, 64);
    let width = heads * head_size;
    let data = vec![0.5; (captions * past).max(image) * 3 * width];
    let view = |first| HeadsView { data: &data, stride: 3 * width, first };
    let queries = HeadsView { data: &data[..captions * 3 * width], ..view(0) };
    let shape = AttentionShape {
        heads,
        kv_heads: heads,
        head_size,
        scale: 0.125,
        causal: false,
        bias: None,
        rounded: false,
    };
    let mut out = vec![0.0; captions * width];
    let rows: Vec<u32> = (0..(captions * past) as u32).collect();
    let span = |i: usize| CachedSpan { queries: i..i + 1, keys: &rows[i * past..(i + 1) * past] };
    let cached: Vec<CachedSpan<'_>> = (0..captions).map(span).collect();
    criterion.bench_function("attention/15 captions, their past", |bencher| {
        bencher.iter(|| {
            cached_attention(&threads, queries, view(width), view(2 * width), shape, &cached, &mut out);
        });
    });
    let spans: Vec<Span> = (0..captions).map(|i| Span { queries: i..i + 1, keys: 0..image }).collect();
    criterion.bench_function("attention/15 captions, one image", |bencher| {
        bencher.iter(|| attention(&threads, queries, view(width), view(2 * width), shape, &spans, &mut out));
    });
}

fn rows(criterion: &mut Criterion) {
    let threads = Threads::new(0);
    let (x, weight) = (vec![0.5; 257 * 1024], vec![1.0; 1024]);
    let mut out = vec![0.0; x.len()];
    criterion.bench_function("norm/ViT-L/14", |bencher| {
        bencher.iter(|| norm(&threads, &x, &weight, Some(&weight), 1e-5, &mut out));
    });
    let logits: Vec<f32> = (0..15 * 30524).map(|i| ((i * 7919) % 10007) as f32 / 1000.0).collect();
    criterion.bench_function("top_log_probs/15 captions, 50 of 30524", |bencher| {
        bencher.iter(|| top_log_probs(&threads, &logits, 30524, 50));
    });
}

criterion_group! {
    name = kernels;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(1)).warm_up_time(Duration::from_millis(200));
    targets = products, attentions, decoding, rows
}
criterion_main!(kernels);
