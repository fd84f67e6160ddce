"""The training pack: three Parquet files with whole JPEG files in a column `image` (see README.md)."""

import io
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

SIDES = {"flickr8k": 144, "caltech101": 144, "tiny_imagenet": 64}


def rows(data: Path, name: str, columns: list[str], split: str) -> list[dict]:
    """The rows of one split, in the file's order."""
    table = pq.read_table(data / f"{name}.parquet", columns=[*columns, "split"])
    return [row for row in table.to_pylist() if row["split"] == split]


def decode(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def squash(picture: Image.Image, side: int) -> np.ndarray:
    """(side, side, 3) bytes. Nothing is cropped, so nothing at the border is lost."""
    if picture.size != (side, side):
        picture = picture.resize((side, side), Image.BICUBIC)
    return np.asarray(picture)


def pixels(data: Path, work: Path, name: str, split: str) -> np.ndarray:
    """All pictures of a split as (N, side, side, 3) bytes; decoded once and kept in the work folder."""
    cached = work / "pixels" / f"{name}_{split}.npy"
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        side = SIDES[name]
        array = np.stack([squash(decode(row["image"]), side) for row in rows(data, name, ["image"], split)])
        np.save(cached, array)
    return np.load(cached, mmap_mode="r")
