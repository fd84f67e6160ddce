"""How far bf16 and int8 are from f32 on full-size random checkpoints: LENS beside PyTorch.

    cargo build --release -p lens-nn --example run
    python -m reference.precision [NAME ...]

bf16 is compared with PyTorch's bf16 on the same weights and inputs, int8 with LENS's own f32: as drawn, and with six outlier
channels, gains and biases of six channels of every norm times 60. Once so that the model stays the same function, as in
trained models (Dettmers et al. 2022, arXiv 2208.07339): the weights that read these channels are divided by 60. Once with the
gains alone, which is another model: its attention logits grow up to 3600 times, so that queries fall on single keys and any
rounding can move one to another; PyTorch's bf16 stands beside it. Prints a table and fails where bf16 is more than 1.1
times as far off as PyTorch's, or the cosine of int8 is below 0.998 where PyTorch's bf16 is not.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from transformers import BlipForConditionalGeneration, CLIPModel, T5ForConditionalGeneration

from . import t5
from .files import write_tensors
from .full_size import FAMILIES, MODELS, RUN

OUTLIERS = {"channels": [3, 77, 200, 311, 512, 700], "gain": 60.0}
NORM = re.compile(r"(layer_?norm\d?|LayerNorm|layrnorm)\.(weight|bias)$", re.IGNORECASE)
READERS = [
    # norm, and the layers that alone read its result; norms whose result is also added to what follows are not here
    (r"(.*\.)layer_norm1", r"\1self_attn\.(q_proj|k_proj|v_proj|qkv)"),
    (r"(.*\.)layer_norm2", r"\1mlp\.fc1"),
    (r"text_model\.final_layer_norm", r"text_projection"),
    (r"vision_model\.post_layernorm", r"visual_projection|.*crossattention\.self\.(key|value)"),
    (r"(.*\.layer\.0\.)layer_norm", r"\1SelfAttention\.[qkv]"),
    (r"(decoder\..*\.layer\.1\.)layer_norm", r"\1EncDecAttention\.q"),
    (r"((?:encoder\..*\.layer\.1|decoder\..*\.layer\.2)\.)layer_norm", r"\1DenseReluDense\.wi_[01]"),
    (r"encoder\.final_layer_norm", r"decoder\..*EncDecAttention\.[kv]"),
    (r"decoder\.final_layer_norm", r"lm_head"),
]


def clip_rounded(folder: Path, given: dict) -> dict:
    model = CLIPModel.from_pretrained(folder, dtype=torch.bfloat16).eval()
    images, texts = given["pixels"].bfloat16(), given["ids"].long()
    return {"image_features": model.get_image_features(images).pooler_output,
            "text_features": model.get_text_features(texts).pooler_output}


def blip_rounded(folder: Path, given: dict) -> dict:
    model = BlipForConditionalGeneration.from_pretrained(folder, dtype=torch.bfloat16).eval()
    states = model.vision_model(given["pixels"].bfloat16()).last_hidden_state
    forced = given["forced"].long()[None]
    return {"image_states": states, "logits": model.text_decoder(forced, encoder_hidden_states=states).logits[0]}


def t5_rounded(folder: Path, given: dict) -> dict:
    model = T5ForConditionalGeneration.from_pretrained(folder, dtype=torch.bfloat16).eval()
    lengths, ids = given["lengths"].long(), given["ids"].long()
    batch = t5.padded([row[:length].tolist() for row, length in zip(ids, lengths)])
    forced = given["forced"].long().expand(len(lengths), -1)
    out = model(**batch, decoder_input_ids=forced)
    states = torch.cat([row[:length] for row, length in zip(out.encoder_last_hidden_state, lengths)])
    return {"states": states, "logits": out.logits.transpose(0, 1)}


ROUNDED = {"clip-vit-large-patch14": clip_rounded, "blip-image-captioning-large": blip_rounded, "flan-t5-base": t5_rounded,
           "flan-t5-base as initialised": t5_rounded, "flan-t5-large": t5_rounded}


def ours(name: str, folder: Path, given: Path, precision: str) -> dict:
    output = given / f"{precision}.safetensors"
    subprocess.run([RUN, FAMILIES[name], folder, given, output, "2", precision], check=True)
    return {part: values.flatten().double() for part, values in load_file(output).items()}


def error(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Root mean square of the difference, over that of the exact values."""
    difference = found.flatten().double() - exact
    return (difference.pow(2).mean() / exact.pow(2).mean()).sqrt().item()


