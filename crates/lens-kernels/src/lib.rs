#![doc = include_str!("../README.md")]
#![allow(
    unsafe_code,
    reason = "vector instructions, and one result filled by several threads; each block says why it may"
)]
#![expect(
    clippy::inline_always,
    reason = "a kernel has the instructions of its tier only where it is inlined"
)]

mod activation;
mod aligned;
mod attention;
mod gemm;
mod logits;
mod norm;
mod patches;
mod peak;
mod rows;
mod shared;
mod simd;
mod threads;

pub use activation::Activation;
pub use attention::{AttentionShape, CachedSpan, HeadsView, RelativeBias, Span, attention, cached_attention};
pub use gemm::{Epilogue, LayoutError, LinearSource, PackedLinear, Precision, linear};
pub use logits::{pick_log_probs, top_log_probs};
pub use norm::norm;
pub use patches::patches;
pub use peak::{peak_operations, read_bandwidth};
pub use rows::{add_rows, gather};
pub use simd::{Tier, UnknownTier};
pub use threads::Threads;
