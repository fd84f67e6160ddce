//! The files of one model -> its configuration and its named tensors.
//!
//! A [`Checkpoint`] is a folder in the Hugging Face layout, or the same files inside the binary. Its [`Tensors`] are
//! memory-mapped safetensors, read through a [`Scope`] whose names read like the Python module tree:
//!
//! ```no_run
//! # use lens_nn::weights::{Checkpoint, Redundant};
//! # fn main() -> lens_nn::Result<()> {
//! let checkpoint = Checkpoint::open("models/clip-vit-base-patch32".as_ref())?;
//! let tensors = checkpoint.tensors()?;
//! let layers = tensors.root().at("text_model.encoder.layers");
//! let weight = layers.at(0).at("self_attn.q_proj").read("weight", &[512, 512])?;
//! tensors.finish(&[Redundant::Ignored("*.position_ids")])?;
//! # Ok(())
//! # }
//! ```
//!
//! Nothing that differs from what the model expects passes: a missing, mis-shaped or unused tensor is an error, and
//! so is every damage of a file. Pickle files can run code when they are opened, so none ever is.

mod bytes;
mod checkpoint;
mod fingerprint;
mod header;
mod locate;
mod memo;
mod redundant;
mod rows;
mod scope;
mod tensors;
mod unique;

pub use bytes::Bytes;
pub use checkpoint::Checkpoint;
pub use redundant::Redundant;
pub use rows::FileRows;
pub use scope::Scope;
pub use tensors::Tensors;
