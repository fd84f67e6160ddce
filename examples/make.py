"""Draws the pictures of this folder. They are not in nano's training set, and neither is their font.

    pip install pillow numpy && python examples/make.py

Needs DejaVu (Debian package fonts-dejavu-core). The same pixels come out at every run.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
FONTS = Path("/usr/share/fonts/truetype/dejavu")
RED, PURPLE, BLUE, WHITE, INK = (206, 32, 41), (120, 40, 150), (36, 84, 200), (255, 255, 255), (24, 24, 28)


def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / f"{name}.ttf"), size)


def contradicting_colours() -> Image.Image:
    """The demonstration of the LENS article: "Red" painted purple, "Green" painted red."""
    picture = Image.new("RGB", (480, 300), WHITE)
    draw = ImageDraw.Draw(picture)
    draw.text((240, 85), "Red", PURPLE, font("DejaVuSans-Bold", 96), anchor="mm")
    draw.text((240, 210), "Green", RED, font("DejaVuSans-Bold", 96), anchor="mm")
    return picture


def shapes() -> Image.Image:
    """Three red circles and a blue square on a white ground."""
    picture = Image.new("RGB", (1280, 1280), WHITE)
    draw = ImageDraw.Draw(picture)
    for x, y in ((290, 320), (700, 260), (380, 900)):
        draw.circle((x, y), 160, RED)
    draw.rectangle((760, 720, 1060, 1020), BLUE)
    return picture.resize((320, 320), Image.LANCZOS)


def sign() -> Image.Image:
    """A sign on a pole under a clear sky."""
    picture = Image.fromarray(_gradient(480, 640, (86, 150, 222), (190, 216, 240)))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 540, 480, 640), (88, 132, 66))
    draw.rectangle((230, 300, 250, 590), (120, 122, 126))
    draw.rounded_rectangle((70, 100, 410, 310), 24, WHITE, outline=RED, width=12)
    draw.text((240, 165), "NO", RED, font("DejaVuSans-Bold", 72), anchor="mm")
    draw.text((240, 250), "PARKING", RED, font("DejaVuSans-Bold", 58), anchor="mm")
    return picture


def beach() -> Image.Image:
    """Sky, sea and sand, with the grain that photographs have."""
    noise = np.random.default_rng(7)
    sky = _gradient(640, 200, (74, 140, 214), (188, 214, 236))
    sea = _gradient(640, 130, (38, 98, 140), (98, 160, 176))
    sand = _gradient(640, 150, (214, 194, 150), (196, 170, 122))
    waves = (noise.normal(0, 9, (130, 40, 1)).repeat(16, axis=1) + noise.normal(0, 4, (130, 640, 1))).astype(np.int16)
    grain = noise.normal(0, 7, (150, 640, 1)).astype(np.int16)
    parts = (sky, np.clip(sea.astype(np.int16) + waves, 0, 255), np.clip(sand.astype(np.int16) + grain, 0, 255))
    picture = Image.fromarray(np.concatenate(parts).astype(np.uint8))
    foam = ImageDraw.Draw(picture)
    edge = [(x, 330 + int(5 * np.sin(x / 37)) + int(noise.normal(0, 1.5))) for x in range(0, 641, 4)]
    foam.line(edge, (240, 244, 246), 7)
    return picture


def meme() -> Image.Image:
    """A picture with white capitals in black outline above and below."""
    picture = beach()
    draw = ImageDraw.Draw(picture)
    for height, text in ((44, "I CAME TO READ"), (436, "THE WATER WAS WARM")):
        draw.text((320, height), text, WHITE, font("DejaVuSans-Bold", 46), anchor="mm", stroke_width=4, stroke_fill=INK)
    return picture


def menu() -> Image.Image:
    """A price list."""
    picture = Image.new("RGB", (420, 360), (250, 246, 236))
    draw = ImageDraw.Draw(picture)
    draw.text((210, 50), "Harbour Cafe", INK, font("DejaVuSerif-Bold", 40), anchor="mm")
    for row, (good, price) in enumerate((("Coffee", "2.50"), ("Tea", "2.20"), ("Soup", "6.90"), ("Cake", "3.80"))):
        draw.text((70, 130 + 58 * row), good, INK, font("DejaVuSerif", 32), anchor="lm")
        draw.text((350, 130 + 58 * row), price, INK, font("DejaVuSerif", 32), anchor="rm")
    return picture


PAGE = """Notes on looking

A picture can be read by a program
that only knows words, if another
program first says what is there.
The first looks, the second thinks.
Neither is trained for the other."""


def page() -> Image.Image:
    """A short page of text."""
    picture = Image.new("RGB", (640, 420), (252, 252, 250))
    draw = ImageDraw.Draw(picture)
    title, _, *lines = PAGE.split("\n")
    draw.text((50, 60), title, INK, font("DejaVuSerif-Bold", 36), anchor="lm")
    for row, line in enumerate(lines):
        draw.text((50, 140 + 52 * row), line, INK, font("DejaVuSerif", 28), anchor="lm")
    return picture


def _gradient(width: int, height: int, top: tuple, bottom: tuple) -> np.ndarray:
    """(height, width, 3) bytes that fade from `top` to `bottom`."""
    down = np.linspace(0, 1, height)[:, None, None]
    column = np.array(top) * (1 - down) + np.array(bottom) * down
    return column.repeat(width, axis=1).round().astype(np.uint8)


def turned(picture: Image.Image, name: str) -> None:
    """Saves a JPEG whose pixels lie on their side and whose EXIF orientation (6) says how to set them upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.rotate(90, expand=True).save(HERE / name, quality=88, exif=exif)


def main():
    for make in (contradicting_colours, shapes, menu, page):
        make().save(HERE / f"{make.__name__.replace('_', '-')}.png", optimize=True)
    for make in (beach, meme, sign):
        make().save(HERE / f"{make.__name__}.jpg", quality=80)
    turned(sign(), "sign-turned.jpg")


if __name__ == "__main__":
    main()
