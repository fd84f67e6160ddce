//! The picture tower: a ViT without pre-norm, its last norm over all tokens.

use super::config::BlipConfig;
use crate::{
    Backend, Result,
    layers::{Loader, Norm},
    patch_embeddings::{PatchEmbeddings, PatchNames},
    transformer::{BlockNames, Tower, self_spans},
};

const PATCHES: PatchNames = PatchNames {
    class: "embeddings.class_embedding",
    projection: "embeddings.patch_embedding.weight",
    projection_bias: Some("embeddings.patch_embedding.bias"),
    positions: "embeddings.position_embedding",
    class_rank: 2,
    position_rank: 1,
};

const BLOCK: BlockNames = BlockNames {
    attention_norm: "layer_norm1",
    query_key_value: &[("self_attn.qkv.weight", Some("self_attn.qkv.bias"))],
    attention_output: "self_attn.projection",
    mlp_norm: "layer_norm2",
    mlp_in: "mlp.fc1",
    mlp_out: "mlp.fc2",
};

pub(super) struct VisionTower<B: Backend> {
    embeddings: PatchEmbeddings<B>,
    tower: Tower<B>,
    post_norm: Norm<B>,
}

impl<B: Backend> VisionTower<B> {
    pub(super) fn load(root: &Loader<'_, B>, config: &BlipConfig) -> Result<Self> {
        let (at, sizes) = (root.at("vision_model"), &config.vision);
        Ok(Self {
            embeddings: PatchEmbeddings::load(&at, &PATCHES, config.grid, sizes.width)?,
            tower: Tower::load(&at.at("encoder.layers"), &BLOCK, sizes, false)?,
            post_norm: at.layer_norm("post_layernorm", sizes.width, sizes.eps)?,
        })
    }

    /// The norm that gives the states.
    pub(super) fn post_norm(&self) -> &Norm<B> {
        &self.post_norm
    }

    /// (n, 3, size, size) -> (n x tokens, width)
    pub(super) fn states(&self, backend: &B, pixels: &[f32]) -> Result<Vec<f32>> {
        let mut states = Vec::new();
        for pixels in self.embeddings.passes(backend, pixels) {
            states.extend(backend.download(&self.forward(backend, pixels)?));
        }
        Ok(states)
    }

    fn forward(&self, backend: &B, pixels: &[f32]) -> Result<B::Tensor> {
        let x = self.embeddings.forward(backend, pixels)?;
        let tokens = self.embeddings.grid().tokens();
        let pictures = backend.shape(&x).0 / tokens;
        let spans = self_spans(std::iter::repeat_n(tokens, pictures));
        Ok(self.post_norm.apply(backend, &self.tower.forward(backend, x, &spans)))
    }
}
