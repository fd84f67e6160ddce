//! Relative position bias: distances fall into buckets, a bucket has one bias per head.

use super::config::T5Config;
use crate::{Backend, Result, layers::Loader};

/// The bucket of `distance` = key position - query position. A decoder (`bidirectional` false) looks back only.
/// `T5Attention._relative_position_bucket` of the reference, in the same f32 arithmetic.
#[must_use]
pub fn relative_bucket(distance: i64, bidirectional: bool, buckets: usize, max_distance: usize) -> usize {
    let (buckets, offset) = match bidirectional {
        true if distance > 0 => (buckets / 2, buckets / 2),
        true => (buckets / 2, 0),
        false => (buckets, 0),
    };
    let back = if bidirectional { distance.unsigned_abs() } else { distance.min(0).unsigned_abs() } as usize;
    let exact = buckets / 2;
    if back < exact {
        return offset + back;
    }
    let range = (max_distance as f64 / exact as f64).ln() as f32;
    let ratio = (back as f32 / exact as f32).ln() / range;
    let logarithmic = exact + (ratio * (buckets - exact) as f32) as usize;
    offset + logarithmic.min(buckets - 1)
}

/// The bias of every distance up to the greatest one, beyond which all fall into the last bucket:
/// (heads, 2 x max_distance + 1).
pub(super) fn relative_bias<B: Backend>(
    at: &Loader<'_, B>,
    config: &T5Config,
    bidirectional: bool,
) -> Result<B::Tensor> {
    let (heads, buckets, reach) = (config.heads, config.buckets, config.max_distance as i64);
    let name = "block.0.layer.0.SelfAttention.relative_attention_bias.weight";
    let by_bucket = at.scope.read(name, &[buckets, heads])?;
    let bias = (0..heads).flat_map(|head| {
        let bucket = |distance| relative_bucket(distance, bidirectional, buckets, config.max_distance);
        let by_bucket = &by_bucket;
        (-reach..=reach).map(move |distance| by_bucket[bucket(distance) * heads + head])
    });
    at.backend.upload(bias.collect(), 2 * config.max_distance + 1)
}
