//! A place in the tree of names.

use super::{FileRows, Tensors};
use crate::Result;
use std::fmt::Display;

/// A place in the tree of tensor names; building a model reads like its Python definition.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    tensors: &'a Tensors,
    prefix: String,
}

impl<'a> Scope<'a> {
    pub(super) fn root(tensors: &'a Tensors) -> Self {
        Self { tensors, prefix: String::new() }
    }

    /// A place below this one: `"encoder"`, a layer number, or several parts at once, `"self_attn.q_proj"`. The empty
    /// part is this place.
    #[must_use]
    pub fn at(&self, part: impl Display) -> Self {
        Self { tensors: self.tensors, prefix: self.path(&part.to_string()) }
    }

    /// The full name of a tensor below this place.
    #[must_use]
    pub fn path(&self, leaf: &str) -> String {
        match (self.prefix.as_str(), leaf) {
            ("", _) => leaf.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, _) => format!("{prefix}.{leaf}"),
        }
    }

    /// Whether there is such a tensor.
    #[must_use]
    pub fn has(&self, leaf: &str) -> bool {
        self.tensors.contains(&self.path(leaf))
    }

    /// The shape of a tensor as the file states it.
    #[must_use]
    pub fn shape(&self, leaf: &str) -> Option<&'a [usize]> {
        self.tensors.shape(&self.path(leaf))
    }

    /// The values of a tensor, stored as f32, f16 or bf16, row-major. The tensor counts as read.
    ///
    /// # Errors
    /// `Weights`, naming the file, the tensor and both shapes, when it is missing, mis-shaped or not of such a type.
    pub fn read(&self, leaf: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.tensors.read(&self.path(leaf), shape)
    }

    /// A matrix (rows, columns) of which a few rows will be looked up: it stays in the file. The tensor counts as read.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn rows(&self, leaf: &str, shape: [usize; 2]) -> Result<FileRows> {
        self.tensors.rows(&self.path(leaf), shape)
    }

    /// Counts a tensor as read without reading it: a kept layout of it is used instead.
    pub fn mark(&self, leaf: &str) {
        self.tensors.mark(&self.path(leaf));
    }
}
