"""Fonts from free Debian packages (README.md lists them). Some families are kept out of training, to measure with."""

import random
from functools import cache
from pathlib import Path

from PIL import ImageFont

FOLDER = Path("/usr/share/fonts")
PICTOGRAMS = FOLDER / "truetype/noto/NotoSansSymbols2-Regular.ttf"
ARROWS, PICTURES = (*range(0x2794, 0x27BF), *range(0x2B00, 0x2B0E)), (*range(0x1F310, 0x1F6D0), *range(0x2654, 0x2668))
HELD_OUT = ("dejavu", "comic-neue", "crosextra", "cantarell")
LATIN_NOTO = ("NotoSans-", "NotoSerif-", "NotoMono", "NotoSansMono-", "NotoSansDisplay-", "NotoSerifDisplay-")
NOT_LATIN = ("Titling", "Symbol", "Dingbats", "D050000L", "StandardSymbols", "OpenSymbol")


@cache
def files(held_out: bool) -> tuple[Path, ...]:
    found = sorted(path for kind in ("*.ttf", "*.otf", "*.t1") for path in FOLDER.rglob(kind))
    if not found:
        raise SystemExit(f"no fonts under {FOLDER}: install the packages that README.md names")
    return tuple(path for path in found if _is_latin(path) and any(name in path.parts for name in HELD_OUT) == held_out)


def _is_latin(path: Path) -> bool:
    if path.suffix == ".t1" or any(name in path.name for name in NOT_LATIN):
        return False
    return "noto" not in path.parts or path.name.startswith(LATIN_NOTO)


@cache
def pictograms() -> tuple[int, ...]:
    """Code points that the font of pictograms has; half of them arrows."""
    font = load(PICTOGRAMS, 20)
    missing = bytes(font.getmask(chr(0xE000)))
    arrows, pictures = ([code for code in codes if bytes(font.getmask(chr(code))) != missing] for codes in (ARROWS, PICTURES))
    return tuple(arrows * (len(pictures) // max(1, len(arrows))) + pictures)


@cache
def load(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


def pick(rng: random.Random, size: int, held_out: bool = False) -> ImageFont.FreeTypeFont:
    """A family first and then a style, so that families with many weights do not crowd out the others."""
    families = {}
    for path in files(held_out):
        families.setdefault(path.stem.split("-")[0], []).append(path)
    return load(rng.choice(families[rng.choice(sorted(families))]), size)
