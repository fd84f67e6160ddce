"""Wrong variants of the models: each takes a golden folder and returns what it computes instead.

A mutant is the mistake a reimplementation makes, made in the reference: a forgotten bias, another epsilon, a mask left out.
"""

from collections.abc import Callable
from pathlib import Path
from unittest import mock

import open_clip
import torch
from torch import nn
from transformers.activations import ACT2FN
from transformers.models.blip import modeling_blip_text
from transformers.models.clip import modeling_clip
from transformers.models.t5 import modeling_t5

from . import blip, clip, t5

Mutant = tuple[str, str, Callable]
"""What is wrong, the golden folder, and the change to the loaded model; it may return outputs computed its own way."""


def each(model: nn.Module, kind: type, **attributes) -> None:
    for module in model.modules():
        if isinstance(module, kind):
            for name, value in attributes.items():
                setattr(module, name, value)


def zero(parameter: nn.Parameter) -> None:
    parameter.data.zero_()


def put(parameter: nn.Parameter, value: torch.Tensor) -> None:
    parameter.data = value.data.clone()


def clip_outputs(model, tiny: clip.TinyClip) -> dict:
    return clip.open_clip_features(model, tiny) if tiny.open_clip else clip.features(model, tiny)


def activation(name: str):
    return lambda m, _: each(m, modeling_clip.CLIPMLP, activation_fn=ACT2FN[name])


def open_clip_quick_gelu(model, _):
    for block in (*model.visual.transformer.resblocks, *model.transformer.resblocks):
        block.mlp.gelu = open_clip.transformer.QuickGELU()


def bidirectional_text(model, tiny):
    with mock.patch.object(modeling_clip, "create_causal_mask", lambda **_: None):
        return clip_outputs(model, tiny)


def pooled_at_the_last_position(model, tiny):
    states = model.text_model(tiny.ids()[0]).last_hidden_state
    return {"text_features": model.text_projection(states[:, -1])}


def four_text_heads(model, tiny):
    size = tiny.text_width // 4
    each(model.text_model, modeling_clip.CLIPAttention, num_heads=4, head_dim=size, scale=size**-0.5)


def norm_after_the_residual(model, tiny):
    def forward(layer, hidden_states, attention_mask, **_):
        attended, _ = layer.self_attn(hidden_states=hidden_states, attention_mask=attention_mask)
        hidden_states = layer.layer_norm1(hidden_states + attended)
        return layer.layer_norm2(hidden_states + layer.mlp(hidden_states))

    with mock.patch.object(modeling_clip.CLIPEncoderLayer, "forward", forward):
        return clip_outputs(model, tiny)


def changed_pixels(change: Callable):
    return lambda m, tiny: {"image_features": m.get_image_features(change(tiny.pixels())).pooler_output}


def positions_off_by_one(model, _):
    table = model.text_model.embeddings.position_embedding.weight
    put(table, table.roll(-1, 0))


CLIP: list[Mutant] = [
    ("tanh GELU for the exact one", "clip-gelu", activation("gelu_new")),
    ("exact GELU for the tanh one", "clip-gelu-tanh", activation("gelu")),
    ("exact GELU for QuickGELU", "clip-quick-gelu", activation("gelu")),
    ("QuickGELU for GELU, open_clip", "open-clip-gelu", open_clip_quick_gelu),
    ("layer norm epsilon 1e-6 for 1e-5", "clip-quick-gelu", lambda m, _: each(m, nn.LayerNorm, eps=1e-6)),
    ("one query bias dropped", "clip-gelu", lambda m, _: [zero(t.encoder.layers[1].self_attn.q_proj.bias)
                                                           for t in (m.text_model, m.vision_model)]),
    ("no causal mask", "clip-gelu-tanh", bidirectional_text),
    ("text pooled at the last position", "clip-quick-gelu", pooled_at_the_last_position),
    ("text pooled at the largest id, not at the end id", "clip-gelu",
     lambda m, _: setattr(m.text_model, "eos_token_id", 2)),
    ("the norm before the encoder left out", "clip-gelu",
     lambda m, _: setattr(m.vision_model, "pre_layrnorm", nn.Identity())),
    ("the norm after the encoder left out", "clip-gelu-tanh",
     lambda m, _: setattr(m.vision_model, "post_layernorm", nn.Identity())),
    ("norm after the residual, not before the branch", "clip-quick-gelu", norm_after_the_residual),
    ("text projection transposed", "open-clip-gelu", lambda m, _: put(m.text_projection, m.text_projection.T)),
    ("four text heads for three", "clip-quick-gelu", four_text_heads),
    ("no 1/sqrt(head size)", "clip-gelu", lambda m, _: each(m, modeling_clip.CLIPAttention, scale=1.0)),
    ("patches by columns", "clip-gelu", changed_pixels(lambda p: p.transpose(2, 3))),
    ("blue, green, red", "clip-gelu", changed_pixels(lambda p: p.flip(1))),
    ("text positions off by one", "clip-gelu", positions_off_by_one),
]


def blip_norm_before_the_sum(model, _):
    def forward(layer, hidden_states, input_tensor):
        return layer.LayerNorm(layer.dense(hidden_states)) + input_tensor

    with mock.patch.object(modeling_blip_text.BlipTextSelfOutput, "forward", forward):
        return blip.outputs(model)


@torch.no_grad()
def last_norm_on_the_class_token_only(model, _):
    vision, pixels = model.vision_model, blip.pictures(len(blip.CAPTIONS))
    states = vision.encoder(inputs_embeds=vision.embeddings(pixels)).last_hidden_state
    states[:, 0] = vision.post_layernorm(states[:, 0])
    ids, _ = blip.forced(blip.CAPTIONS)
    return {"logits": model.text_decoder(ids, encoder_hidden_states=states).logits}


