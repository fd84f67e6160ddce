//! Image -> evidence -> prompt -> answer.
//!
//! Frozen vision modules ([`Module`]) turn a picture ([`Look`]) into a record of text with scores ([`Evidence`]); a
//! frozen language model ([`Llm`]) reads that text and answers (Berrios et al. 2023, arXiv 2306.16410).

pub mod assemble;
pub mod bench;
pub mod config;
pub mod evidence;
pub mod home;
pub mod hub;
pub mod image;
pub mod llm;
pub mod local;
pub mod modules;
#[cfg(feature = "nano")]
pub mod nano;
pub mod packed;
pub mod preset;
pub mod prompt;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod vocab;

mod embedder;
#[cfg(test)]
mod fake_http;
mod lazy;
mod lens;
mod look;
mod module;

pub use config::Config;
pub use embedder::{Embedder, Space, cosines, probabilities};
pub use evidence::{Evidence, Fingerprint, Item};
pub use home::Home;
pub use image::Picture;
pub use lens::{Classification, ClassifyBasis, LabelScore, Lens, LensBuilder, Reply};
pub use lens_nn::{Error, ErrorKind, Result};
pub use llm::{Answer, Cancel, Decoding, Llm, LlmInfo, Prompt};
pub use look::Look;
pub use module::Module;
pub use preset::Preset;
pub use store::Store;
