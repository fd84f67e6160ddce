//! From a place in a checkpoint to the layers of a model.

use crate::{
    Backend, Result,
    backend::HostLinear,
    weights::{FileRows, Scope},
};
use std::fmt::Display;

/// A place in a checkpoint's tree of names, and the machine that its layers are made for.
pub(crate) struct Loader<'a, B: Backend> {
    pub(crate) backend: &'a B,
    pub(crate) scope: Scope<'a>,
    /// Whose result the layers read, where it is known.
    norm: Option<&'a Norm<B>>,
    /// See [`HostLinear::rounding_grows`].
    rounding_grows: bool,
}

/// Weights of one linear layer or of several that read the same input, by their names below a [`Loader`].
pub(crate) struct LinearNames<'n> {
    /// What the weight and bias are called, one pair per layer fused.
    pub(crate) parts: &'n [(&'n str, Option<&'n str>)],
    /// Features in, and features out of each part.
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

/// A layer norm, or a root-mean-square norm where there is no bias.
pub(crate) struct Norm<B: Backend> {
    weight: B::Tensor,
    bias: Option<B::Tensor>,
    eps: f32,
}

impl<B: Backend> Norm<B> {
    pub(crate) fn apply(&self, backend: &B, x: &B::Tensor) -> B::Tensor {
        backend.norm(x, &self.weight, self.bias.as_ref(), self.eps)
    }

    /// Root mean square of each column of what [`Self::apply`] gives: rows before gain and bias have mean 0 and square 1.
    fn magnitudes(&self, backend: &B) -> Vec<f32> {
        let gains = backend.download(&self.weight);
        match &self.bias {
            Some(bias) => {
                gains.iter().zip(backend.download(bias)).map(|(gain, bias)| gain.hypot(bias)).collect()
            }
            None => gains,
        }
    }
}

/// Embeddings of words, left in the file: of tens of thousands a text needs a few.
pub(crate) struct WordTable {
    rows: FileRows,
    width: usize,
}

impl WordTable {
    /// (ids, width)
    pub(crate) fn embed<B: Backend>(&self, backend: &B, ids: &[u32]) -> Result<B::Tensor> {
        backend.upload(self.rows.gather(ids)?, self.width)
    }
}

impl<'a, B: Backend> Loader<'a, B> {
    pub(crate) fn new(backend: &'a B, scope: Scope<'a>) -> Self {
        Self { backend, scope, norm: None, rounding_grows: false }
    }

    /// The place `part` below this one; a dotted path goes several steps.
    pub(crate) fn at(&self, part: impl Display) -> Self {
        Self { scope: self.scope.at(part), ..*self }
    }

    /// The same place, for layers that read the result of `norm`.
    pub(crate) fn after<'n>(&self, norm: &'n Norm<B>) -> Loader<'n, B>
    where
        'a: 'n,
    {
        Loader { scope: self.scope.clone(), norm: Some(norm), ..*self }
    }

    /// The same place, for layers whose rounding what follows makes worse.
    pub(crate) fn where_rounding_grows(&self) -> Self {
        Self { scope: self.scope.clone(), rounding_grows: true, ..*self }
    }

    /// `count` layers of a stack, several loaded at once.
    pub(crate) fn layers<L: Send>(
        &self,
        count: usize,
        load: impl Fn(usize) -> Result<L> + Send + Sync,
    ) -> Result<Vec<L>> {
        self.backend.map(count, load).into_iter().collect()
    }

    /// `name.weight` (outputs, inputs) and `name.bias`.
    pub(crate) fn linear(&self, name: &str, inputs: usize, outputs: usize) -> Result<B::Linear> {
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        self.fused(name, &LinearNames { parts: &[(&weight, Some(&bias))], inputs, outputs })
    }

    /// `name.weight` (outputs, inputs) alone.
    pub(crate) fn linear_without_bias(&self, name: &str, inputs: usize, outputs: usize) -> Result<B::Linear> {
        let weight = format!("{name}.weight");
        self.fused(name, &LinearNames { parts: &[(&weight, None)], inputs, outputs })
    }

    /// Several linear layers side by side as one, in the order given.
    pub(crate) fn fused(&self, label: &str, names: &LinearNames<'_>) -> Result<B::Linear> {
        self.layer(label, names, false)
    }

    /// Two linear layers, the first gating the second.
    pub(crate) fn gated(&self, label: &str, names: &LinearNames<'_>) -> Result<B::Linear> {
        self.layer(label, names, true)
    }

    fn layer(&self, label: &str, names: &LinearNames<'_>, gated: bool) -> Result<B::Linear> {
        for (weight, bias) in names.parts {
            self.scope.mark(weight);
            if let Some(bias) = bias {
                self.scope.mark(bias);
            }
        }
        self.backend.linear_layer(&self.scope.path(label), &mut || {
            let mut weight = Vec::new();
            let mut bias = Vec::new();
            for (weight_name, bias_name) in names.parts {
                let part = self.scope.read(weight_name, &[names.outputs, names.inputs])?;
                if weight.is_empty() {
                    // Most layers have one part, which then is not copied.
                    weight = part;
                    weight.reserve_exact((names.parts.len() - 1) * names.outputs * names.inputs);
                } else {
                    weight.extend(part);
                }
                if let Some(bias_name) = bias_name {
                    bias.extend(self.scope.read(bias_name, &[names.outputs])?);
                }
            }
            let bias = (!bias.is_empty()).then_some(bias);
            Ok(HostLinear {
                weight,
                bias,
                outputs: names.outputs * names.parts.len(),
                inputs: names.inputs,
                gated,
                magnitudes: self.magnitudes(),
                rounding_grows: self.rounding_grows,
            })
        })
    }

    /// A linear layer whose weights `load` computes from the checkpoint: transposed, scaled, reshaped.
    pub(crate) fn derived(
        &self,
        label: &str,
        mut load: impl FnMut(&Scope<'a>) -> Result<HostLinear>,
    ) -> Result<B::Linear> {
        self.backend.linear_layer(&self.scope.path(label), &mut || {
            let (magnitudes, rounding_grows) = (self.magnitudes(), self.rounding_grows);
            Ok(HostLinear { magnitudes, rounding_grows, ..load(&self.scope)? })
        })
    }

    fn magnitudes(&self) -> Option<Vec<f32>> {
        self.norm.map(|norm| norm.magnitudes(self.backend))
    }

    /// `name.weight` and `name.bias` of a layer norm over `width` features.
    pub(crate) fn layer_norm(&self, name: &str, width: usize, eps: f32) -> Result<Norm<B>> {
        let weight = self.table(&format!("{name}.weight"), &[width])?;
        let bias = Some(self.table(&format!("{name}.bias"), &[width])?);
        Ok(Norm { weight, bias, eps })
    }

    /// `name.weight` of a root-mean-square norm over `width` features.
    pub(crate) fn rms_norm(&self, name: &str, width: usize, eps: f32) -> Result<Norm<B>> {
        Ok(Norm { weight: self.table(&format!("{name}.weight"), &[width])?, bias: None, eps })
    }

    /// `name` (words, width), of which only the rows that are looked up are ever in memory.
    pub(crate) fn word_table(&self, name: &str, words: usize, width: usize) -> Result<WordTable> {
        Ok(WordTable { rows: self.scope.rows(name, [words, width])?, width })
    }

    /// A tensor as rows of its last dimension.
    pub(crate) fn table(&self, name: &str, shape: &[usize]) -> Result<B::Tensor> {
        let columns = shape.last().copied().unwrap_or(1);
        self.backend.upload(self.scope.read(name, shape)?, columns)
    }
}
