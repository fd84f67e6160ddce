//! Weights and bytes in; ids, text and vectors out.

mod error;

pub mod backend;

pub use backend::Backend;
pub use error::{Error, ErrorKind, Result};
