//! Softmax attention that reads queries, keys and values where the projections left them.

mod shape;

pub use shape::{AttentionShape, CachedSpan, HeadsView, RelativeBias, Span};

use crate::Threads;
use std::ops::Range;

/// Softmax attention of every span -> `out` (query rows, heads x head size). Rows outside every span are zero, and so
/// are the rows of a span without keys. Spans that share a range of keys are computed as one.
///
/// # Panics
/// When the operands do not fit `shape`, or a span lies outside of them or meets another's queries.
#[expect(
    clippy::too_many_arguments,
    reason = "an attention has three operands, each a view of its own matrix"
)]
pub fn attention(
    threads: &Threads,
    q: HeadsView<'_>,
    k: HeadsView<'_>,
    v: HeadsView<'_>,
    shape: AttentionShape<'_>,
    spans: &[Span],
    out: &mut [f32],
) {
    shape.check(q, k, v, out);
    assert!(spans.iter().all(|s| s.keys.end <= k.rows()), "a span's keys lie outside the key matrix");
    let owners = owners(q.rows(), spans.iter().map(|s| &s.queries));
    threads.for_each_chunk(out, shape.heads * shape.head_size, |row, out| {
        let Some(span) = owners[row].map(|index| &spans[index]) else { return out.fill(0.0) };
        let query = Query {
            row,
            position: shape.first_position(span.queries.len(), span.keys.len()) + row - span.queries.start,
        };
        attend(query, &Operands { q, k, v, shape }, span.keys.len(), |index| span.keys.start + index, out);
    });
}

/// As [`attention`], with each sequence's keys and values at rows of a cache that its span lists.
///
/// # Panics
/// When the operands do not fit `shape`, or a span lies outside of them or meets another's queries.
#[expect(
    clippy::too_many_arguments,
    reason = "an attention has three operands, each a view of its own matrix"
)]
pub fn cached_attention(
    threads: &Threads,
    q: HeadsView<'_>,
    k: HeadsView<'_>,
    v: HeadsView<'_>,
    shape: AttentionShape<'_>,
    spans: &[CachedSpan<'_>],
    out: &mut [f32],
) {
    shape.check(q, k, v, out);
    let rows = k.rows();
    assert!(
        spans.iter().flat_map(|s| s.keys).all(|row| (*row as usize) < rows),
        "a span's key is not in the cache"
    );
    let owners = owners(q.rows(), spans.iter().map(|s| &s.queries));
    threads.for_each_chunk(out, shape.heads * shape.head_size, |row, out| {
        let Some(span) = owners[row].map(|index| &spans[index]) else { return out.fill(0.0) };
        let query = Query {
            row,
            position: shape.first_position(span.queries.len(), span.keys.len()) + row - span.queries.start,
        };
        attend(query, &Operands { q, k, v, shape }, span.keys.len(), |index| span.keys[index] as usize, out);
    });
}

/// The span that each query row belongs to.
fn owners<'a>(rows: usize, spans: impl Iterator<Item = &'a Range<usize>>) -> Vec<Option<usize>> {
    let mut owners = vec![None; rows];
    for (index, queries) in spans.enumerate() {
        assert!(queries.end <= rows, "a span's queries lie outside the query matrix");
        for owner in &mut owners[queries.clone()] {
            assert!(owner.replace(index).is_none(), "two spans share a query");
        }
    }
    owners
}

#[derive(Clone, Copy)]
struct Query {
    row: usize,
    /// Place in its sequence.
    position: usize,
}

struct Operands<'a> {
    q: HeadsView<'a>,
    k: HeadsView<'a>,
    v: HeadsView<'a>,
    shape: AttentionShape<'a>,
}

fn attend(
    query: Query,
    operands: &Operands<'_>,
    keys: usize,
    key_row: impl Fn(usize) -> usize,
    out: &mut [f32],
) {
    let Operands { q, k, v, shape } = *operands;
    let seen = if shape.causal { keys.min(query.position + 1) } else { keys };
    let mut scores = vec![0.0f32; seen];
    for (head, out) in out.chunks_exact_mut(shape.head_size).enumerate() {
        let kv_head = head / (shape.heads / shape.kv_heads);
        let query_features = q.head(query.row, head, shape.head_size);
        for (index, score) in scores.iter_mut().enumerate() {
            let key = k.head(key_row(index), kv_head, shape.head_size);
            let product: f32 = query_features.iter().zip(key).map(|(q, k)| q * k).sum();
            *score = product * shape.scale + shape.bias.map_or(0.0, |b| b.at(head, query.position, index));
        }
        softmax(&mut scores);
        out.fill(0.0);
        for (index, weight) in scores.iter().enumerate() {
            let value = v.head(key_row(index), kv_head, shape.head_size);
            out.iter_mut().zip(value).for_each(|(out, value)| *out += weight * value);
        }
    }
}

fn softmax(scores: &mut [f32]) {
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in &mut *scores {
        *score = (*score - max).exp();
        sum += *score;
    }
    for score in scores {
        *score /= sum;
    }
}
