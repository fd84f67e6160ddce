"""Draws the scenes of `scenes.py`."""

import math
import random

import numpy as np
from PIL import Image, ImageDraw

from scenes import COLOURS, Item, Scene

SCALE = 3  # drawn this much larger and shrunk, so that edges are smooth


def _regular(points: int, turn: float, inner: float = 1.0) -> list[tuple[float, float]]:
    """Corners on the unit circle; with `inner`, every second one nearer to the centre."""
    count = points * (2 if inner != 1.0 else 1)
    radius = lambda k: inner if inner != 1.0 and k % 2 else 1.0  # noqa: E731
    return [(radius(k) * math.sin(turn + k * math.tau / count), -radius(k) * math.cos(turn + k * math.tau / count)) for k in range(count)]


def _heart() -> list[tuple[float, float]]:
    steps = [k * math.tau / 40 for k in range(40)]
    return [(math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16) for t in steps]


_ARM = 0.32
OUTLINES = {
    "square": [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
    "rectangle": [(-1, -0.55), (1, -0.55), (1, 0.55), (-1, 0.55)],
    "triangle": _regular(3, 0),
    "star": _regular(5, 0, 0.42),
    "diamond": [(0, -1), (0.65, 0), (0, 1), (-0.65, 0)],
    "heart": _heart(),
    "cross": [(-_ARM, -1), (_ARM, -1), (_ARM, -_ARM), (1, -_ARM), (1, _ARM), (_ARM, _ARM), (_ARM, 1), (-_ARM, 1),
              (-_ARM, _ARM), (-1, _ARM), (-1, -_ARM), (-_ARM, -_ARM)],
}  # fmt: skip


def _mask(item: Item, side: int) -> Image.Image:
    mask = Image.new("L", (side, side))
    pen = ImageDraw.Draw(mask)
    x, y, reach = item.x * side, item.y * side, item.size * side / 2
    if item.shape in OUTLINES:
        pen.polygon([(x + reach * u, y + reach * v) for u, v in OUTLINES[item.shape]], fill=255)
        return mask
    flat = 0.62 if item.shape == "oval" else 1.0
    pen.ellipse((x - reach, y - flat * reach, x + reach, y + flat * reach), fill=255)
    if item.shape == "ring":
        hole = 0.58 * reach
        pen.ellipse((x - hole, y - hole, x + hole, y + hole), fill=0)
    return mask


def _fill(item: Item, side: int, colour: tuple[int, ...]) -> Image.Image:
    """The item's colour over the whole side: plain, or with white stripes or dots (black ones on white)."""
    sheet = Image.new("RGB", (side, side), colour)
    if item.fill == "plain":
        return sheet
    mark = (30, 30, 30) if item.colour in ("white", "yellow", "pink") else (250, 250, 250)
    pen, pitch = ImageDraw.Draw(sheet), max(8, int(item.size * side / 5))
    for at in range(0, side, pitch):
        if item.fill == "striped":
            pen.rectangle((at, 0, at + pitch * 0.42, side), fill=mark)
        else:
            for down in range(0, side, pitch):
                pen.circle((at, down), pitch * 0.24, mark)
    return sheet


def draw(scene: Scene, side: int, rng: random.Random) -> np.ndarray:
    """(side, side, 3) bytes. Shades, like those of paint and light, differ a little each time."""
    large = side * SCALE
    shade = lambda name: tuple(max(0, min(255, c + rng.randint(-22, 22))) for c in COLOURS[name])  # noqa: E731
    picture = Image.new("RGB", (large, large), shade(scene.ground))
    shades = {item.colour: shade(item.colour) for item in scene.items}
    for item in scene.items:
        picture.paste(_fill(item, large, shades[item.colour]), mask=_mask(item, large))
    small = np.asarray(picture.resize((side, side), Image.BOX), np.int16)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.choice((0, 3, 8)), small.shape)
    return np.clip(small + noise, 0, 255).astype(np.uint8)
