//! What the tensors of a CLIP checkpoint are called, in the two libraries that publish them.

use crate::{patch_embeddings::PatchNames, transformer::BlockNames};

/// The names of one library.
pub(super) struct Names {
    pub(super) patches: PatchNames,
    pub(super) vision_blocks: &'static str,
    pub(super) vision_pre_norm: &'static str,
    pub(super) vision_post_norm: &'static str,
    pub(super) vision_projection: &'static str,
    pub(super) token_embedding: &'static str,
    pub(super) position_embedding: &'static str,
    pub(super) text_blocks: &'static str,
    pub(super) text_final_norm: &'static str,
    pub(super) text_projection: &'static str,
    /// The projections multiply from the right: stored (width, dimension) instead of (dimension, width).
    pub(super) projections_transposed: bool,
    pub(super) block: BlockNames,
}

/// Hugging Face transformers. `pre_layrnorm` is spelled so in every file.
pub(super) const HUGGING_FACE: Names = Names {
    patches: PatchNames {
        class: "vision_model.embeddings.class_embedding",
        projection: "vision_model.embeddings.patch_embedding.weight",
        projection_bias: None,
        positions: "vision_model.embeddings.position_embedding.weight",
        class_rank: 0,
        position_rank: 0,
    },
    vision_blocks: "vision_model.encoder.layers",
    vision_pre_norm: "vision_model.pre_layrnorm",
    vision_post_norm: "vision_model.post_layernorm",
    vision_projection: "visual_projection.weight",
    token_embedding: "text_model.embeddings.token_embedding.weight",
    position_embedding: "text_model.embeddings.position_embedding.weight",
    text_blocks: "text_model.encoder.layers",
    text_final_norm: "text_model.final_layer_norm",
    text_projection: "text_projection.weight",
    projections_transposed: false,
    block: BlockNames {
        attention_norm: "layer_norm1",
        query_key_value: &[
            ("self_attn.q_proj.weight", Some("self_attn.q_proj.bias")),
            ("self_attn.k_proj.weight", Some("self_attn.k_proj.bias")),
            ("self_attn.v_proj.weight", Some("self_attn.v_proj.bias")),
        ],
        attention_output: "self_attn.out_proj",
        mlp_norm: "layer_norm2",
        mlp_in: "mlp.fc1",
        mlp_out: "mlp.fc2",
    },
};

/// open_clip, which keeps the names of OpenAI's first release.
pub(super) const OPEN_CLIP: Names = Names {
    patches: PatchNames {
        class: "visual.class_embedding",
        projection: "visual.conv1.weight",
        projection_bias: None,
        positions: "visual.positional_embedding",
        class_rank: 0,
        position_rank: 0,
    },
    vision_blocks: "visual.transformer.resblocks",
    vision_pre_norm: "visual.ln_pre",
    vision_post_norm: "visual.ln_post",
    vision_projection: "visual.proj",
    token_embedding: "token_embedding.weight",
    position_embedding: "positional_embedding",
    text_blocks: "transformer.resblocks",
    text_final_norm: "ln_final",
    text_projection: "text_projection",
    projections_transposed: true,
    block: BlockNames {
        attention_norm: "ln_1",
        query_key_value: &[("attn.in_proj_weight", Some("attn.in_proj_bias"))],
        attention_output: "attn.out_proj",
        mlp_norm: "ln_2",
        mlp_in: "mlp.c_fc",
        mlp_out: "mlp.c_proj",
    },
};
