"""Writes what `strip` cuts out of a drawn picture, for the program's own to be compared with: golden/ocr-strip.json.

    python -m ocr.golden
"""

import json
import math

import numpy as np

import options

from . import strip

SIZE = (160, 240)  # rows, columns
GROWN, ROOM = 3.0, 0.05  # pixels, and of their height: by which the program makes words larger on every side
EVERY = 8  # rows and columns of the strip that are written

LINES = {  # (x, y) of the corners of the words of a line, and the angle of its direction
    "level": ([[(20, 30), (90, 30), (90, 52), (20, 52)], [(100, 26), (180, 26), (180, 50), (100, 50)]], 0.0),
    "aslant": ([[(30, 20), (210, 56), (206, 78), (26, 42)]], math.atan2(36, 180)),
    "high": ([[(20, 10), (220, 10), (220, 150), (20, 150)]], 0.0),
}
STEPS = 8  # points from one corner to the next


def picture() -> np.ndarray:
    """Waves: 0 to 255."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return (127.5 + 60 * np.sin(x / 5) + 60 * np.cos(y / 4 + x / 9)).astype(np.uint8)


def around(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points along the sides."""
    ends = zip(np.array(corners, float), np.roll(corners, -1, 0))
    return [tuple(here + share * (there - here)) for here, there in ends for share in np.arange(STEPS) / STEPS]


def arc() -> list[list[tuple[float, float]]]:
    """One word around a circle of 100 pixels, 20 pixels high."""
    angles = np.linspace(-0.9, 0.9, 31)
    ring = [[(120 + radius * math.sin(angle), 150 - radius * math.cos(angle)) for angle in angles] for radius in (110, 90)]
    return [ring[0] + ring[1][::-1]]


def grown(word: strip.Span) -> strip.Span:
    by = GROWN + ROOM * (word.below - word.above)
    return strip.Span(word.start - by, word.end + by, word.above - by, word.below + by)


def main():
    grey, written = picture().astype(np.float32) / 255 - 0.5, {}
    lines = {name: ([around(word) for word in words], angle) for name, (words, angle) in LINES.items()}
    for name, (words, angle) in (lines | {"bent": (arc(), 0.0)}).items():
        outlines = [np.array(word, float) for word in words]
        line = strip.curve(outlines, np.array((math.cos(angle), math.sin(angle))))
        pixels = strip.cut(grey, line, [grown(word) for word in strip.spans(outlines, line)])
        sampled = pixels[::EVERY, ::EVERY].round(4).tolist()
        words = [[(round(x, 3), round(y, 3)) for x, y in word] for word in words]
        written[name] = {"words": words, "angle": angle, "width": pixels.shape[1], "pixels": sampled}
    (options.ROOT / "golden/ocr-strip.json").write_text(json.dumps(written))


if __name__ == "__main__":
    main()
