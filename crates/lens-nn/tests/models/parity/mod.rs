//! Parity with the published implementations, on the tiny checkpoints of `golden/`.
//!
//! `reference/` wrote them: every weight is drawn so that attention is sharp and a mistake anywhere moves the output by far
//! more than the tolerance (`docs/parity.md` lists twenty mistakes and by how much).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod blip;
mod clip;
mod generation;
mod golden;
mod invariance;
mod preprocess;
mod rounding;
mod t5;
mod tables;
