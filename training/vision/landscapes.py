"""Drawn views with an exact truth: a sky, something far away, a ground, perhaps a thing on it. They show what the shapes
cannot: where a picture is."""

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SKIES = {  # words of the caption -> (top, bottom)
    "under a blue sky": ((70, 130, 215), (190, 215, 240)), "under a cloudy sky": ((140, 146, 156), (205, 208, 212)),
    "at sunset": ((90, 70, 130), (250, 150, 70)), "at night": ((8, 10, 30), (30, 36, 70)),
}  # fmt: skip
GROUNDS = {  # name -> (colours, what it is called, tags)
    "sand": ((214, 190, 145), "a sandy beach", ("sand", "beach", "sandy beach")),
    "snow": ((236, 240, 246), "a snowy field", ("snow", "snowy field")),
    "grass": ((92, 142, 66), "a grassy field", ("grass", "field", "grassy field", "meadow")),
    "water": ((50, 105, 150), "a lake", ("water", "lake")),
    "desert": ((205, 160, 100), "a desert", ("sand", "desert")),
    "road": ((96, 96, 100), "a road", ("road", "street")),
}  # fmt: skip
FAR = {  # name -> (sentence, tags)
    "sea": ("by the ocean", ("ocean", "sea", "water", "wave")),
    "mountains": ("with mountains in the background", ("mountain", "hill")),
    "forest": ("in front of a forest", ("tree", "forest")),
    "city": ("in front of tall buildings", ("building", "city", "skyline")),
    "nothing": ("", ()),
}  # fmt: skip
THINGS = ("tree", "house", "sun", "moon", "boat")


@dataclass(frozen=True)
class Landscape:
    ground: str
    far: str
    sky: str
    thing: str | None

    def caption(self) -> str:
        words = [GROUNDS[self.ground][1], FAR[self.far][0], f"with a {self.thing}" if self.thing else "", self.sky]
        return " ".join(word for word in words if word)

    def tags(self) -> set[str]:
        sky = {"at night": {"night", "night sky"}, "at sunset": {"sunset"}}.get(self.sky, set())
        return {*GROUNDS[self.ground][2], *FAR[self.far][1], *((self.thing,) if self.thing else ()), "sky", *sky}


def random_landscape(rng: random.Random) -> Landscape:
    ground = rng.choices(list(GROUNDS), (4, 2, 3, 2, 1, 2))[0]
    far = "sea" if ground == "sand" else rng.choice([name for name in FAR if name != "sea"])
    wet = ground == "water"
    things = [t for t in THINGS if (wet or far == "sea" if t == "boat" else not wet or t in ("sun", "moon"))]
    thing = rng.choice(things) if rng.random() < 0.5 else None
    sky = rng.choices(list(SKIES), (5, 2, 2, 1))[0]
    if thing == "moon":
        sky = "at night"
    if thing == "sun" and sky in ("at night", "under a cloudy sky"):
        sky = "under a blue sky"
    return Landscape(ground, far, sky, thing)