def other_start(change: Callable):
    """Logits of what follows the prompt, when the prompt is another."""

    def mutant(model, _):
        states = model.vision_model(blip.pictures(len(blip.CAPTIONS))).last_hidden_state

        def following(ids):
            return model.text_decoder(torch.tensor([ids] * len(states)), encoder_hidden_states=states).logits[:, -1]

        tokenized = blip.TOKENIZER.encode(blip.PROMPT).ids
        return following(blip.prompt_ids()), following(change(tokenized))

    return mutant


def blip_eps(part: str, eps: float):
    return lambda m, _: each(getattr(m, part), nn.LayerNorm, eps=eps)


def blip_tanh(model, _):
    for module in model.modules():
        for name in ("activation_fn", "intermediate_act_fn", "transform_act_fn"):
            if hasattr(module, name):
                setattr(module, name, ACT2FN["gelu_new"])


BLIP: list[Mutant] = [
    ("tanh GELU for the exact one", "blip", blip_tanh),
    ("vision epsilon 1e-6 for 1e-5", "blip", blip_eps("vision_model", 1e-6)),
    ("decoder epsilon 1e-5 for 1e-12", "blip", blip_eps("text_decoder", 1e-5)),
    ("the head's bias dropped", "blip", lambda m, _: zero(m.text_decoder.cls.predictions.decoder.bias)),
    ("decoder norm before the sum", "blip", blip_norm_before_the_sum),
    ("last vision norm on the class token only", "blip", last_norm_on_the_class_token_only),
    ("the prompt keeps its [SEP]", "blip", other_start(lambda ids: [blip.DEC, *ids[1:]])),
    ("the prompt keeps its [CLS]", "blip", other_start(lambda ids: ids[:-1])),
]


def bias_in_the_first_layer_only(model, tiny):
    original = modeling_t5.T5Block.forward

    def forward(block, hidden_states, attention_mask=None, position_bias=None, *rest, **options):
        return original(block, hidden_states, attention_mask, None, *rest, **options)

    with mock.patch.object(modeling_t5.T5Block, "forward", forward):
        return t5.outputs(model, tiny)


def no_padding_mask(model, tiny):
    batch = t5.sources(t5.SOURCES)
    out = model(input_ids=batch["input_ids"], attention_mask=torch.ones_like(batch["attention_mask"]),
                decoder_input_ids=t5.forced(tiny)[0])
    return {"encoder_states": out.encoder_last_hidden_state * batch["attention_mask"][:, :, None], "logits": out.logits}


def subtracted_mean(model, tiny):
    def forward(norm, x):
        return nn.functional.layer_norm(x, x.shape[-1:], norm.weight, None, norm.variance_epsilon)

    with mock.patch.object(modeling_t5.T5LayerNorm, "forward", forward):
        return t5.outputs(model, tiny)


def decoder_attention(model) -> nn.Module:
    return model.decoder.block[0].layer[0].SelfAttention


T5: list[Mutant] = [
    ("bidirectional buckets in the decoder", "t5-v1.0", lambda m, _: setattr(decoder_attention(m), "is_decoder", False)),
    ("farthest distance 128 for 40", "t5-v1.0",
     lambda m, _: each(m, modeling_t5.T5Attention, relative_attention_max_distance=128)),
    ("relative bias in the first layer only", "t5-v1.1", bias_in_the_first_layer_only),
    ("output not scaled", "t5-v1.0", lambda m, _: setattr(m.config, "scale_decoder_outputs", False)),
    ("output scaled though the file says not", "t5-v1.1", lambda m, _: setattr(m.config, "scale_decoder_outputs", True)),
    ("the word table as head", "t5-v1.1", lambda m, _: put(m.lm_head.weight, m.shared.weight)),
    ("1/sqrt(d_kv) in attention", "t5-v1.1", lambda m, t: each(m, modeling_t5.T5Attention, scaling=t.d_kv**-0.5)),
    ("no padding mask", "t5-v1.0", no_padding_mask),
    ("exact GELU for the tanh one", "t5-v1.1", lambda m, _: t5.set_activation(m, "gelu")),
    ("epsilon 1e-5 for 1e-6", "t5-v1.0", lambda m, _: each(m, modeling_t5.T5LayerNorm, variance_epsilon=1e-5)),
    ("the mean subtracted in the norm", "t5-copies", subtracted_mean),
]


def run(mutant: Mutant, root: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Pairs of what the golden model and its mutant compute, per output."""
    _, name, change = mutant
    tiny = next((tiny for tiny in (*clip.TINY, *t5.TINY) if tiny.name == name), None)
    folder = root / name
    with torch.no_grad():
        if isinstance(tiny, clip.TinyClip):
            load = clip.load_open_clip if tiny.open_clip else clip.load
            expected, model = clip_outputs(load(folder), tiny), load(folder)
        elif isinstance(tiny, t5.TinyT5):
            expected, model = t5.outputs(t5.load(folder, tiny), tiny), t5.load(folder, tiny)
        else:
            expected, model = blip.outputs(blip.load(folder)), blip.load(folder)
        found = change(model, tiny)
        if isinstance(found, tuple):
            return [found]
        if not isinstance(found, dict):
            found = outputs(model, tiny)
    return [(expected[output], found[output]) for output in found]


def outputs(model, tiny) -> dict:
    if isinstance(tiny, clip.TinyClip):
        return clip_outputs(model, tiny)
    return t5.outputs(model, tiny) if isinstance(tiny, t5.TinyT5) else blip.outputs(model)
