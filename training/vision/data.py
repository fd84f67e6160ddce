"""The pictures that CLIP and BLIP learn from, with what is known of each."""

import random
from dataclasses import dataclass

import numpy as np
import torch

import pack
import scenes

from . import drawing, tags
from .augment import view


@dataclass
class Photos:
    """One set of the pack: pictures (N, side, side, 3), truths (N, tags) and, where there are any, captions."""

    pictures: torch.Tensor
    truths: torch.Tensor
    captions: list[list[str]] | None
    labels: list[str] | None
    least: float  # smallest window, as a share of the area


LEAST = {"tiny_imagenet": 0.3, "caltech101": 0.4, "flickr8k": 0.5}


def vocabulary(args) -> tuple[list[str], set[str]]:
    """(tags, labels), from the training split alone."""
    labels = {row["label"] for name in ("caltech101", "tiny_imagenet") for row in pack.rows(args.data, name, ["label"], "train")}
    labels.discard(None)
    captions = [] if args.clean else [row["captions"] for row in pack.rows(args.data, "flickr8k", ["captions"], "train")]
    return tags.all_tags(sorted(labels), [tags.caption_counts(five) for five in captions]), labels


def load(args, name: str, split: str, truths: tags.Truths) -> Photos:
    pictures = torch.from_numpy(np.array(pack.pixels(args.data, args.work, name, split)))
    if name == "flickr8k":
        captions = [row["captions"] for row in pack.rows(args.data, name, ["captions"], split)]
        rows = np.stack([truths.of_captions(tags.caption_counts(five)) for five in captions])
        return Photos(pictures, torch.from_numpy(rows), captions, None, LEAST[name])
    labels = [row["label"] for row in pack.rows(args.data, name, ["label"], split)]
    kept = [place for place, label in enumerate(labels) if label]
    labels = [labels[place] for place in kept]
    rows = torch.from_numpy(np.stack([truths.of_label(label) for label in labels]))
    return Photos(pictures[kept], rows, None, labels, LEAST[name])


class Sampler:
    """Places in a set, endlessly; `power` 0.5 draws a class by the square root of its size, 1 as it comes."""

    def __init__(self, photos: Photos, rng: random.Random, power: float = 0.5):
        self.rng, self.count = rng, len(photos.pictures)
        self.by_label = {}
        for place, label in enumerate(photos.labels or ()):
            self.by_label.setdefault(label, []).append(place)
        self.weights = [len(places) ** power for places in self.by_label.values()]
        self.waiting = []

    def take(self, number: int) -> list[int]:
        if self.by_label:
            return [self.rng.choice(places) for places in self.rng.choices(list(self.by_label.values()), self.weights, k=number)]
        while len(self.waiting) < number:
            self.waiting += self.rng.sample(range(self.count), self.count)
        taken, self.waiting = self.waiting[:number], self.waiting[number:]
        return taken


class Scenes:
    """Drawn scenes, kept in a pool that is renewed bit by bit: drawing costs more than a step takes."""

    def __init__(self, truths: tags.Truths, rng: random.Random, size: int = 2000, side: int = 144):
        self.truths, self.rng, self.side = truths, rng, side
        self.pool = [self._new() for _ in range(size)]

    def _new(self):
        scene = scenes.random_scene(self.rng)
        picture = torch.from_numpy(drawing.draw(scene, self.side, self.rng))
        return picture, torch.from_numpy(self.truths.of_scene(scene)), scenes.caption(scene)

    def take(self, number: int, renewed: int = 8):
        for _ in range(renewed):
            self.pool[self.rng.randrange(len(self.pool))] = self._new()
        return self.rng.sample(self.pool, number)


def views(photos: Photos, places: list[int], size: int, rng: random.Random) -> torch.Tensor:
    return torch.stack([view(photos.pictures[place], size, photos.least, rng) for place in places])
