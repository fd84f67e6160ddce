"""Drawn pictures that have a number: the same picture and the same truth in every process."""

import random

import numpy as np

import scenes
import texts
from ocr import page
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
    """(height, width, 3) bytes. All lines have one ink, whatever the truth says of it: that is for OCR's evidence."""
    rng, (_, lines) = random.Random(f"letters {split} {number}"), text(split, number)
    side = (rng.randint(200, 420), rng.randint(200, 420))
    return np.asarray(page.draw(rng, side, make=lambda _: lines).picture)


PICTURES = {"scenes": scene_picture, "texts": text_picture}


def pictures(name: str, split: str, count: int) -> list[np.ndarray]:
    return [PICTURES[name](split, number) for number in range(count)]
