"""Measures OCR through the program itself: wrong characters per hundred.

    python -m ocr.evaluate --lens target/release/lens --data PACK --work WORK [--photographs FOLDER TRUTHS.json]

`--models FOLDER` measures another pair than the one inside the program. Draws memes (white letters with an outline, or on
a caption bar), signs, signs in photographs and letters without anything around them on photographs, in fonts that were
kept out of training; and signs, codes and French words in photographs that are `hard` (`page.draw`): what a list of English
words may harm. `--large` measures words in pictures of 1440 x 1080 made of one, four or twelve such pictures in place of
all that. TRUTHS.json is a list of objects with `file` (inside FOLDER) and `ocr` (the lines of text in it); others are
passed over.
"""

import json
import random
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

from PIL import Image

import options
import pack
import program
import texts

from . import page, wording
from .recogniser import distance


def read(lens: program.Program, pictures: list[Path]) -> list[str]:
    """The text of each picture, its lines joined by spaces."""
    return [" ".join(line["text"] for line in record["ocr"]) for record in lens.see(pictures)]


SETS = {  # kind of text, and how it stands on a photograph, if on one
    "memes": (texts.meme, page.MEMES),
    "signs": (texts.sign, {}),
    "signs in photographs": (texts.sign, {"board": 1}),
    "bare letters on photographs": (texts.meme, {"bare": 1}),
    "hard signs in photographs": (texts.sign, {"board": 1}),
    "hard codes": (wording.codes, {"board": 1}),
    "hard French words": (wording.french, {"board": 1}),
}
HARD = {"hard signs in photographs", "hard codes", "hard French words"}  # small, far away, in shadow, bent or among pictograms


def drawn(name: str, number: int, photos, folder: Path, rng: random.Random) -> tuple[list[Path], list[str]]:
    """Pictures of one of `SETS`, and the text in each."""
    kind, ways = SETS[name]
    paths, truths = [], []
    while len(paths) < number:
        side = (rng.randint(320, 640), rng.randint(240, 640))
        photo = Image.fromarray(photos[rng.randrange(len(photos))]) if ways else None
        made = page.draw(rng, side, held_out=True, photo=photo, make=kind, ways=ways, hard=name in HARD)
        if not all(page.is_whole(line, made.picture) for line in made.lines):
            continue
        paths.append(folder / f"{name}{len(paths)}.png")
        made.picture.save(paths[-1])
        truths.append(" ".join(word.text for line in made.lines for word in line))
    return paths, truths


GRIDS = {(1, 1): 24, (2, 2): 8, (4, 3): 5}  # columns and rows of a large picture, and how many of them


def large(columns: int, rows: int, photos, rng: random.Random) -> tuple[Image.Image, list[str]]:
    """A picture made of smaller ones, and the words in it."""
    width, height = 1440 // columns, 1080 // rows
    picture, words = Image.new("RGB", (width * columns, height * rows)), []
    for corner in ((column * width, row * height) for column in range(columns) for row in range(rows)):
        photo = Image.fromarray(photos[rng.randrange(len(photos))]) if rng.random() < 0.5 else None
        made = page.draw(rng, (width, height), held_out=True, photo=photo, ways={"board": 1, "outlined": 1, "bar": 1})
        picture.paste(made.picture, corner)
        words += [word.text.lower() for line in made.lines if page.is_whole(line, made.picture) for word in line]
    return picture, words


def report_large(lens: program.Program, photos, folder: Path, seed: int) -> None:
    """Words found, and words too many, of a hundred; the case does not count."""
    for (columns, rows), number in GRIDS.items():
        rng, paths, truths = random.Random(seed), [], []
        for place in range(number):
            picture, words = large(columns, rows, photos, rng)
            paths.append(folder / f"large{columns}-{place}.png")
            picture.save(paths[-1])
            truths.append(Counter(words))
        given = [Counter(said.lower().split()) for said in read(lens, paths)]
        total = sum(truth.total() for truth in truths)
        found = sum((said & truth).total() for said, truth in zip(given, truths))
        wrong = sum((said - truth).total() for said, truth in zip(given, truths))
        print(json.dumps({"set": f"{columns} x {rows}", "words": total, "found": round(100 * found / total, 1), "wrong": round(100 * wrong / total, 1)}), flush=True)


def photographs(folder: Path, truths: Path) -> tuple[list[Path], list[str]]:
    """Accents are taken off: the recogniser knows ASCII."""
    rows = [row for row in json.loads(truths.read_text()) if "ocr" in row and (folder / row["file"]).is_file()]
    plain = [unicodedata.normalize("NFKD", " ".join(row["ocr"])).encode("ascii", "ignore").decode() for row in rows]
    return [folder / row["file"] for row in rows], plain


def report(name: str, lens: program.Program, paths: list[Path], truths: list[str], shown: int) -> None:
    given = read(lens, paths)
    for said, truth in list(zip(given, truths))[:shown]:
        print(f"  {truth!r} -> {said!r}")
    # More wrong than there is to read is wrong as a whole.
    wrong = sum(min(len(truth), distance(said, truth)) for said, truth in zip(given, truths))
    folded = sum(min(len(truth), distance(said.lower(), truth.lower())) for said, truth in zip(given, truths))
    total = sum(map(len, truths))
    whole = sum(said == truth for said, truth in zip(given, truths))
    numbers = {"error_rate": 100 * wrong / total, "without_case": 100 * folded / total, "read_whole": 100 * whole / len(truths)}
    print(json.dumps({"set": name, "pictures": len(paths), **{key: round(value, 1) for key, value in numbers.items()}}), flush=True)


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--lens", type=Path, default=options.ROOT / "target/release/lens", help="the program")
    flags.add_argument("--models", type=Path, help="a folder with a pair of models for ocrs")
    flags.add_argument("--number", type=int, default=60, help="drawn pictures of each kind")
    flags.add_argument("--large", action="store_true", help="words in large pictures instead")
    flags.add_argument("--photographs", type=Path, nargs=2, metavar=("FOLDER", "TRUTHS"))
    flags.add_argument("--show", type=int, default=0, help="texts to print of each set")
    args = options.parse(flags)
    photos = pack.pixels(args.data, args.work, "flickr8k", "val")
    with tempfile.TemporaryDirectory() as folder:
        parts = f"[parts]\nocr = {json.dumps(str(args.models.resolve()))}\n" if args.models else ""
        lens = program.Program(args.lens, Path(folder) / "home", program.only("ocr") + parts)
        if args.large:
            return report_large(lens, photos, Path(folder), args.seed)
        for name in SETS:
            report(name, lens, *drawn(name, args.number, photos, Path(folder), random.Random(args.seed)), args.show)
        if args.photographs:
            report("photographs", lens, *photographs(*args.photographs), args.show)


if __name__ == "__main__":
    main()