def draw(view: Landscape, side: int, rng: random.Random) -> np.ndarray:
    """(side, side, 3) bytes."""
    noise = np.random.default_rng(rng.getrandbits(32))
    horizon = rng.uniform(0.3, 0.55)
    shore = horizon + (rng.uniform(0.15, 0.35) if view.far == "sea" else 0.0)
    dark = 0.45 if view.sky == "at night" else rng.uniform(0.85, 1.1)
    picture = Image.fromarray(_ramp(*SKIES[view.sky], side, 1.0, rng))
    _far(picture, view, horizon, dark, rng)
    ground = GROUNDS[view.ground][0]
    picture.paste(Image.fromarray(_ramp(ground, tuple(0.8 * c for c in ground), side, dark, rng)), mask=_below(shore, side, rng))
    if view.ground == "road":
        _road(picture, shore, dark)
    if view.thing:
        _thing(picture, view, horizon, shore, dark, rng)
    if rng.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
    grain = noise.normal(0, rng.uniform(2, 10), (side, side, 1)) + noise.normal(0, 5, (side, side // 8 + 1, 1)).repeat(8, 1)[:, :side]
    return np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)


def _ramp(top, bottom, side, light, rng) -> np.ndarray:
    share = np.linspace(0, 1, side)[:, None, None]
    shift = np.array([rng.uniform(-18, 18) for _ in range(3)])
    column = (np.array(top) * (1 - share) + np.array(bottom) * share + shift) * light
    return np.repeat(np.clip(column, 0, 255).astype(np.uint8), side, axis=1)


def _below(level: float, side: int, rng) -> Image.Image:
    """A mask of what lies under a slightly wavy line."""
    mask = Image.new("L", (side, side))
    tilt, wave, turn = rng.uniform(-0.06, 0.06), rng.uniform(0, 0.015), rng.uniform(0, 6)
    edge = [(x, side * (level + tilt * (x / side - 0.5) + wave * np.sin(turn + 12 * x / side))) for x in range(0, side + 8, 8)]
    ImageDraw.Draw(mask).polygon([(0, side), *edge, (side + 8, side)], fill=255)
    return mask


def _shade(colour, light, rng, spread=14):
    return tuple(int(max(0, min(255, c * light + rng.uniform(-spread, spread)))) for c in colour)


def _far(picture, view, horizon, dark, rng):
    side, pen = picture.width, ImageDraw.Draw(picture)
    line = horizon * side
    if view.far == "sea":
        picture.paste(Image.fromarray(_ramp((38, 98, 140), (98, 160, 176), side, dark, rng)), (0, int(line)))
    elif view.far == "mountains":
        for _ in range(rng.randint(2, 4)):
            x, wide, high = rng.uniform(0, side), rng.uniform(0.25, 0.5) * side, rng.uniform(0.12, 0.28) * side
            pen.polygon([(x - wide, line + 8), (x, line - high), (x + wide, line + 8)], _shade((110, 115, 130), dark, rng))
            if rng.random() < 0.5:
                pen.polygon([(x - wide / 5, line - 0.8 * high), (x, line - high), (x + wide / 5, line - 0.8 * high)], _shade((235, 238, 245), dark, rng))
    elif view.far == "forest":
        for x in range(-4, side, 6):
            high = rng.uniform(0.08, 0.2) * side
            pen.ellipse((x - 7, line - high, x + 11, line + 8), _shade((40, 90, 45), dark, rng))
    elif view.far == "city":
        x = 0
        while x < side:
            wide, high = rng.randint(8, 24), rng.uniform(0.1, 0.3) * side
            pen.rectangle((x, line - high, x + wide, line + 8), _shade((120, 118, 125), dark, rng, 30))
            for y in range(int(line - high) + 3, int(line), 7):
                for at in range(x + 2, x + wide - 2, 5):
                    pen.rectangle((at, y, at + 2, y + 3), (250, 230, 150) if dark < 0.5 and rng.random() < 0.6 else _shade((80, 90, 110), dark, rng))
            x += wide + rng.randint(0, 4)


def _road(picture, shore, dark):
    """A strip to the horizon between green sides, with a broken line."""
    side, pen = picture.width, ImageDraw.Draw(picture)
    top = shore * side + 2
    green = tuple(int(c * dark) for c in (90, 130, 70))
    pen.polygon([(0, top), (0.45 * side, top), (0, side)], green)
    pen.polygon([(side, top), (0.55 * side, top), (side, side)], green)
    for share in (0.15, 0.4, 0.7):
        y = top + share * (side - top)
        pen.line((side / 2, y, side / 2, y + 0.14 * (side - top)), (230, 230, 210), 2)


def _thing(picture, view, horizon, shore, dark, rng):
    side, pen = picture.width, ImageDraw.Draw(picture)
    x, base = rng.uniform(0.2, 0.8) * side, (shore + rng.uniform(0.08, 0.25)) * side
    size = rng.uniform(0.12, 0.22) * side
    if view.thing in ("sun", "moon"):
        y, reach = rng.uniform(0.12, horizon - 0.08) * side, rng.uniform(0.05, 0.08) * side
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), (255, 225, 110) if view.thing == "sun" else (240, 240, 225))
    elif view.thing == "tree":
        pen.rectangle((x - size / 8, base - size, x + size / 8, base), _shade((96, 66, 40), dark, rng))
        pen.ellipse((x - 0.7 * size, base - 2.2 * size, x + 0.7 * size, base - 0.8 * size), _shade((50, 110, 50), dark, rng))
    elif view.thing == "house":
        pen.rectangle((x - size, base - 1.2 * size, x + size, base), _shade(rng.choice(((190, 70, 60), (225, 215, 195), (150, 110, 80))), dark, rng))
        pen.polygon([(x - 1.2 * size, base - 1.2 * size), (x, base - 2.1 * size), (x + 1.2 * size, base - 1.2 * size)], _shade((110, 50, 45), dark, rng))
        pen.rectangle((x - 0.2 * size, base - 0.6 * size, x + 0.2 * size, base), _shade((80, 55, 40), dark, rng))
    else:
        water = (horizon * 0.6 + shore * 0.4 if view.far == "sea" else shore + 0.2) * side
        pen.polygon([(x - size, water - 0.3 * size), (x + size, water - 0.3 * size), (x + 0.6 * size, water), (x - 0.6 * size, water)], _shade((130, 70, 45), dark, rng))
        pen.polygon([(x, water - 1.8 * size), (x, water - 0.4 * size), (x + 0.8 * size, water - 0.4 * size)], _shade((240, 240, 240), dark, rng))
