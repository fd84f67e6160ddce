//! The picture tower: patches, pre-norm, blocks; the class token alone is normed and projected.

use super::config::ClipConfig;
use crate::{
    Backend, Result,
    backend::{Epilogue, HostLinear},
    layers::{Loader, Norm},
    patch_embeddings::PatchEmbeddings,
    transformer::{Tower, self_spans},
    weights::Scope,
};

pub(super) struct VisionTower<B: Backend> {
    embeddings: PatchEmbeddings<B>,
    pre_norm: Norm<B>,
    tower: Tower<B>,
    post_norm: Norm<B>,
    projection: B::Linear,
}

impl<B: Backend> VisionTower<B> {
    pub(super) fn load(root: &Loader<'_, B>, config: &ClipConfig) -> Result<Self> {
        let (names, sizes) = (config.names, &config.vision);
        let post_norm = root.layer_norm(names.vision_post_norm, sizes.width, sizes.eps)?;
        Ok(Self {
            embeddings: PatchEmbeddings::load(root, &names.patches, config.grid, sizes.width)?,
            pre_norm: root.layer_norm(names.vision_pre_norm, sizes.width, sizes.eps)?,
            tower: Tower::load(&root.at(names.vision_blocks), &names.block, sizes, false)?,
            projection: projection(&root.after(&post_norm), names.vision_projection, sizes.width, config)?,
            post_norm,
        })
    }

    /// (n, 3, size, size) -> (n, dimension)
    pub(super) fn features(&self, backend: &B, pixels: &[f32]) -> Result<Vec<f32>> {
        let mut features = Vec::new();
        for pixels in self.embeddings.passes(backend, pixels) {
            features.extend(backend.download(&self.forward(backend, pixels)?));
        }
        Ok(features)
    }

    fn forward(&self, backend: &B, pixels: &[f32]) -> Result<B::Tensor> {
        let embedded = self.embeddings.forward(backend, pixels)?;
        let x = self.pre_norm.apply(backend, &embedded);
        let tokens = self.embeddings.grid().tokens();
        let images = backend.shape(&x).0 / tokens;
        let spans = self_spans(std::iter::repeat_n(tokens, images));
        let class_rows: Vec<u32> = (0..images).map(|image| (image * tokens) as u32).collect();
        let class = self.tower.forward_pooled(backend, x, &spans, &class_rows);
        let class = self.post_norm.apply(backend, &class);
        Ok(backend.linear(&class, &self.projection, &Epilogue::PLAIN))
    }
}

/// The bias-free map from a tower's width into the shared space, stored either way round.
pub(super) fn projection<B: Backend>(
    root: &Loader<'_, B>,
    name: &str,
    width: usize,
    config: &ClipConfig,
) -> Result<B::Linear> {
    let dimension = config.dimension;
    let transposed = config.names.projections_transposed;
    root.scope.mark(name);
    root.derived(name, |scope: &Scope<'_>| {
        let weight = if transposed {
            transpose(&scope.read(name, &[width, dimension])?, dimension)
        } else {
            scope.read(name, &[dimension, width])?
        };
        Ok(HostLinear {
            weight,
            bias: None,
            outputs: dimension,
            inputs: width,
            gated: false,
            magnitudes: None,
            rounding_grows: false,
        })
    })
}

fn transpose(matrix: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| matrix.iter().skip(column).step_by(columns).copied()).collect()
}
