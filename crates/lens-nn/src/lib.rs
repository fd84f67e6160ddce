//! Weights and bytes in; ids, text and vectors out.

mod error;

pub mod backend;
pub mod weights;

pub use backend::Backend;
pub use error::{Error, ErrorKind, Result};
