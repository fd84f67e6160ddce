//! Attention against its definition in f64, and its independence of batch and threads.

use crate::common::{self, Random, assert_close, assert_same_bits};
use lens_kernels::{
    AttentionShape, CachedSpan, HeadsView, RelativeBias, Span, Threads, Tier, attention, cached_attention,
};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Case {
    /// (queries, keys) of each sequence.
    sequences: Vec<(usize, usize)>,
    kv_heads: usize,
    group: usize,
    head_size: usize,
    causal: bool,
    /// 0: none.
    reach: usize,
    rounded: bool,
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let head_size = prop::sample::select(vec![1usize, 5, 8, 31, 64, 80, 104]);
    let sequences = prop::collection::vec((1usize..40, 0usize..70), 1..4);
    let flags = (any::<bool>(), any::<bool>());
    (sequences, 1usize..3, 1usize..3, head_size, flags, 0usize..9, any::<u64>()).prop_map(
        |(mut sequences, kv_heads, group, head_size, (causal, rounded), reach, seed)| {
            if causal {
                for (queries, keys) in &mut sequences {
                    *keys += *queries;
                }
            }
            Case { sequences, kv_heads, group, head_size, causal, reach, rounded, seed }
        },
    )
}

/// Operands as one fused matrix each: queries with two columns before them, keys and values side by side.
struct Operands {
    q: Vec<f32>,
    kv: Vec<f32>,
    bias: Vec<f32>,
    spans: Vec<Span>,
}

impl Case {
    fn heads(&self) -> usize {
        self.kv_heads * self.group
    }

    fn width(&self) -> usize {
        self.heads() * self.head_size
    }

    fn operands(&self) -> Operands {
        let mut random = Random::new(self.seed);
        let (mut query, mut key, mut spans) = (1, 2, Vec::new());
        for (queries, keys) in &self.sequences {
            spans.push(Span { queries: query..query + queries, keys: key..key + keys });
            (query, key) = (query + queries, key + keys);
        }
        Operands {
            q: random.vector((query + 1) * (self.width() + 2), 1.0),
            kv: random.vector(key * 2 * self.kv_heads * self.head_size, 1.0),
            bias: random.vector(self.heads() * (2 * self.reach + 1), 1.0),
            spans,
        }
    }

