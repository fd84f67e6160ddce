//! Softmax attention that reads queries, keys and values where the projections left them.

mod blocked;
mod cached;
mod plan;
mod scratch;
mod shape;

pub use shape::{AttentionShape, CachedSpan, HeadsView, RelativeBias, Span};

use crate::Threads;
use crate::aligned::as_floats_mut;
use crate::shared::SharedRows;
use blocked::{BLOCK, HeadTask};
use cached::QueryTask;
use plan::{Group, Plan};
use std::ops::Range;

/// The least work of a job in products: some microseconds, far above the cost of handing it over.
const LEAST_WORK: usize = 100_000;

/// Softmax attention of every span -> `out` (query rows, heads x head size). Rows outside every span are zero, and so
/// are the rows of a span without keys. Spans that share a range of keys are computed as one. A key that a causal query
/// may not see has weight zero; what is not finite in its value may still reach the query.
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
    let width = shape.heads * shape.head_size;
    assert!(spans.iter().all(|s| s.keys.end <= k.rows()), "a span's keys lie outside the key matrix");
    clear_unseen(width, spans.iter().map(|s| (&s.queries, s.keys.is_empty())), out);
    let plan = Plan::new(shape, spans);
    let parts = parts_per_head(threads, &plan, shape);
    let tasks = plan.groups.len() * shape.heads * parts;
    let jobs = tasks.min((plan.pairs() * shape.heads * shape.head_size / LEAST_WORK).max(1));
    let out = &SharedRows::new(out, width);
    threads.for_each(jobs, |job| {
        for task in job * tasks / jobs..(job + 1) * tasks / jobs {
            let (group, head, part) = (task / parts / shape.heads, task / parts % shape.heads, task % parts);
            let Group { queries, position, keys } = &plan.groups[group];
            let blocks = queries.len().div_ceil(BLOCK);
            let first = part * blocks / parts * BLOCK;
            let rows =
                &plan.rows[queries.clone()][first..queries.len().min((part + 1) * blocks / parts * BLOCK)];
            let (position, keys) = (position + first, keys.clone());
            threads.with_buffer(
                HeadTask::buffer(rows.len(), position, keys.len(), shape.head_size),
                |buffer| {
                    threads.tier().run(HeadTask { q, k, v, shape, head, rows, position, keys, out, buffer });
                },
            );
        }
    });
}

/// How often the queries of a head are divided: heads alone may be too few for many threads.
fn parts_per_head(threads: &Threads, plan: &Plan, shape: AttentionShape<'_>) -> usize {
    if threads.count() == 1 {
        return 1;
    }
    let most = plan.groups.iter().map(|group| group.queries.len().div_ceil(BLOCK)).max().unwrap_or(1);
    (2 * threads.count()).div_ceil((plan.groups.len() * shape.heads).max(1)).clamp(1, most)
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
    let width = shape.heads * shape.head_size;
    let rows = k.rows();
    assert!(
        spans.iter().flat_map(|s| s.keys).all(|row| (*row as usize) < rows),
        "a span's key is not in the cache"
    );
    clear_unseen(width, spans.iter().map(|s| (&s.queries, s.keys.is_empty())), out);
    let spans = || spans.iter().filter(|span| !span.keys.is_empty());
    let queries: Vec<(usize, &CachedSpan<'_>)> =
        spans().flat_map(|span| span.queries.clone().map(move |row| (row, span))).collect();
    let pairs: usize = spans().map(|span| span.queries.len() * span.keys.len()).sum();
    let longest = spans().map(|span| span.keys.len()).max().unwrap_or(0);
    let jobs = queries.len().min((pairs * shape.heads * shape.head_size / LEAST_WORK).max(1));
    let out = &SharedRows::new(out, width);
    threads.for_each(jobs, |job| {
        threads.with_buffer(longest, |buffer| {
            for &(row, span) in &queries[job * queries.len() / jobs..(job + 1) * queries.len() / jobs] {
                let first = shape.first_position(span.queries.len(), span.keys.len());
                let position = first + row - span.queries.start;
                let seen = if shape.causal { position + 1 } else { span.keys.len() };
                let (keys, scores) = (&span.keys[..seen], &mut as_floats_mut(buffer)[..seen]);
                // SAFETY: `clear_unseen` found no query in two spans, so this row is in one job only.
                let out = unsafe { out.segment(row, 0..width) };
                threads.tier().run(QueryTask { q, k, v, shape, row, position, keys, out, scores });
            }
        });
    });
}

/// Zero in the rows of `width` columns that no span has, or one without keys.
fn clear_unseen<'a>(width: usize, spans: impl Iterator<Item = (&'a Range<usize>, bool)>, out: &mut [f32]) {
    let rows = out.len() / width;
    let (mut owned, mut sees) = (vec![false; rows], vec![false; rows]);
    for (queries, without_keys) in spans {
        assert!(queries.end <= rows, "a span's queries lie outside the query matrix");
        for row in queries.clone() {
            assert!(!std::mem::replace(&mut owned[row], true), "two spans share a query");
            sees[row] = !without_keys;
        }
    }
    for (_, out) in sees.iter().zip(out.chunks_exact_mut(width)).filter(|(sees, _)| !**sees) {
        out.fill(0.0);
    }
}
