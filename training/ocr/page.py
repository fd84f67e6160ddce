"""Pictures of text with the true place of every word: words, signs, memes, menus, pages.

An outline (2 * EDGE, 2) of x, y goes along the top of a word from left to right, and back along its foot.
"""

import math
import random
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont

from scenes import COLOURS

from . import fonts, wear, wording

WAYS = {"board": 7, "outlined": 9, "bar": 4, "bare": 2}  # how texts stand on photographs, and how often
MEMES = {"outlined": 3, "bar": 1}  # the same of memes that are measured
EDGE = 5  # points of an outline along the top
WIDE_SET = 0.15  # of the texts have room between their letters
SMALLEST = 9  # pixels: the size of a font
BENT = 0.1  # of the pictures: their lines are arcs
PICTOGRAMS = 0.35  # of the texts have arrows or pictures beside their lines
FRAMED = 0.4  # of these stand in a box or a circle
TIGHT = 0.4  # of the boards have their border close to the letters
SHADOWS = 0.1  # of the texts without an outline throw one


@dataclass(frozen=True)
class Word:
    text: str
    outline: np.ndarray

    @property
    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Along the top and along the foot, both from left to right."""
        return self.outline[:EDGE], self.outline[EDGE:][::-1]


@dataclass(frozen=True)
class Page:
    picture: Image.Image
    lines: list[list[Word]]


@dataclass(frozen=True)
class Pen:
    font: ImageFont.FreeTypeFont
    between: float  # pixels, in addition to what the font leaves between two letters

    def length(self, text: str) -> float:
        return self.font.getlength(text) + self.between * len(text)

    def write(self, ground, line: str, start: tuple[float, float], **inks) -> list[tuple[str, np.ndarray]]:
        """Draws the words one by one; returns their texts and outlines."""
        words, (left, top) = [], start
        for text in line.split(" "):
            if text:
                boxes = [
                    self._piece(ground, piece, (left + self.length(text[:place]), top), inks)
                    for place, piece in enumerate(text if self.between else [text])
                ]
                (x0, y0), (x1, y1) = np.min(boxes, 0)[:2], np.max(boxes, 0)[2:]
                words.append((text, outline(x0, y0, x1, y1)))
            left += self.length(text + " ")
        return words

    def _piece(self, ground, text, place, inks):
        ground.text(place, text, font=self.font, **inks)
        return ground.textbbox(place, text, self.font, stroke_width=inks["stroke_width"])


def outline(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """Around an upright box."""
    along = np.linspace(left, right, EDGE)
    return np.concatenate([np.column_stack([x, np.full(EDGE, y)]) for x, y in ((along, top), (along[::-1], bottom))])


def draw(
    rng: random.Random, side: tuple[int, int], held_out: bool = False, photo: Image.Image | None = None, make=None,
    ways: dict[str, int] = WAYS, hard: bool = True,
) -> Page:  # fmt: skip
    """One picture of `side` (width, height). `make` gives its lines (any kind if it is left out); all but those of
    `wording.plain` show the wear of a camera and a JPEG file. `ways` says how texts stand on photographs, with weights: on the
    board of a sign, as in streets, with an outline, on a caption bar, or bare. `hard` ones may be small, far away, in
    shadow, bent, and among pictograms."""
    width, height = side
    ground = _ground(rng, side, photo)
    lines, hard = wording.lines(rng, make), hard and make is not wording.plain
    wide = rng.uniform(0.05, 0.4) if rng.random() < WIDE_SET and make is not wording.plain else 0
    size = _size(rng, lines, side, wide, hard)
    pen = Pen(fonts.pick(rng, size, held_out), wide * size)
    gap = rng.uniform(1.15, 1.7) * size
    top = rng.uniform(0, max(0.0, height - gap * len(lines)))
    foot = top + gap * (len(lines) - 1) + 1.2 * size
    free = [max(1.0, width - pen.length(line) - size / 7) for line in lines]
    way = rng.choices(*zip(*ways.items()))[0] if photo is not None else "bare"
    stroke = max(1, int(size * rng.uniform(0.06, 0.12))) if way == "outlined" else 0
    lefts = [rng.uniform(stroke, max(stroke + 1.0, room)) for room in free]
    outline = (0, 0, 0) if way == "outlined" else None
    if way == "board":
        lefts = [rng.uniform(0.05, 0.95) * min(free)] * len(lines)
        ink = _board(rng, ground, (lefts[0], top, lefts[0] + max(map(pen.length, lines)), foot), size, hard)
    elif way == "bar":
        ink = _bar(rng, ground, top, foot, size)
    elif way == "outlined":
        ink = rng.choices(((255, 255, 255), (255, 240, 60)), (9, 1))[0]
    else:
        ink = _readable_on(rng, np.asarray(ground.resize((1, 1), Image.BOX))[0, 0].astype(float))
    starts = [(left, top + number * gap) for number, left in enumerate(lefts)]
    if hard:
        _beside(rng, ground, pen, lines, starts, size, ink, outlined=stroke > 0)
    on = ImageDraw.Draw(ground)
    places = [pen.write(on, line, start, fill=ink, stroke_width=stroke, stroke_fill=outline) for line, start in zip(lines, starts)]
    if make is wording.plain:
        return Page(ground, [[Word(text, place) for text, place in line] for line in places if line])
    picture, through = _turned(rng, ground)
    if hard and rng.random() < BENT:
        picture, through = _bent(rng, picture, through)
    turned = [[Word(text, through(place)) for text, place in line] for line in places]
    return Page(wear.worn(rng, picture, size, hard), [line for line in turned if line])


def _beside(rng, ground, pen, lines, starts, size, ink, outlined):
    """Draws what belongs to signs and is no text: the letters' shadows, pictograms before or after the lines."""
    if not outlined and rng.random() < SHADOWS:
        deep, on = max(1, round(size * rng.uniform(0.03, 0.1))), ImageDraw.Draw(ground)
        dark = tuple(channel // 4 for channel in ink) if max(ink) > 90 else (200, 200, 200)
        for line, (left, above) in zip(lines, starts):
            pen.write(on, line, (left + deep, above + deep), fill=dark, stroke_width=0, stroke_fill=None)
    if rng.random() < PICTOGRAMS:
        for line, start in zip(lines, starts):
            if rng.random() < 0.6:
                _pictogram(rng, ground, start, pen.length(line), size, ink)


def _pictogram(rng, ground, start, length, size, ink):
    """Draws an arrow, a star, a bus, ... before or after a line: no text."""
    font = fonts.load(fonts.PICTOGRAMS, int(size * rng.uniform(0.8, 1.6)))
    mark, room = chr(rng.choice(fonts.pictograms())), size * rng.uniform(0.15, 0.8)
    x0, y0, x1, y1 = font.getbbox(mark)
    left = start[0] - room - x1 if rng.random() < 0.5 else start[0] + length + room - x0
    place = (left, start[1] + 0.6 * size - (y0 + y1) / 2)
    pen = ImageDraw.Draw(ground)
    if rng.random() < FRAMED:
        edge, wide = size * rng.uniform(0.1, 0.3), max(1, int(size * rng.uniform(0.03, 0.1)))
        frame = (left + x0 - edge, place[1] + y0 - edge, left + x1 + edge, place[1] + y1 + edge)
        rng.choice((pen.rectangle, pen.rectangle, pen.ellipse))(frame, None, ink, wide)
    pen.text(place, mark, font=font, fill=ink)


def _size(rng, lines, side, wide, hard):
    """Height of the letters in pixels: what fits with `wide` of it between two letters, and not always the largest."""
    longest, least = max(map(len, lines)), SMALLEST if hard else 11
    fits = min(1.7 * side[0] / max(longest, 3), 0.8 * side[1] / len(lines))
    size = int(max(least, min(rng.uniform(0.3 if hard else 0.35, 1.0) * fits, 110)))
    return int(max(least, size / (1 + 1.6 * wide)))


def _ground(rng, side, photo):
    if photo is not None:
        return photo.resize(side, Image.BICUBIC)
    first = np.array(_near(rng, rng.choice(list(COLOURS.values()))), float)
    if rng.random() < 0.5:
        return Image.new("RGB", side, tuple(int(v) for v in first))
    second = np.clip(first + rng.uniform(-70, 70), 0, 255)
    ramp = np.linspace(0, 1, side[1])[:, None, None]
    column = (first * (1 - ramp) + second * ramp).astype(np.uint8)
    return Image.fromarray(np.repeat(column, side[0], axis=1))


def _near(rng, colour):
    return tuple(max(0, min(255, channel + rng.randint(-25, 25))) for channel in colour)


def _readable_on(rng, colour):
    """Ink for letters that can be told from the ground."""
    weights = np.array((0.299, 0.587, 0.114))
    for _ in range(30):
        ink = _near(rng, rng.choice(list(COLOURS.values())))
        if abs(float((np.array(ink) - colour) @ weights)) > 60:
            return ink
    return (0, 0, 0) if colour @ weights > 127 else (255, 255, 255)


def _board(rng, ground, box, size, hard):
    """Draws the board of a sign under a box of letters, perhaps with a border; returns the ink for the letters."""
    colour, other = (_near(rng, rng.choice(list(COLOURS.values()))) for _ in range(2))
    ink = _readable_on(rng, np.array(colour, float))
    border = max(1, int(size * rng.uniform(0.04, 0.35)))
    widest = 0.35 if hard and rng.random() < TIGHT else 1.1
    margins = [border + rng.uniform(0.1, widest) * size for _ in box]
    place = [edge + (margin if number > 1 else -margin) for number, (edge, margin) in enumerate(zip(box, margins))]
    radius = rng.choice((0, 0, 0.2, 0.5)) * size
    ImageDraw.Draw(ground).rounded_rectangle(place, radius, colour, rng.choice((colour, other, ink, ink)), border)
    return ink


def _bar(rng, ground, top, foot, size):
    """Draws the caption bar of a meme, from border to border; returns the ink for the letters."""
    paper, ink = rng.choices((((255, 255, 255), (0, 0, 0)), ((0, 0, 0), (255, 255, 255))), (3, 1))[0]
    margin = size * rng.uniform(0.1, 0.6)
    ImageDraw.Draw(ground).rectangle((0, top - margin, ground.width, foot + margin), paper)
    return ink


def _turned(rng, picture):
    """The picture turned by up to ten degrees, sheared and narrowed, and what takes old places to new."""
    angle = math.radians(rng.choice((0, 0, 0, 0, rng.uniform(-3, 3), rng.uniform(-10, 10))))
    shear = rng.choice((0, 0, rng.uniform(-0.15, 0.15)))
    narrowed = rng.choice((1, 1, rng.uniform(0.75, 1)))
    if angle == shear == 0 and narrowed == 1:
        return picture, lambda place: place
    cos, sin = math.cos(angle), math.sin(angle)
    picture, matrix = moved(picture, np.array([[cos * narrowed, -sin + shear], [sin * narrowed, cos]]))
    return picture, lambda place: _through(matrix, place)


def _bent(rng, picture, before):
    """The picture laid around a circle above or below it, and what takes old places to new after `before`."""
    size = np.array(picture.size, float)
    radius = rng.choice((-1, 1)) * max(rng.uniform(0.3, 2) * size[0], 0.6 * size[1])
    lift = radius * (1 - math.cos(size[0] / 3 / radius)) / 2

    def through(place):
        x, y = (before(place) - size / 2).T
        around, out = x / radius, radius - y
        return np.column_stack([out * np.sin(around), radius - out * np.cos(around) - lift]) + size / 2

    rows, columns = np.mgrid[: picture.height, : picture.width].astype(np.float32) + 0.5
    x, y = columns - size[0] / 2, radius - (rows + lift - size[1] / 2)
    out = np.copysign(np.hypot(x, y), radius)
    back = np.stack([np.arctan2(x * np.sign(radius), y * np.sign(radius)) * radius, radius - out], -1) / (size / 2)
    seen = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float()
    bent = F.grid_sample(seen, torch.from_numpy(back)[None].float(), padding_mode="border", align_corners=False)
    return Image.fromarray(bent[0].permute(1, 2, 0).byte().numpy()), through


def moved(picture: Image.Image, turn: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    """The picture with its points moved by `turn` (2, 2) around its centre, and the matrix (2, 3) that does so."""
    centre = np.array(picture.size) / 2
    matrix = np.column_stack([turn, centre - turn @ centre])
    back = np.linalg.inv(turn)
    inverse = np.column_stack([back, centre - back @ centre])
    edge = tuple(int(v) for v in np.asarray(picture)[0, 0])
    return picture.transform(picture.size, Image.AFFINE, inverse.ravel(), Image.BILINEAR, fillcolor=edge), matrix


def _through(matrix, place):
    return place @ matrix[:, :2].T + matrix[:, 2]


def is_whole(line: list[Word], picture: Image.Image) -> bool:
    """Whether nothing of the line was cut off by the picture's border."""
    return all((word.outline >= 0).all() and (word.outline <= np.array(picture.size)).all() for word in line)


def grey(picture: Image.Image) -> np.ndarray:
    """(H, W) in -0.5 to 0.5, with the weights that ocrs uses."""
    return np.asarray(picture, np.float32) @ np.array((0.299, 0.587, 0.114), np.float32) / 255 - 0.5