def cosine(found: torch.Tensor, exact: torch.Tensor) -> float:
    return torch.nn.functional.cosine_similarity(found, exact, dim=0).item()


def grown(folder: Path, tensors: dict[str, torch.Tensor], answered: bool) -> None:
    """The checkpoint with outlier channels: `answered` by the layers that read them, or in all norms and alone."""
    channels, gain = OUTLIERS["channels"], OUTLIERS["gain"]
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    for name in [name for name in tensors if NORM.search(name)]:
        norm, part = name.rsplit(".", 1)
        readers = [re.match(pattern, norm).expand(reader) for pattern, reader in READERS if re.fullmatch(pattern, norm)]
        if answered and not readers:
            continue
        tensors[name][channels] *= gain
        if answered and part == "weight":
            for reader in (other for other in tensors if re.fullmatch(rf"({readers[0]})\.weight", other)):
                tensors[reader][:, channels] /= gain
    write_tensors(folder / "model.safetensors", tensors)


def ungrown(part: str, values: torch.Tensor, width: int) -> torch.Tensor:
    """States are what a norm gives: there the outlier channels have no reader that answers them."""
    if part not in ("image_states", "states"):
        return values
    rows = values.reshape(-1, width).clone()
    rows[:, OUTLIERS["channels"]] /= OUTLIERS["gain"]
    return rows.flatten()


def compare(name: str) -> bool:
    with tempfile.TemporaryDirectory() as scratch, torch.no_grad():
        folder, given = Path(scratch, "checkpoint"), Path(scratch, "inputs")
        MODELS[name](folder, given)
        inputs, drawn = load_file(given / "model.safetensors"), load_file(folder / "model.safetensors")
        rounded = ROUNDED[name](folder, inputs)
        exact, bf16, int8 = (ours(name, folder, given, precision) for precision in ("f32", "bf16", "int8"))
        grown(folder, drawn, answered=True)
        answered = ours(name, folder, given, "int8")
        grown(folder, drawn, answered=False)
        del drawn
        alone, alone_int8 = (ours(name, folder, given, precision) for precision in ("f32", "int8"))
        alone_rounded = ROUNDED[name](folder, inputs)
    within = True
    for part, values in rounded.items():
        theirs, found = error(values, exact[part]), error(bf16[part], exact[part])
        drawn_cosine = cosine(int8[part], exact[part])
        answered_cosine = cosine(ungrown(part, answered[part], values.shape[-1]), exact[part])
        alone_cosine = cosine(alone_int8[part], alone[part])
        their_alone = cosine(alone_rounded[part].flatten().double(), alone[part])
        within &= found <= 1.1 * theirs and min(drawn_cosine, answered_cosine) >= 0.998
        within &= alone_cosine >= 0.998 or their_alone < 0.998
        print(f"| {name} | {part} | {found:.2e} | {theirs:.2e} | {found / theirs:.2f} | {drawn_cosine:.5f} | "
              f"{answered_cosine:.5f} | {alone_cosine:.5f} | {their_alone:.5f} |", flush=True)
    return within


def main() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print("| model | output | bf16 error | PyTorch's | ratio | int8 cosine | with outliers | gains alone | PyTorch bf16 there |\n"
          "|---|---|---:|---:|---:|---:|---:|---:|---:|")
    if not all([compare(name) for name in sys.argv[1:] or ROUNDED]):
        sys.exit("beyond what is allowed")


if __name__ == "__main__":
    main()
