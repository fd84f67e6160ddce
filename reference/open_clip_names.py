"""The same CLIP weights under open_clip's names: fused q, k, v, and projections stored transposed."""

import re

import torch

RENAMES = [
    (r"^vision_model\.embeddings\.patch_embedding\.weight", "visual.conv1.weight"),
    (r"^vision_model\.embeddings\.class_embedding", "visual.class_embedding"),
    (r"^vision_model\.embeddings\.position_embedding\.weight", "visual.positional_embedding"),
    (r"^vision_model\.pre_layrnorm", "visual.ln_pre"),
    (r"^vision_model\.post_layernorm", "visual.ln_post"),
    (r"^vision_model\.encoder\.layers", "visual.transformer.resblocks"),
    (r"^text_model\.embeddings\.token_embedding\.weight", "token_embedding.weight"),
    (r"^text_model\.embeddings\.position_embedding\.weight", "positional_embedding"),
    (r"^text_model\.final_layer_norm", "ln_final"),
    (r"^text_model\.encoder\.layers", "transformer.resblocks"),
    (r"layer_norm1", "ln_1"),
    (r"layer_norm2", "ln_2"),
    (r"mlp\.fc1", "mlp.c_fc"),
    (r"mlp\.fc2", "mlp.c_proj"),
    (r"self_attn\.out_proj", "attn.out_proj"),
]


def open_clip_names(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Takes the state of a Hugging Face `CLIPModel`."""
    renamed = {}
    for name, tensor in weights.items():
        if name.endswith("position_ids"):
            continue
        if match := re.match(r"(.*)self_attn\.q_proj\.(weight|bias)", name):
            parts = [weights[name.replace("q_proj", f"{part}_proj")] for part in "qkv"]
            renamed[_rename(f"{match[1]}attn.in_proj_{match[2]}")] = torch.cat(parts)
        elif not re.search(r"self_attn\.[kv]_proj", name):
            renamed[_rename(name)] = tensor
    renamed["visual.proj"] = renamed.pop("visual_projection.weight").T
    renamed["text_projection"] = renamed.pop("text_projection.weight").T
    return renamed


def _rename(name: str) -> str:
    for pattern, replacement in RENAMES:
        name = re.sub(pattern, replacement, name)
    return name
