"""Trains the detector of ocrs: a grey picture in, the probability of text at every pixel out.

    python -m ocr.detector --data PACK --work WORK --minutes 100

Input and output (1, 1, SIDE, SIDE), input in -0.5 to 0.5. ocrs 0.13 pads smaller pictures with black on the right and at
the bottom, squashes larger ones, takes what is above 0.2 and lets each box grow by 3 pixels: so the words are learned a
little smaller than they are.
"""

import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import nn

import options
import pack
import runs
import scenes
from vision import drawing

from . import fusion, page
from .recogniser import Filters

SIDE, SHRINK = 640, 2.0
TILED = 0.25  # of the pictures
CUT_OUT, PARTS = 0.1, 0.25  # of the pictures: one line with hardly anything around it, a part of a larger picture


class Detector(nn.Module):
    """A U-shaped net that works at a quarter of the side and below; four channels of its last layer are the four pixels
    of a mask of half the side, which is enlarged."""

    WIDTHS = (32, 48, 64, 96)  # at 1/4, 1/8, 1/16 and 1/32 of the side

    def __init__(self):
        super().__init__()
        first, *rest = self.WIDTHS
        self.stem = nn.Sequential(Filters(1, 16, 2), Filters(16, first, 2), Filters(first, first, 1))
        self.down = nn.ModuleList(
            nn.Sequential(Filters(into, out, 2), Filters(out, out, 1)) for into, out in zip(self.WIDTHS, rest)
        )
        self.across = nn.ModuleList(nn.Conv2d(into, out, 1) for into, out in zip(rest, self.WIDTHS))
        self.up = nn.ModuleList(Filters(width, width, 1) for width in self.WIDTHS[:-1])
        self.out = nn.Sequential(nn.Conv2d(first, 4, 1), nn.PixelShuffle(2))

    def logits(self, pictures):
        """(N, 1, S, S) -> (N, 1, S / 2, S / 2)"""
        levels = [self.stem(pictures)]
        for down in self.down:
            levels.append(down(levels[-1]))
        deep = levels.pop()
        for across, up, level in zip(reversed(self.across), reversed(self.up), reversed(levels)):
            deep = up(F.interpolate(across(deep), scale_factor=2.0, mode="nearest") + level)
        return self.out(deep)

    def forward(self, pictures):
        return F.interpolate(self.logits(pictures), scale_factor=2.0, mode="bilinear").sigmoid()


def shrunk(word: page.Word, by: float) -> np.ndarray:
    """Its outline with every side moved inwards, but never to less than half its height."""
    tops, feet = word.edges
    down, along = feet - tops, np.diff(tops, axis=0)
    height, width = np.linalg.norm(down, axis=1, keepdims=True), np.linalg.norm(along, axis=1).sum()
    if min(width, height.min()) < 1:
        return word.outline
    down = down / height * np.minimum(by, height / 4)
    inwards = np.zeros_like(tops)
    for end, step in ((0, along[0]), (-1, -along[-1])):
        inwards[end] = step / max(1e-6, np.linalg.norm(step)) * min(by, width / 4)
    return np.concatenate([tops + down + inwards, (feet - down + inwards)[::-1]])


def scene(rng: random.Random, photos, held_out: bool, size: tuple[int, int]) -> page.Page:
    """One picture in four has no text: a photograph, or shapes that look like letters."""
    photo = Image.fromarray(photos[rng.randrange(len(photos))]) if rng.random() < 0.55 else None
    if photo is None and rng.random() < 0.25:
        shapes = Image.fromarray(drawing.draw(scenes.random_scene(rng), 160, rng))
        return page.Page(shapes.resize(size, Image.BICUBIC), [])
    if photo is not None and rng.random() < 0.3:
        return page.Page(photo.resize(size, Image.BICUBIC), [])
    return page.draw(rng, size, held_out, photo)


def tiled(rng: random.Random, photos, held_out: bool, size: tuple[int, int]) -> page.Page:
    """Two or four pictures beside each other: texts of several sizes on several grounds, as in a street."""
    columns, rows = rng.choice(((2, 1), (1, 2), (2, 2)))
    width, height = size[0] // columns, size[1] // rows
    whole, lines = Image.new("RGB", size), []
    for corner in ((x * width, y * height) for x in range(columns) for y in range(rows)):
        part = scene(rng, photos, held_out, (width, height))
        whole.paste(part.picture, corner)
        lines += [[page.Word(word.text, word.outline + corner) for word in line] for line in part.lines]
    return page.Page(whole, lines)


def cut_out(rng: random.Random, drawn: page.Page) -> page.Page:
    """One line, with at most half of its height around it."""
    corners = np.concatenate([word.outline for word in rng.choice(drawn.lines)])
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    room = [rng.uniform(0, 0.5) * (bottom - top) for _ in range(4)]
    return windowed(drawn, (left - room[0], top - room[1], right + room[2], bottom + room[3]))


def part(rng: random.Random, drawn: page.Page, side: int) -> page.Page:
    """What the program looks at where a picture is larger than `side`."""
    left, top = (rng.uniform(0, max(0, full - side)) for full in drawn.picture.size)
    return windowed(drawn, (left, top, left + side, top + side))


