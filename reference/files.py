"""Writes checkpoints as the published ones are laid out: JSON files, safetensors, shards with an index."""

import hashlib
import json
import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

INDEX = "model.safetensors.index.json"


def folder_ready(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_json(path: Path, value) -> None:
    """Indented, but a list of numbers is one line."""
    folder_ready(path.parent)
    text = json.dumps(value, indent=1, ensure_ascii=False)
    text = re.sub(r"\[[\s\d.,e+-]*\]", lambda numbers: re.sub(r"\s+", " ", numbers[0]), text)
    path.write_text(text + "\n", encoding="utf-8")


def write_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Shared storage is written once per name, as the published files do."""
    folder_ready(path.parent)
    save_file({name: t.detach().clone().contiguous() for name, t in tensors.items()}, path, {"format": "pt"})


def write_shards(folder: Path, tensors: dict[str, torch.Tensor], shards: int) -> None:
    """`model-0000i-of-0000n.safetensors` and their index, tensors dealt out in order of name."""
    names = sorted(tensors)
    per_shard = -(-len(names) // shards)
    where = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = names[shard * per_shard : (shard + 1) * per_shard]
        write_tensors(folder / file, {name: tensors[name] for name in part})
        where |= dict.fromkeys(part, file)
    size = sum(t.numel() * t.element_size() for t in tensors.values())
    write_json(folder / INDEX, {"metadata": {"total_size": size}, "weight_map": where})


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """All tensors of a checkpoint folder, whichever way they are stored."""
    tensors = {}
    for file in sorted(folder.glob("*model*.safetensors")):
        tensors |= load_file(file)
    return tensors


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
