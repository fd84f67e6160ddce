"""What bf16 and int8 change in what nano sees: `lens see` over photographs in each precision.

    cargo build --release -p lens-eyes
    python -m reference.photos PACK/flickr8k.parquet [--pictures 300]

PACK is the training pack (`training/README.md`); the pictures are of its split `val`, which no model was trained on. Prints
how many of the five best tags are the same as in f32, and how often the greedy caption is; fails below 90 % of either.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet

LENS = Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release/lens"
SETTINGS = """
tags.top_k = 5
captions.count = 0
captions.beams = 1
attributes.enabled = false
ocr.enabled = false
"""
LEAST = 0.9


def write_pictures(pack: Path, count: int, folder: Path) -> None:
    table = pyarrow.parquet.read_table(pack, columns=["image", "split"])
    pictures = [image.as_py() for image, split in zip(table["image"], table["split"]) if split.as_py() == "val"][:count]
    for index, picture in enumerate(pictures):
        (folder / f"{index:05}.jpg").write_bytes(picture)


def see(folder: Path, home: Path, precision: str) -> list[tuple[set[str], str]]:
    """Tags and caption of each picture in order of name."""
    home.mkdir()
    (home / "config.toml").write_text(SETTINGS)
    command = [LENS, "see", folder, "--json", "--quiet", "--offline", "--precision", precision]
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | {"LENS_HOME": str(home)}).stdout
    records = [json.loads(line) for line in out.splitlines()]
    return [({tag["text"] for tag in record["tags"]}, record["captions"][0]["text"]) for record in records]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--pictures", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "pictures")
        folder.mkdir()
        write_pictures(options.pack, options.pictures, folder)
        exact, bf16, int8 = (see(folder, Path(scratch, precision), precision) for precision in ("f32", "bf16", "int8"))
    assert len(exact) == len(bf16) == len(int8) > 0
    within = True
    print(f"{len(exact)} pictures\n\n| precision | five best tags, the same | captions, the same |\n|---|---:|---:|")
    for precision, found in (("bf16", bf16), ("int8", int8)):
        tags = sum(len(ours & theirs) for (ours, _), (theirs, _) in zip(found, exact)) / sum(len(tags) for tags, _ in exact)
        captions = sum(ours == theirs for (_, ours), (_, theirs) in zip(found, exact)) / len(exact)
        within &= min(tags, captions) >= LEAST
        print(f"| {precision} | {100 * tags:.1f} % | {100 * captions:.1f} % |")
    if not within:
        sys.exit(f"below {100 * LEAST:.0f} %")


if __name__ == "__main__":
    main()
