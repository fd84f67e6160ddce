//! Weights and bytes in; ids, text and vectors out: CLIP, BLIP and T5 from the published files.
//!
//! - [`weights`]: a folder, or files inside the binary, become named tensors.
//! - [`preprocess`]: pictures become normalised pixels, bit for bit as the reference's.
//! - [`tokenizer`]: text becomes ids and back.
//! - [`clip`], [`blip`], [`t5`]: the models, written once over [`Backend`].
//! - [`generate`]: greedy, beams, samples and likelihoods over any decoder.
//! - [`panics`]: those of other people's code become results.
//! - [`backend`]: the door to arithmetic; [`backend::cpu`] is the CPU.

mod config;
mod decoder_state;
mod error;
mod layers;
mod patch_embeddings;
mod transformer;

pub mod backend;
pub mod blip;
pub mod clip;
pub mod generate;
pub mod panics;
pub mod preprocess;
pub mod t5;
pub mod tokenizer;
pub mod weights;

pub use backend::Backend;
pub use error::{Error, ErrorKind, Result};
