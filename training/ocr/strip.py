"""Lines of letters as the recogniser sees them, cut out as the program does (`crates/lens/src/modules/ocr/strip.rs`): made
straight along their middle, 64 pixels high, what is beside the words black, with all the contrast there is.

Lengths are in pixels, directions unit vectors. A line has two coordinates: u along its direction, v down from it.
"""

import math
from dataclasses import dataclass

import numpy as np

HEIGHT, NARROWEST, WIDEST = 64, 10, 2400
BENT = 0.25  # of their height: words whose middle is farther from a straight line are bent
SHORT, LONG = 2.5, 6.0  # times as long as high: words up to the first do not bend, beyond the second in more ways than one
STRAY = 2.5  # percent of a bent word's outline may lie outside its strip, above and below
FAINT = 1.0  # percent of the pixels may be darker than black, and lighter than white
MOST_CONTRAST = 5.0  # times as much as there was, at most
BLACK = -0.5


@dataclass(frozen=True)
class Curve:
    """The middle of a line: v as a polynomial of (u - centre) / reach, the highest power first."""

    along: np.ndarray
    centre: float
    reach: float
    powers: np.ndarray

    def v(self, u):
        return np.polyval(self.powers, (u - self.centre) / self.reach)

    def slope(self, u):
        return np.polyval(np.polyder(self.powers), (u - self.centre) / self.reach) / self.reach

    @property
    def is_bent(self) -> bool:
        return len(self.powers) > 1

    def places(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(u, how far below the middle) of points (N, 2)."""
        u, v = points @ self.along, points @ np.array((-self.along[1], self.along[0]))
        return u, (v - self.v(u)) / np.hypot(1, self.slope(u))


@dataclass(frozen=True)
class Span:
    """Where one word of a line is."""

    start: float
    end: float
    above: float
    below: float


def curve(outlines: list[np.ndarray], along: np.ndarray) -> Curve:
    """The curve through the middle of words that run along a direction; `outlines` are points all around them."""
    points = np.concatenate(outlines)
    u, v = points @ along, points @ np.array((-along[1], along[0]))
    centre, reach = (u.max() + u.min()) / 2, max(1.0, (u.max() - u.min()) / 2)
    x = (u - centre) / reach
    fitted = np.polyfit(x, v, 2)
    height = 2 * np.std(v - np.polyval(fitted, x))
    if abs(fitted[0]) > BENT * height and 2 * reach > SHORT * height:
        powers = np.polyfit(x, v, 4) if 2 * reach > LONG * height else fitted
    else:
        powers = np.array([(v.max() + v.min()) / 2])
    return Curve(along, centre, reach, powers)


def spans(outlines: list[np.ndarray], line: Curve) -> list[Span]:
    share = STRAY if line.is_bent else 0
    found = []
    for outline in outlines:
        u, below = line.places(outline)
        found.append(Span(u.min(), u.max(), *np.percentile(below, (share, 100 - share), method="nearest")))
    return found


def cut(grey: np.ndarray, line: Curve, words: list[Span]) -> np.ndarray:
    """(64, W) in -0.5 to 0.5 of a picture (H, W) in -0.5 to 0.5."""
    above, below = min(word.above for word in words), max(word.below for word in words)
    start, end = min(word.start for word in words), max(word.end for word in words)
    high = max(1.0, below - above)
    steps = np.linspace(start, end, max(2, math.ceil(end - start)))
    lengths = np.concatenate([[0], np.cumsum(np.hypot(np.diff(steps), np.diff(line.v(steps))))])
    width = int(min(WIDEST, max(NARROWEST, HEIGHT * lengths[-1] / high)))
    finer = math.ceil(high / HEIGHT)
    u = np.interp((np.arange(width * finer) + 0.5) / (width * finer) * lengths[-1], lengths, steps)
    down = above + (np.arange(HEIGHT * finer) + 0.5) / (HEIGHT * finer) * high
    fine = sampled(grey, line, u, down)
    strip = fine.reshape(HEIGHT, finer, width, finer).mean((1, 3))
    across = lambda at: np.interp(at, steps, lengths) / lengths[-1] * width  # noqa: E731
    inside = covered(strip.shape, [Span(*across((word.start, word.end)), *((edge - above) / high * HEIGHT for edge in (word.above, word.below))) for word in words])
    return np.where(inside, stretched(strip, strip[inside]), np.float32(BLACK))


def sampled(grey: np.ndarray, line: Curve, u: np.ndarray, down: np.ndarray) -> np.ndarray:
    """(down, u) of a picture, between pixels in proportion; beyond its border the pixels there go on."""
    slope = line.slope(u) if line.is_bent else np.zeros_like(u)
    turn = 1 / np.hypot(1, slope)
    at_u, at_v = u - down[:, None] * slope * turn, line.v(u) + down[:, None] * turn
    x = (at_u * line.along[0] - at_v * line.along[1] - 0.5).clip(0, grey.shape[1] - 1)
    y = (at_u * line.along[1] + at_v * line.along[0] - 0.5).clip(0, grey.shape[0] - 1)
    left, top = x.astype(int), y.astype(int)
    right, bottom = np.minimum(left + 1, grey.shape[1] - 1), np.minimum(top + 1, grey.shape[0] - 1)
    x, y = (x - left).astype(np.float32), (y - top).astype(np.float32)
    upper = grey[top, left] * (1 - x) + grey[top, right] * x
    return upper * (1 - y) + (grey[bottom, left] * (1 - x) + grey[bottom, right] * x) * y


def covered(shape: tuple[int, int], words: list[Span]) -> np.ndarray:
    """Which pixels of a strip lie within words, or between one and the next."""
    places = [place for word in words for place in (word.start, word.end)]
    above, below = ([edge for word in words for edge in (side(word),) * 2] for side in (lambda w: w.above, lambda w: w.below))
    columns, rows = np.arange(shape[1]) + 0.5, np.arange(shape[0])[:, None] + 0.5
    return (rows >= np.interp(columns, places, above)) & (rows <= np.interp(columns, places, below))


def stretched(strip: np.ndarray, told: np.ndarray) -> np.ndarray:
    """With the darkest of the pixels `told` black and the lightest white."""
    if not told.size:
        return strip
    dark, light = np.percentile(told, (FAINT, 100 - FAINT), method="nearest")
    more = min(MOST_CONTRAST, 1 / max(1e-6, light - dark))
    return ((strip - (dark + light) / 2) * more).clip(-0.5, 0.5).astype(np.float32)