def windowed(drawn: page.Page, window: tuple[float, float, float, float]) -> page.Page:
    """What lies within a window (left, top, right, bottom) of a picture."""
    width, height = drawn.picture.size
    left, top = max(0, int(window[0])), max(0, int(window[1]))
    right, bottom = min(width, max(left + 8, int(window[2]))), min(height, max(top + 8, int(window[3])))
    left, top = min(left, right - 1), min(top, bottom - 1)
    lines = [[page.Word(word.text, word.outline - (left, top)) for word in line] for line in drawn.lines]
    return page.Page(drawn.picture.crop((left, top, right, bottom)), lines)


def sample(rng: random.Random, photos, held_out: bool = False, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """((side, side) in -0.5 to 0.5, (side / 2, side / 2) of 0 and 1)."""
    drawn_side = (rng.randint(side // 3, int(1.6 * side)), rng.randint(side // 3, int(1.6 * side)))
    drawn = (tiled if rng.random() < TILED else scene)(rng, photos, held_out, drawn_side)
    way = rng.random()
    if way < CUT_OUT and drawn.lines:
        drawn = cut_out(rng, drawn)
    elif way > 1 - PARTS:
        drawn = part(rng, drawn, side)
    fitted = tuple(min(side, drawn_side) for drawn_side in drawn.picture.size)
    scale = np.array(fitted) / np.array(drawn.picture.size)
    picture = np.full((side, side), -0.5, np.float32)
    picture[: fitted[1], : fitted[0]] = page.grey(drawn.picture.resize(fitted, Image.BILINEAR))
    mask = Image.new("L", (side // 2, side // 2))
    pen = ImageDraw.Draw(mask)
    for word in (word for line in drawn.lines for word in line):
        pen.polygon([tuple(corner) for corner in shrunk(page.Word(word.text, word.outline * scale), SHRINK) / 2], fill=1)
    return picture, np.asarray(mask, np.float32)


def batch(rng, photos, size, held_out=False, side=SIDE):
    pictures, masks = zip(*(sample(rng, photos, held_out, side) for _ in range(size)))
    return torch.from_numpy(np.stack(pictures))[:, None], torch.from_numpy(np.stack(masks))[:, None]


def mirrored(pictures, masks):
    """Left is right: letters no longer, but marks of the same kind, for a fraction of the work of drawing."""
    return pictures.flip(-1), masks.flip(-1)


def loss_of(model, pictures, masks):
    """Cross-entropy for every pixel and overlap for the whole, so that thin words count."""
    with runs.autocast():
        logits = model.logits(pictures)
    logits = logits.float()
    sure = logits.sigmoid()
    overlap = 1 - (2 * (sure * masks).sum() + 1) / (sure.sum() + masks.sum() + 1)
    return F.binary_cross_entropy_with_logits(logits, masks) * 4 + overlap


@torch.no_grad()
def overlap(model, held) -> float:
    """Intersection over union at ocrs's threshold, in percent."""
    model.eval()
    both = either = 0
    for pictures, masks in held:
        found, truth = model.logits(pictures).sigmoid() > 0.2, masks > 0
        both, either = both + (found & truth).sum().item(), either + (found | truth).sum().item()
    model.train()
    return round(100 * both / max(1, either), 1)


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--minutes", type=float, default=100)
    flags.add_argument("--batch", type=int, default=6)
    flags.add_argument("--rate", type=float, default=2e-3)
    flags.add_argument("--start", type=Path, help="an exported detector (ONNX) to go on from")
    flags.add_argument("--whole", type=float, default=0.8, help="share of the time before the pictures have their whole side")
    flags.add_argument("--report-every", type=float, default=300, help="seconds")
    args = options.parse(flags)
    photos = pack.pixels(args.data, args.work, "flickr8k", "train")
    model = Detector().to(memory_format=torch.channels_last)
    stepper = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.02, betas=(0.9, 0.98), fused=True)
    run = runs.Run(args.work, "ocr-detector", args.minutes)
    parts = {"model": model, "adamw": stepper}
    resumed = run.resume(**parts)
    rng, test = random.Random(args.seed + run.step), random.Random(-2)
    if args.start and not resumed:
        fusion.start_from(args.start, model, batch(rng, photos, 12, side=384)[0])
    unseen = pack.pixels(args.data, args.work, "flickr8k", "val")
    held = [batch(test, unseen, 4, held_out=True) for _ in range(10)]
    losses, due = [], run.elapsed + args.report_every
    while run.share < 1:
        side, size = (SIDE, args.batch) if run.share > args.whole else (384, 2 * args.batch)
        drawn = batch(rng, photos, size, side=side)
        for pictures, masks in (drawn, mirrored(*drawn)):
            loss = loss_of(model, pictures, masks)
            runs.step(loss, model, [stepper], args.rate * run.rate())
            losses.append(loss.item())
            run.step, run.seen = run.step + 1, run.seen + size
        if run.elapsed > due or run.share >= 1:
            recent = losses[-100:]
            run.report(loss=round(sum(recent) / len(recent), 4), overlap=overlap(model, held))
            due = run.elapsed + args.report_every
        run.save(240, **parts)
    run.save(**parts)


if __name__ == "__main__":
    main()
