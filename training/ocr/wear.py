"""What cameras, light and JPEG files do to pictures of text."""

import io
import math
import random

import numpy as np
from PIL import Image, ImageFilter

SHADED = 0.2  # of the pictures
FAR = 0.4  # of the pictures were taken from far away
FAR_SIZES = (9, 24)  # pixels of a font's size, as far away letters have them
FAINT = 0.25  # of the pictures have little contrast
SHAKEN = 0.12  # of the pictures were taken by a hand that moved
SHARPENED = 0.15  # of the pictures were sharpened, as cameras do


def worn(rng: random.Random, picture: Image.Image, size: int, hard: bool) -> Image.Image:
    """The picture after blur (no more than letters of `size` pixels bear), noise and a JPEG file; a `hard` one also after
    uneven or little light, distance, and what an unsteady hand and an eager camera do."""
    near = picture.size
    if hard and rng.random() < SHADED:
        picture = shaded(rng, picture)
    if hard and rng.random() < FAR:
        far = min(1.0, rng.uniform(*FAR_SIZES) / size)
        size, picture = size * far, picture.resize([max(1, round(far * side)) for side in near], Image.BILINEAR)
    contrast = rng.uniform(0.2, 0.7) if hard and rng.random() < FAINT else 1
    if contrast < 1:
        picture = faint(rng, picture, contrast)
    if hard and rng.random() < SHAKEN:
        picture = shaken(rng, picture, 0.2 * size)
    if rng.random() < 0.35:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, min(1.6, 0.045 * size))))
    if rng.random() < 0.35:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(2, 14) * contrast, (picture.height, picture.width, 1))
        picture = Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=rng.randint(30, 92))
        picture = Image.open(file).convert("RGB")
    if hard and rng.random() < SHARPENED:
        picture = picture.filter(ImageFilter.UnsharpMask(rng.uniform(0.8, 2), rng.randint(60, 250), 2))
    return picture if picture.size == near else picture.resize(near, rng.choice((Image.BILINEAR, Image.BICUBIC)))


def shaded(rng: random.Random, picture: Image.Image) -> Image.Image:
    """Light that falls off across the picture, or the edge of a shadow."""
    angle, place = rng.uniform(0, 2 * math.pi), rng.uniform(-0.6, 0.6)
    across = np.linspace(-1, 1, picture.width, dtype=np.float32)[None] * math.cos(angle)
    down = np.linspace(-1, 1, picture.height, dtype=np.float32)[:, None] * math.sin(angle)
    dark = (1 + np.tanh(rng.choice((1, 3, 30)) * (across + down - place))) / 2
    light = 1 - rng.uniform(0.2, 0.65) * dark
    return Image.fromarray((np.asarray(picture) * light[..., None]).astype(np.uint8))


def faint(rng: random.Random, picture: Image.Image, contrast: float) -> Image.Image:
    """With a part of its contrast, darker or lighter."""
    ground = rng.uniform(0, 255 * (1 - contrast))
    return picture.point(lambda value: int(ground + contrast * value))


def shaken(rng: random.Random, picture: Image.Image, most: float) -> Image.Image:
    """Blurred along a line of `most` pixels at most."""
    angle, length = rng.uniform(0, math.pi), rng.uniform(0.3, 1) * most
    steps = max(2, math.ceil(length))
    seen, kernel = np.asarray(picture, np.float32), np.linspace(-length / 2, length / 2, steps)
    moved = [np.roll(seen, (round(step * math.sin(angle)), round(step * math.cos(angle))), (0, 1)) for step in kernel]
    return Image.fromarray(np.mean(moved, 0).astype(np.uint8))
