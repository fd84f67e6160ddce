//! Rows of a matrix that stays in its file.

use super::{Bytes, header::Dtype, tensors::to_f32};
use crate::{Error, ErrorKind, Result};
use std::{ops::Range, sync::Arc};

/// A matrix in a weight file, whose rows become f32 when they are looked up: only the pages that hold them are read.
#[derive(Debug)]
pub struct FileRows {
    pub(super) file: Arc<Bytes>,
    /// Where the matrix lies in the file.
    pub(super) place: Range<usize>,
    pub(super) dtype: Dtype,
    /// (rows, columns)
    pub(super) shape: [usize; 2],
}

impl FileRows {
    /// Rows by index -> (rows.len(), columns), the values that [`Scope::read`](super::Scope::read) gives for them.
    ///
    /// # Errors
    /// `Internal` for an index that is beyond the matrix.
    pub fn gather(&self, rows: &[u32]) -> Result<Vec<f32>> {
        let [count, _] = self.shape;
        let bytes = self.file.get(self.place.clone()).unwrap_or_default();
        let row_bytes = bytes.len() / count.max(1);
        let error =
            || Error::new(ErrorKind::Internal, "a look-up of words").expected(format!("rows below {count}"));
        let mut chosen = Vec::with_capacity(rows.len() * row_bytes);
        for &row in rows {
            let start = row as usize * row_bytes;
            chosen.extend_from_slice(bytes.get(start..start + row_bytes).ok_or_else(error)?);
        }
        to_f32(self.dtype, &chosen).ok_or_else(error)
    }
}