    fn views<'a>(&self, operands: &'a Operands) -> (HeadsView<'a>, HeadsView<'a>, HeadsView<'a>) {
        let kv_width = self.kv_heads * self.head_size;
        let key = HeadsView { data: &operands.kv, stride: 2 * kv_width, first: 0 };
        let value = HeadsView { first: kv_width, ..key };
        (HeadsView { data: &operands.q, stride: self.width() + 2, first: 2 }, key, value)
    }

    fn shape<'a>(&self, operands: &'a Operands) -> AttentionShape<'a> {
        AttentionShape {
            heads: self.heads(),
            kv_heads: self.kv_heads,
            head_size: self.head_size,
            scale: 1.0 / (self.head_size as f32).sqrt(),
            causal: self.causal,
            bias: (self.reach > 0).then_some(RelativeBias { values: &operands.bias, reach: self.reach }),
            rounded: self.rounded,
        }
    }

    fn run(&self, threads: &Threads, operands: &Operands, spans: &[Span]) -> Vec<f32> {
        let (q, k, v) = self.views(operands);
        let mut out = vec![f32::NAN; q.data.len() / q.stride * self.width()];
        attention(threads, q, k, v, self.shape(operands), spans, &mut out);
        out
    }

    fn run_cached(&self, threads: &Threads, operands: &Operands, spans: &[Span]) -> Vec<f32> {
        let (q, k, v) = self.views(operands);
        let rows: Vec<Vec<u32>> =
            spans.iter().map(|s| (s.keys.start as u32..s.keys.end as u32).collect()).collect();
        let cached: Vec<CachedSpan<'_>> = spans
            .iter()
            .zip(&rows)
            .map(|(s, keys)| CachedSpan { queries: s.queries.clone(), keys })
            .collect();
        let mut out = vec![f32::NAN; q.data.len() / q.stride * self.width()];
        cached_attention(threads, q, k, v, self.shape(operands), &cached, &mut out);
        out
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn attention_is_that_of_the_definition(case in cases()) {
        let operands = case.operands();
        let expected = common::attention(case.views(&operands), case.shape(&operands), &operands.spans);
        for tier in Tier::available() {
            let threads = Threads::with_tier(2, tier);
            let found = case.run(&threads, &operands, &operands.spans);
            // Of one feature, a score of up to 12 is off by 12 / 256, and so is a weight; many features average it.
            let tolerance = if case.rounded && tier.has_bf16() { 0.2 } else { 1e-5 };
            assert_close(&found, &expected, tolerance, &format!("attention, {tier}"));
            let found = case.run_cached(&threads, &operands, &operands.spans);
            assert_close(&found, &expected, 1e-5, &format!("cached attention, {tier}"));
        }
    }

    #[test]
    fn a_sequence_depends_on_neither_its_neighbours_nor_threads(case in cases()) {
        let operands = case.operands();
        let runs = [Case::run, Case::run_cached];
        for (tier, run) in Tier::available().into_iter().flat_map(|tier| runs.map(|run| (tier, run))) {
            let (one, two) = (Threads::with_tier(1, tier), Threads::with_tier(2, tier));
            let all = run(&case, &two, &operands, &operands.spans);
            assert_same_bits(&run(&case, &one, &operands, &operands.spans), &all, "one thread and two");
            for span in &operands.spans {
                let alone = run(&case, &one, &operands, std::slice::from_ref(span));
                let rows = span.queries.start * case.width()..span.queries.end * case.width();
                assert_same_bits(&alone[rows.clone()], &all[rows], "sequence alone");
            }
        }
    }

    #[test]
    fn queries_of_many_sequences_over_one_image_are_as_if_alone(
        (keys, head_size, rounded, seed) in (1usize..70, 1usize..70, any::<bool>(), any::<u64>()),
        counts in prop::collection::vec(1usize..9, 1..6),
    ) {
        let sequences = counts.iter().map(|count| (*count, keys)).collect();
        let case = Case { sequences, kv_heads: 2, group: 1, head_size, causal: false, reach: 0, rounded, seed };
        let mut operands = case.operands();
        for span in &mut operands.spans {
            span.keys = 2..2 + keys;
        }
        for tier in Tier::available() {
            let (one, two) = (Threads::with_tier(1, tier), Threads::with_tier(2, tier));
            let all = case.run(&two, &operands, &operands.spans);
            for (span, row) in operands.spans.iter().flat_map(|s| s.queries.clone().map(move |row| (s, row))) {
                let alone = Span { queries: row..row + 1, keys: span.keys.clone() };
                let alone = case.run(&one, &operands, &[alone]);
                let columns = row * case.width()..(row + 1) * case.width();
                assert_same_bits(&alone[columns.clone()], &all[columns], &format!("query alone, {tier}"));
            }
        }
    }
}

#[test]
fn rows_outside_spans_are_zero_and_nan_stays_in_its_sequence() {
    let case = Case {
        sequences: vec![(3, 5), (2, 4)],
        kv_heads: 1,
        group: 2,
        head_size: 7,
        causal: false,
        reach: 0,
        rounded: false,
        seed: 1,
    };
    let mut operands = case.operands();
    let clean = case.run(&Threads::new(1), &operands, &operands.spans);
    let key = operands.spans[0].keys.start;
    operands.kv[key * 14] = f32::NAN;
    let found = case.run(&Threads::new(1), &operands, &operands.spans);
    let width = case.width();
    assert_eq!(found[..width], vec![0.0; width]);
    assert!(found[width..4 * width].iter().all(|x| x.is_nan()));
    assert_same_bits(&found[4 * width..], &clean[4 * width..], "the sequence beside it");
    assert_eq!(found[6 * width..], vec![0.0; width]);
}

#[test]
#[should_panic(expected = "two spans share a query")]
fn overlapping_spans_are_refused() {
    let data = [0.0; 4];
    let view = HeadsView { data: &data, stride: 1, first: 0 };
    let shape = AttentionShape {
        heads: 1,
        kv_heads: 1,
        head_size: 1,
        scale: 1.0,
        causal: false,
        bias: None,
        rounded: false,
    };
    let spans = [Span { queries: 0..2, keys: 0..4 }, Span { queries: 1..3, keys: 0..4 }];
    attention(&Threads::new(1), view, view, view, shape, &spans, &mut [0.0; 4]);
}
