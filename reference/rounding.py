"""What rounding costs the reference on the tiny models of `golden/`: writes `golden/rounding.json`.

`python -m reference.rounding [FOLDER]`, after `reference.golden`. Per model and output the root mean square of the difference
to f32 over that of the f32 output itself: `bf16` of PyTorch's own bf16, `int8` of f32 in which every product takes int8
weights (a scale per output) and activations (a line per row), as LENS does. Models this small are noisy (for three pictures
the error of LENS's bf16 in BLIP's logits is anything from 0.3 to 1.2 times PyTorch's), so each sees 24 pictures or texts.
"""

import copy
import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from torch import nn

from . import blip, clip, t5
from .files import write_json

DRAWN = 24
BYTE, SIGNED = 255, 127


def draw(count: int) -> torch.Tensor:
    """Whole numbers of 32 bits; the tests draw the same."""
    index = torch.arange(count)
    return (index * index * 2654435761) & 0xFFFFFFFF


def pictures(like: torch.Tensor) -> torch.Tensor:
    """Pictures of the sizes of `like`, of values from -2.6 to 2.6."""
    shape = (DRAWN, *like.shape[1:])
    return (draw(torch.Size(shape).numel()).double() / 2**32 * 5.2 - 2.6).float().reshape(shape)


def texts(like: torch.Tensor, length: int) -> torch.Tensor:
    """Texts like the first of `like`, which has `length` ids before its padding, with other words."""
    rows = like[:1].long().repeat(DRAWN, 1)
    words = 3 + (draw(DRAWN * length) >> 16) % 140
    rows[:, 1 : length - 1] = words.reshape(DRAWN, length)[:, 1:-1]
    return rows


def int8_weights(weight: torch.Tensor) -> torch.Tensor:
    rows = weight.flatten(1)
    unit = rows.abs().amax(1, keepdim=True) / SIGNED
    return ((rows / unit).round() * unit).reshape(weight.shape)


def int8_activations(x: torch.Tensor) -> torch.Tensor:
    least, greatest = x.amin(-1, keepdim=True).clamp(max=0), x.amax(-1, keepdim=True).clamp(min=0)
    unit = ((greatest - least) / BYTE).clamp(min=torch.finfo().tiny)
    zero = (-least / unit).round()
    return ((x / unit + zero).round().clamp(0, BYTE) - zero) * unit


def of_patches(convolution: nn.Conv2d, given: tuple) -> tuple:
    """The convolution's input, each patch a row of its own."""
    side = convolution.kernel_size[0]
    height, width = (size // side * side for size in given[0].shape[2:])
    rows = nn.functional.unfold(given[0][:, :, :height, :width], side, stride=side).transpose(1, 2)
    return (nn.functional.fold(int8_activations(rows).transpose(1, 2), (height, width), side, stride=side),)


def int8(model: nn.Module) -> nn.Module:
    model = copy.deepcopy(model)
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            # A new parameter: word embeddings tied to a head stay as they are.
            layer.weight = nn.Parameter(int8_weights(layer.weight.data))
        if isinstance(layer, nn.Linear):
            layer.register_forward_pre_hook(lambda _, given: (int8_activations(given[0]),))
        elif isinstance(layer, nn.Conv2d):
            layer.register_forward_pre_hook(of_patches)
    return model


def clip_features(model: nn.Module, given: dict, lengths: list[int]) -> dict[str, torch.Tensor]:
    images, ids = pictures(given["pixels"]).to(next(model.parameters()).dtype), texts(given["ids"], lengths[0])
    if hasattr(model, "encode_image"):
        return {"image_features": model.encode_image(images), "text_features": model.encode_text(ids)}
    return {"image_features": model.get_image_features(images).pooler_output,
            "text_features": model.get_text_features(ids).pooler_output}


def blip_outputs(model: nn.Module, given: dict, _) -> dict[str, torch.Tensor]:
    states = model.vision_model(pictures(given["pixels"]).to(model.dtype)).last_hidden_state
    ids = forced(given)
    return {"vision_states": states, "logits": model.text_decoder(ids, encoder_hidden_states=states).logits}


def t5_outputs(model: nn.Module, given: dict, lengths: list[int]) -> dict[str, torch.Tensor]:
    out = model(input_ids=texts(given["ids"], lengths[0])[:, : lengths[0]], decoder_input_ids=forced(given))
    return {"encoder_states": out.encoder_last_hidden_state, "logits": out.logits}


def forced(given: dict) -> torch.Tensor:
    ids = given["forced_ids"].long()
    return ids.repeat(DRAWN // len(ids), 1)


def errors(folder: Path) -> dict[str, dict[str, float]]:
    given, name = load_file(folder / "golden.safetensors"), folder.name
    lengths = json.loads((folder / "golden.json").read_text()).get("lengths", [])
    open_clip = name.startswith("open-clip")
    if "clip" in name:
        model, outputs = (clip.load_open_clip if open_clip else clip.load)(folder), clip_features
    elif name == blip.NAME:
        model, outputs = blip.load(folder), blip_outputs
    else:
        model, outputs = t5.load(folder, next(tiny for tiny in t5.TINY if tiny.name == name)), t5_outputs
    exact = outputs(model, given, lengths)
    rounded = {"bf16": outputs(copy.deepcopy(model).bfloat16(), given, lengths)}
    if not open_clip:  # whose attention has no layers of its own; to LENS it is the same model under other names
        rounded["int8"] = outputs(int8(model), given, lengths)
    return {kind: {part: error(found[part], exact[part]) for part in exact} for kind, found in rounded.items()}


def error(found: torch.Tensor, exact: torch.Tensor) -> float:
    difference = found.double() - exact.double()
    return float(f"{(difference.pow(2).mean() / exact.double().pow(2).mean()).sqrt().item():.4g}")


@torch.no_grad()
def write(root: Path) -> str:
    folders = sorted(file.parent for file in root.glob("*/golden.safetensors"))
    write_json(root / "rounding.json", {folder.name: errors(folder) for folder in folders})
    return f"rounding.json: {len(folders)} models in bf16 and int8"


def main() -> None:
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(write(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "golden")))


if __name__ == "__main__":
    main()
