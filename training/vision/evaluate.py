"""Measures CLIP and BLIP through the program itself, on `val`: the numbers of RESULTS.md.

    python -m vision.evaluate --lens target/release/lens --data PACK --work WORK [--models FOLDER]

`--models` measures `clip/` and `blip/` of a folder in place of those inside the program.
"""

import base64
import io
import json
import random
import tempfile
from pathlib import Path

import torch
from PIL import Image

import drawn
import options
import pack
import program
import scenes

from . import data, measure, told
from .cider import cider_d


class Towers:
    """Unit rows for pictures and texts, as `/v1/embeddings` gives them."""

    def __init__(self, address: str):
        self.address = address

    def squashed(self, pictures: torch.Tensor, _size: int) -> torch.Tensor:
        return self._rows([_uri(picture.numpy()) for picture in pictures], 32)

    def texts(self, texts: list[str]) -> torch.Tensor:
        return self._rows(texts, 256)

    def _rows(self, inputs, most):
        parts = (inputs[start : start + most] for start in range(0, len(inputs), most))
        return torch.cat([torch.from_numpy(program.embeddings(self.address, part)) for part in parts])


def _uri(picture) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def parts(args) -> str:
    models = {name: str((args.models / name).resolve()) for name in ("clip", "blip")} if args.models else {}
    return "[parts]\n" + "".join(f"{name} = {json.dumps(folder)}\n" for name, folder in models.items())


def captions(args, folder: Path, pictures: list[Path]) -> list[str]:
    """The beam-search caption of each picture."""
    config = parts(args) + program.only("captions") + "[captions]\ncount = 0\n"
    seen = program.Program(args.lens, folder / "home", config)
    return [record["captions"][0]["text"] for record in seen.see(pictures)]


def photographs(args, folder: Path) -> dict:
    rows = pack.rows(args.data, "flickr8k", ["image", "captions"], "val")[: args.limit]
    paths = [folder / f"photo{number}.jpg" for number in range(len(rows))]
    for path, row in zip(paths, rows):
        path.write_bytes(row["image"])
    given = [told.clean(caption) for caption in captions(args, folder, paths)]
    references = [[told.clean(caption) for caption in row["captions"]] for row in rows]
    return {"photographs": len(rows), "cider": cider_d(given, references), "distinct": len(set(given))}


def drawn_scenes(args, folder: Path) -> dict:
    """How many captions are exactly right, and how many in shape, colour and number."""
    count = args.limit // 5
    truths = [scenes.caption(drawn.scene("val", number)) for number in range(count)]
    paths = [folder / f"scene{number}.png" for number in range(count)]
    for path, picture in zip(paths, drawn.pictures("scenes", "val", count)):
        Image.fromarray(picture).save(path)
    given = captions(args, folder, paths)
    for one, truth in list(zip(given, truths))[: args.show]:
        print(f"  {truth!r} -> {one!r}")
    share = lambda form: round(100 * sum(form(one) == form(truth) for one, truth in zip(given, truths)) / count, 1)  # noqa: E731
    return {"scenes": count, "exact": share(str), "shape, colour and number": share(_counted)}


def _counted(caption: str) -> str:
    """Without the ground and the size."""
    return caption.split(" on a ")[0].replace("a large ", "a ").replace("a small ", "a ")


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--lens", type=Path, default=options.ROOT / "target/release/lens", help="the program")
    flags.add_argument("--models", type=Path, help="folder")
    flags.add_argument("--limit", type=int, default=1000, help="captioned photographs")
    flags.add_argument("--clean", action="store_true", help="only what the variant of Caltech-101 and drawn scenes has learned")
    flags.add_argument("--show", type=int, default=0, help="captions of scenes to print")
    args = options.parse(flags)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(json.dumps(drawn_scenes(args, folder)), flush=True)
        if not args.clean:
            print(json.dumps(photographs(args, folder)), flush=True)
        with program.Program(args.lens, folder / "home", parts(args)).server() as address:
            print(json.dumps(measure.clip(Towers(address), args, data.vocabulary(args).tags, 0)), flush=True)


if __name__ == "__main__":
    main()
