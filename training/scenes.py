"""Pictures with an exact truth: coloured shapes on a plain ground, and the sentences that are true of them."""

import random
from dataclasses import dataclass

COLOURS = {
    "red": (214, 40, 40), "blue": (38, 84, 210), "green": (44, 150, 62), "yellow": (245, 206, 40),
    "orange": (242, 130, 30), "purple": (124, 52, 160), "pink": (244, 130, 180), "brown": (122, 76, 40),
    "black": (20, 20, 22), "white": (248, 248, 248), "grey": (140, 140, 144),
}  # fmt: skip
SHAPES = ("circle", "square", "triangle", "star", "diamond", "heart", "cross", "rectangle", "oval", "ring")
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")
FILLS = ("plain", "striped", "dotted")


@dataclass(frozen=True)
class Item:
    """One shape. `x`, `y` (centre) and `size` (width) are shares of the picture's side."""

    shape: str
    colour: str
    fill: str
    size: float
    x: float
    y: float

    @property
    def name(self) -> str:
        return f"{self.colour} {self.shape}" if self.fill == "plain" else f"{self.fill} {self.colour} {self.shape}"


@dataclass(frozen=True)
class Scene:
    ground: str
    items: tuple[Item, ...]
    layout: str  # "group" (counted kinds), "beside", "stacked", "sizes"

    def kinds(self) -> list[tuple[str, int]]:
        """(name, how many), most first and then by name: an order that the picture shows."""
        counts = {}
        for item in self.items:
            counts[item.name] = counts.get(item.name, 0) + 1
        return sorted(counts.items(), key=lambda kind: (-kind[1], kind[0]))


def plural(name: str) -> str:
    return name + ("es" if name.endswith(("s", "x")) else "s")


def counted(name: str, number: int) -> str:
    return f"{NUMBERS[number]} {name if number == 1 else plural(name)}"


def article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def caption(scene: Scene) -> str:
    """The sentence that CLIP and BLIP learn for a scene, and that the reader learns to read."""
    ground = f"on a {scene.ground} background"
    items = scene.items
    if scene.layout == "beside":
        left, right = sorted(items, key=lambda item: item.x)
        return f"{article(left.name)} to the left of {article(right.name)} {ground}"
    if scene.layout == "stacked":
        upper, lower = sorted(items, key=lambda item: item.y)
        return f"{article(upper.name)} above {article(lower.name)} {ground}"
    if scene.layout == "sizes":
        large, small = sorted(items, key=lambda item: -item.size)
        return f"a large {large.name} and a small {small.name} {ground}"
    kinds = scene.kinds()
    if len(items) == 1:
        size = "a large " if items[0].size > 0.5 else "a small " if items[0].size < 0.25 else ""
        return f"{size}{items[0].name} {ground}" if size else f"{article(items[0].name)} {ground}"
    return " and ".join(counted(name, number) for name, number in kinds) + f" {ground}"


def _spots(rng: random.Random, number: int, widest: float) -> list[tuple[float, float]]:
    """Centres of shapes of at most this width: anywhere apart from each other, or in the cells of a grid."""
    spots, reach = [], 0.49 - widest / 2
    for _ in range(rng.choice((0, 60))):
        spot = (0.5 + rng.uniform(-reach, reach), 0.5 + rng.uniform(-reach, reach))
        if all(_apart(spot, other, widest) for other in spots):
            spots.append(spot)
        if len(spots) == number:
            return spots
    cells = [((column + 0.5) / 3, (row + 0.5) / 3) for row in range(3) for column in range(3)]
    jitter = lambda value: value + rng.uniform(-0.025, 0.025)  # noqa: E731
    return [(jitter(x), jitter(y)) for x, y in rng.sample(cells, number)]


def _apart(one: tuple[float, float], other: tuple[float, float], width: float) -> bool:
    return max(abs(a - b) for a, b in zip(one, other)) > width + 0.02


def _look(rng: random.Random, ground: str, apart_from: tuple[str, ...] = ()) -> tuple[str, str, str]:
    """(shape, colour, fill) that shows on the ground and differs in shape or colour from the names given."""
    while True:
        shape, colour = rng.choice(SHAPES), rng.choice([c for c in COLOURS if c != ground])
        fill = rng.choices(FILLS, (8, 1, 1))[0]
        if f"{colour} {shape}" not in apart_from:
            return shape, colour, fill


def random_scene(rng: random.Random) -> Scene:
    ground = rng.choice(list(COLOURS)) if rng.random() < 0.6 else "white"
    layout = rng.choices(("one", "group", "beside", "stacked", "sizes"), (3, 7, 2, 2, 2))[0]
    first = _look(rng, ground)
    if layout == "one":
        size = rng.choice([rng.uniform(0.15, 0.22), rng.uniform(0.3, 0.45), rng.uniform(0.55, 0.8)])
        reach = 0.48 - size / 2
        items = [Item(*first, size, 0.5 + rng.uniform(-reach, reach), 0.5 + rng.uniform(-reach, reach))]
        return Scene(ground, tuple(items), "group")
    if layout == "group":
        kinds = [first, _look(rng, ground, (f"{first[1]} {first[0]}",))][: rng.choice((1, 2, 2))]
        looks = [kinds[0]] * rng.randint(2, 6) if len(kinds) == 1 else [
            kind for kind in kinds for _ in range(rng.randint(1, 4))
        ]
        # Two alone stay smaller than those that are told by their places.
        widest = rng.uniform(0.18, 0.24 if len(looks) == 2 else 0.28)
        items = [Item(*look, rng.uniform(0.85, 1) * widest, *spot) for look, spot in zip(looks, _spots(rng, len(looks), widest))]
        return Scene(ground, tuple(items), layout)
    second = _look(rng, ground, (f"{first[1]} {first[0]}",))
    place, size = rng.uniform(0.4, 0.6), rng.uniform(0.25, 0.38)
    low, high = rng.uniform(0.22, 0.3), rng.uniform(0.7, 0.78)
    if layout == "stacked":
        return Scene(ground, (Item(*first, size, place, low), Item(*second, size, place, high)), layout)
    sizes = (size, size) if layout == "beside" else (rng.uniform(0.42, 0.5), rng.uniform(0.14, 0.2))
    return Scene(ground, (Item(*first, sizes[0], low + 0.02, place), Item(*second, sizes[1], high, place)), layout)
