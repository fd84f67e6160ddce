"""Drawn pictures that have a number: the same picture and the same truth in every process."""

import random

import numpy as np
from PIL import Image, ImageDraw

import scenes
import texts
from ocr import fonts, page
from vision import drawing

SIDE = 160
WRITTEN = {"words": texts.coloured_words, "sign": texts.sign, "meme": texts.meme, "menu": texts.menu, "page": texts.page}
OFTEN = {"words": 8, "sign": 4, "meme": 3, "menu": 3, "page": 1}


def scene(split: str, number: int) -> scenes.Scene:
    return scenes.random_scene(random.Random(f"scene {split} {number}"))


def scene_picture(split: str, number: int) -> np.ndarray:
    """(SIDE, SIDE, 3) bytes."""
    return drawing.draw(scene(split, number), SIDE, random.Random(f"strokes {split} {number}"))


def text(split: str, number: int) -> tuple[str, list[texts.Line]]:
    """(kind, lines)"""
    return some_text(random.Random(f"text {split} {number}"))


def some_text(rng: random.Random) -> tuple[str, list[texts.Line]]:
    kind = rng.choices(list(OFTEN), OFTEN.values())[0]
    return kind, WRITTEN[kind](rng)


def text_picture(split: str, number: int) -> np.ndarray:
    """(height, width, 3) bytes. Words in colours have theirs; else all lines have one ink, whatever the truth says of it:
    that is for OCR's evidence."""
    rng, (kind, lines) = random.Random(f"letters {split} {number}"), text(split, number)
    side = (rng.randint(200, 420), rng.randint(200, 420))
    picture = _in_colours(rng, side, lines) if kind == "words" else page.draw(rng, side, make=lambda _: lines, hard=False).picture
    return np.asarray(picture)


def _in_colours(rng: random.Random, side: tuple[int, int], lines: list[texts.Line]) -> Image.Image:
    """One word below the other on a ground from which all can be told."""
    grounds = [name for name in scenes.COLOURS if name not in {line.ink for line in lines}]
    ground = "white" if "white" in grounds and rng.random() < 0.6 else rng.choice(grounds)
    picture, row = Image.new("RGB", side, scenes.COLOURS[ground]), side[1] / len(lines)
    longest = max(len(line.text) for line in lines)
    font = fonts.pick(rng, int(max(12, rng.uniform(0.5, 0.9) * min(row, 1.7 * side[0] / longest))))
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        left = rng.uniform(0.02, 0.98) * max(1.0, side[0] - font.getlength(line.text))
        pen.text((left, (number + 0.5) * row), line.text, scenes.COLOURS[line.ink], font, anchor="lm")
    return picture


PICTURES = {"scenes": scene_picture, "texts": text_picture}


def pictures(name: str, split: str, count: int) -> list[np.ndarray]:
    return [PICTURES[name](split, number) for number in range(count)]
