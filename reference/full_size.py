"""Full-size random checkpoints: the reference against LENS, in f32.

`python -m reference.full_size [NAME ...]` writes each checkpoint to a temporary folder, computes the same inputs with the
published implementation and with `target/release/examples/run`, and prints a row of the table in docs/parity.md.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import open_clip
import torch
import transformers
from safetensors.torch import load_file
from torch import nn
from transformers import BlipConfig, BlipForConditionalGeneration, CLIPConfig, CLIPModel, T5Config
from transformers import T5ForConditionalGeneration

from . import blip, clip, t5
from .draw import TOLERANCE, Spread, draw, median_attention
from .files import write_json, write_tensors
from .open_clip_names import open_clip_names

RUN = Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release/examples/run"
NEW_TOKENS = 40
BRANCH_END = r"(out_proj|fc2|projection|output\.dense|\.o|\.wo)\.weight"


def calmed(recipe: list[tuple[str, Spread]], layers: int) -> list[tuple[str, Spread]]:
    """The recipe for many layers: embeddings outweigh what a branch adds, or rounding would grow from layer to layer."""
    return [
        (r"shared|embed_tokens|class_embedding|vision\S*position_embedding", Spread(0.0, 0.7)),
        ("patch_embedding.weight", Spread(0.0, 0.7, fan_in=True)),
        (BRANCH_END, Spread(0.0, layers**-0.5, fan_in=True)),
        *recipe,
    ]


def pixels(count: int, side: int) -> torch.Tensor:
    return 1.5 * torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1))


def token_rows(lengths: list[int], vocabulary: int, end: int) -> list[list[int]]:
    generator = torch.Generator().manual_seed(2)
    return [[*torch.randint(10, vocabulary - 10, (n - 1,), generator=generator).tolist(), end] for n in lengths]


def inputs(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    write_tensors(folder / "model.safetensors", {name: t.float() for name, t in tensors.items()})


def padded(rows: list[list[int]], length: int) -> torch.Tensor:
    return torch.tensor([row + [0] * (length - len(row)) for row in rows])


def clip_config(tiny: clip.TinyClip) -> dict:
    config = tiny.config()
    config["text_config"] |= {"vocab_size": 49408, "max_position_embeddings": 77, "eos_token_id": 2}
    return config


def drawn_clip(tiny: clip.TinyClip) -> CLIPModel:
    model = CLIPModel._from_config(CLIPConfig(**clip_config(tiny)), attn_implementation="eager").eval()
    draw(model, calmed(clip.RECIPE, tiny.layers), 1)
    return model


def clip_large(folder: Path, given: Path) -> tuple[dict, float]:
    tiny = clip.TinyClip("clip-vit-large-patch14", 1, "quick_gelu", "quick_gelu", vision_heads=16, head_size=64,
                         image_size=224, patch_size=14, layers=24, text_width=768, text_heads=12, text_layers=12, embed=768)
    model, (images, ids, lengths) = drawn_clip(tiny), clip_inputs()
    write_json(folder / "config.json", clip_config(tiny))
    write_tensors(folder / "model.safetensors", model.state_dict())
    inputs(given, {"pixels": images, "ids": ids, "lengths": lengths})
    attention = median_attention(model.vision_model(images, output_attentions=True).attentions)
    features = model.get_image_features(images).pooler_output, model.get_text_features(ids).pooler_output
    return dict(zip(("image_features", "text_features"), features)), attention


def clip_inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    lengths = [7, 77, 20]
    rows = token_rows(lengths, 49400, 49407)
    return pixels(2, 224), padded(rows, 77), torch.tensor(lengths)


def clip_huge(folder: Path, given: Path) -> tuple[dict, float]:
    tiny = clip.TinyClip("ViT-H-14 (open_clip)", 1, "gelu", "gelu", vision_heads=16, head_size=80, image_size=224,
                         patch_size=14, layers=32, text_width=1024, text_heads=16, text_layers=24, embed=1024)
    model, (images, ids, lengths) = drawn_clip(tiny), clip_inputs()
    attention = median_attention(model.vision_model(images, output_attentions=True).attentions)
    preprocess = {"mean": clip.OPENAI_MEAN, "std": clip.OPENAI_STD}
    published = {"model_cfg": open_clip.get_model_config("ViT-H-14"), "preprocess_cfg": preprocess}
    write_json(folder / "open_clip_config.json", published)
    write_tensors(folder / "open_clip_model.safetensors", open_clip_names(model.state_dict()))
    del model
    inputs(given, {"pixels": images, "ids": ids, "lengths": lengths})
    model = clip.load_open_clip(folder)
    return {"image_features": model.encode_image(images), "text_features": model.encode_text(ids)}, attention


def blip_large(folder: Path, given: Path) -> tuple[dict, float]:
    config = blip.config()
    config["text_config"] |= {
        "vocab_size": 30524, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
        "num_attention_heads": 12, "max_position_embeddings": 512, "projection_dim": 768, "bos_token_id": 30522,
        "pad_token_id": 0, "sep_token_id": 102, "encoder_hidden_size": 1024,
    }
    config["vision_config"] |= {
        "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
        "image_size": 384, "patch_size": 16,
    }
    model = BlipForConditionalGeneration._from_config(BlipConfig(**config), attn_implementation="eager").eval()
    small = [("transform.LayerNorm", Spread(5.0, 1.0))]  # tied rows of 768 values give larger logits than of 32
    draw(model, small + calmed(blip.RECIPE, 24), 1)
    write_json(folder / "config.json", config)
    write_tensors(folder / "model.safetensors", model.state_dict())
    images, prompt = pixels(1, 384), [30522, 1037, 3861, 1997]
    forced = prompt + token_rows([20], 30000, 2054)[0]
    inputs(given, {"pixels": images, "prompt": torch.tensor(prompt), "forced": torch.tensor(forced)})
    vision = model.vision_model(images, output_attentions=True)
    states = vision.last_hidden_state
    decoder = {"encoder_hidden_states": states}
    logits = model.text_decoder(torch.tensor([forced]), **decoder).logits[0]
    given_to = decoder | {"input_ids": torch.tensor([prompt]), "eos_token_id": 102, "pad_token_id": 0}
    found = {"image_states": states, "logits": logits, **searches(model.text_decoder, given_to, len(prompt), 102)}
    return found, median_attention(vision.attentions)


def draw_sharp(model: T5ForConditionalGeneration, tiny: t5.TinyT5) -> None:
    """Attention as sharp as in the tiny models: logits of 64 products that are not scaled."""
    query = Spread(0.0, 0.65, fan_in=True)
    draw(model, [(r"\.(q|k)\.weight", query), *calmed(tiny.recipe(), tiny.layers)], 1)


def draw_initial(model: T5ForConditionalGeneration, tiny: t5.TinyT5) -> None:
    """As `T5PreTrainedModel._init_weights` draws a model to be trained, with an own head as Flan-T5 has."""
    draw(model, [
        ("layer_norm", Spread(1.0, 0.0)),
        ("shared|embed_tokens|lm_head", Spread(0.0, 1.0)),
        (r"\.q\.weight", Spread(0.0, tiny.d_kv**-0.5, fan_in=True)),
        ("relative_attention_bias", Spread(0.0, tiny.d_model**-0.5)),
        (r"\.weight", Spread(0.0, 1.0, fan_in=True)),
    ], 1)


def flan(size: str, d_model: int, d_ff: int, layers: int, heads: int, drawn=draw_sharp):
    def model_of(folder: Path, given: Path) -> tuple[dict, float]:
        tiny = t5.TinyT5(f"flan-t5-{size}", 1, gated=True, tied=False, own_head=True, d_model=d_model, d_kv=64,
                         heads=heads, d_ff=d_ff, layers=layers)
        config = tiny.config() | {
            "vocab_size": 32128, "relative_attention_num_buckets": 32, "relative_attention_max_distance": 128,
        }
        model = T5ForConditionalGeneration._from_config(T5Config(**config), attn_implementation="eager").eval()
        model.lm_head.weight = nn.Parameter(torch.empty_like(model.shared.weight))
        drawn(model, tiny)
        write_json(folder / "config.json", config)
        write_tensors(folder / "model.safetensors", t5.weights(model, tiny))
        lengths = [40, 11]
        batch = t5.padded(token_rows(lengths, 32000, t5.EOS))
        forced = [t5.PAD, *token_rows([20], 32000, 9)[0]]
        inputs(given, {"ids": batch["input_ids"], "lengths": torch.tensor(lengths), "forced": torch.tensor(forced)})
        out = model(**batch, decoder_input_ids=torch.tensor([forced, forced]), output_attentions=True)
        states = torch.cat([row[:length] for row, length in zip(out.encoder_last_hidden_state, lengths)])
        found = {"states": states, "logits": out.logits.transpose(0, 1), **searches(model, batch, 1, t5.EOS)}
        return found, median_attention([*out.encoder_attentions, *out.decoder_attentions])

    return model_of


def searches(model, given: dict, prompt: int, end: int) -> dict[str, torch.Tensor]:
    """Tokens of a greedy and of a beam-5 search as the example binary writes them: each list ended by -1."""
    found = {}
    for name, settings in (("greedy", {}), ("beam", {"num_beams": 5, "length_penalty": -1.0})):
        rows = model.generate(**given, max_new_tokens=NEW_TOKENS, do_sample=False, **settings)[:, prompt:].tolist()
        cut = [row[: row.index(end) + 1] if end in row else row for row in rows]
        found[name] = torch.tensor([float(i) for row in cut for i in [*row, -1]])
    return found


MODELS = {
    "clip-vit-large-patch14": clip_large,
    "ViT-H-14 (open_clip)": clip_huge,
    "blip-image-captioning-large": blip_large,
    "flan-t5-base": flan("base", 768, 2048, 12, 12),
    "flan-t5-large": flan("large", 1024, 2816, 24, 16),
    "flan-t5-base as initialised": flan("base", 768, 2048, 12, 12, draw_initial),
}
FAMILIES = {"clip-vit-large-patch14": "clip", "ViT-H-14 (open_clip)": "clip", "blip-image-captioning-large": "blip",
            "flan-t5-base": "t5", "flan-t5-large": "t5", "flan-t5-base as initialised": "t5"}


def compare(name: str) -> bool:
    """Prints the rows of one model; whether all numbers are within the tolerance."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, given, output = (Path(scratch, part) for part in ("checkpoint", "inputs", "output.safetensors"))
        with torch.no_grad():
            expected, attention = MODELS[name](folder, given)
        subprocess.run([RUN, FAMILIES[name], folder, given, output, "2"], check=True)
        found = load_file(output)
    within = True
    for part, reference in expected.items():
        a, b = reference.flatten().double(), found[part].double()
        if part in ("greedy", "beam"):
            both = min(len(a), len(b))
            same = ((a[:both] == b[:both]) & (a[:both] >= 0)).sum().item()
            print(f"| {name} | {part} | | | {same} of {(a >= 0).sum().item()} |", flush=True)
            continue
        apart = ((a - b).abs().max() / a.pow(2).mean().sqrt()).item()
        below = 1 - nn.functional.cosine_similarity(a, b, dim=0).item()
        within &= apart <= TOLERANCE
        print(f"| {name} | {part} (attention {attention:.2f}) | {apart:.1e} | {below:.0e} | |", flush=True)
    return within


def main() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.manual_seed(0)
    print("| model | output | largest difference / RMS | 1 - cosine | same tokens |\n|---|---|---:|---:|---:|")
    names = sys.argv[1:] or list(MODELS)
    if not all([compare(name) for name in names]):
        sys.exit(f"a difference is beyond {TOLERANCE} x RMS")


if __name__ == "__main__":
    main()
