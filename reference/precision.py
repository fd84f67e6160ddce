"""How far bf16 and int8 are from f32 on full-size random checkpoints: LENS beside PyTorch.

    cargo build --release -p lens-nn --example run
    python -m reference.precision [NAME ...]

bf16 is compared with PyTorch's bf16 on the same weights and inputs, int8 with LENS's own f32, as drawn and with six
outlier channels: gains and biases of six channels of every norm times 60. Prints a table and fails where bf16 is more
than 1.1 times as far off as PyTorch's, or the cosine of int8 is below 0.998.
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


ROUNDED = {"clip-vit-large-patch14": clip_rounded, "blip-image-captioning-large": blip_rounded, "flan-t5-base": t5_rounded}


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


def with_outliers(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    for name in filter(NORM.search, tensors):
        tensors[name][OUTLIERS["channels"]] *= OUTLIERS["gain"]
    write_tensors(folder / "model.safetensors", tensors)


def compare(name: str) -> bool:
    with tempfile.TemporaryDirectory() as scratch, torch.no_grad():
        folder, given = Path(scratch, "checkpoint"), Path(scratch, "inputs")
        MODELS[name](folder, given)
        rounded = ROUNDED[name](folder, load_file(given / "model.safetensors"))
        exact, bf16, int8 = (ours(name, folder, given, precision) for precision in ("f32", "bf16", "int8"))
        with_outliers(folder)
        exact_60, int8_60 = (ours(name, folder, given, precision) for precision in ("f32", "int8"))
    within = True
    for part, values in rounded.items():
        theirs, found = error(values, exact[part]), error(bf16[part], exact[part])
        cosines = cosine(int8[part], exact[part]), cosine(int8_60[part], exact_60[part])
        within &= found <= 1.1 * theirs and min(cosines) >= 0.998
        print(f"| {name} | {part} | {found:.2e} | {theirs:.2e} | {found / theirs:.2f} | {cosines[0]:.5f} | {cosines[1]:.5f} |",
              flush=True)
    return within


def main() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print("| model | output | bf16 error | PyTorch's | ratio | int8 cosine | with outliers |\n|---|---|---:|---:|---:|---:|---:|")
    if not all([compare(name) for name in sys.argv[1:] or ROUNDED]):
        sys.exit("beyond what is allowed")


if __name__ == "__main__":
    main()
