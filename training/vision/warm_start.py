"""Models from earlier ones: another picture size, and BLIP's vision from CLIP's.

BLIP has no norm before its layers and a bias on its patches: CLIP's norm is folded in.
"""

import math

import torch
import torch.nn.functional as F


@torch.no_grad()
def resize_clip(clip, side: int) -> None:
    """Interpolates the position embeddings for pictures of `side` pixels."""
    embeddings = clip.vision_model.embeddings
    grown = _interpolated(embeddings.position_embedding.weight, side // embeddings.patch_size)
    embeddings.position_embedding = torch.nn.Embedding.from_pretrained(grown, freeze=False)
    embeddings.position_ids = torch.arange(len(grown))[None]
    embeddings.image_size = clip.config.vision_config.image_size = side


@torch.no_grad()
def resize_blip(blip, side: int) -> None:
    """As `resize_clip`."""
    embeddings = blip.vision_model.embeddings
    grown = _interpolated(embeddings.position_embedding[0], side // embeddings.patch_size)
    embeddings.position_embedding = torch.nn.Parameter(grown[None])
    embeddings.num_positions, embeddings.num_patches = len(grown), len(grown) - 1
    embeddings.image_size = blip.config.vision_config.image_size = side


def _interpolated(positions: torch.Tensor, patches: int) -> torch.Tensor:
    """(1 + n * n, width) -> (1 + patches * patches, width); the first, of the class token, stays."""
    square = positions[1:].T.unflatten(1, (math.isqrt(len(positions) - 1),) * 2)[None]
    grown = F.interpolate(square, size=(patches, patches), mode="bicubic", align_corners=False)[0].flatten(1).T
    return torch.cat([positions[:1], grown])


@torch.no_grad()
def fold(clip_vision, blip_vision, inputs: torch.Tensor) -> None:
    """Exact for the class token; for the patches the norm's deviation is replaced by its mean over `inputs`."""
    clip_embed, blip_embed = clip_vision.embeddings, blip_vision.embeddings
    deviation = clip_embed(inputs).std(-1, unbiased=False)
    of_patches, of_class = deviation[:, 1:].mean(), deviation[:, 0].mean()
    gain, bias = clip_vision.pre_layrnorm.weight, clip_vision.pre_layrnorm.bias
    width = len(gain)
    centred = gain[:, None] * (torch.eye(width, device=gain.device) - 1 / width)
    patches = clip_embed.patch_embedding.weight
    positions = clip_embed.position_embedding.weight
    moved = positions @ centred.T / of_patches + bias
    start = (clip_embed.class_embedding + positions[0]) @ centred.T / of_class + bias
    blip_embed.patch_embedding.weight.copy_((centred @ patches.flatten(1) / of_patches).view_as(patches))
    blip_embed.patch_embedding.bias.zero_()
    blip_embed.position_embedding.copy_(moved[None])
    blip_embed.class_embedding.copy_((start - moved[0])[None, None])
    for old, new in zip(clip_vision.encoder.layers, blip_vision.encoder.layers):
        _layer(old, new)
    blip_vision.post_layernorm.load_state_dict(clip_vision.post_layernorm.state_dict())


def _layer(old, new) -> None:
    new.layer_norm1.load_state_dict(old.layer_norm1.state_dict())
    new.layer_norm2.load_state_dict(old.layer_norm2.state_dict())
    new.mlp.load_state_dict(old.mlp.state_dict())
    new.self_attn.projection.load_state_dict(old.self_attn.out_proj.state_dict())
    parts = (old.self_attn.q_proj, old.self_attn.k_proj, old.self_attn.v_proj)
    new.self_attn.qkv.weight.copy_(torch.cat([part.weight for part in parts]))
    new.self_attn.qkv.bias.copy_(torch.cat([part.bias for part in parts]))
