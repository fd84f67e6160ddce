"""The pictures that CLIP and BLIP learn from, with what is known of each."""

import random
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

import options
import pack
import scenes
import texts
from ocr import page

from . import drawing, landscapes, tags
from .augment import view


@dataclass
class Photos:
    """One set of the pack: pictures (N, side, side, 3), truths (N, tags) and, where there are any, captions."""

    pictures: torch.Tensor
    truths: torch.Tensor
    captions: list[list[str]] | None
    labels: list[str] | None
    least: float  # smallest window, as a share of the area


WRITTEN = (  # what is drawn, its caption, its tags
    (texts.coloured_words, "words in different colours", ("word", "letters")),
    (texts.sign, "a sign with words on it", ("sign", "word")),
    (texts.menu, "a menu with prices", ("menu", "price")),
    (texts.page, "a page of text", ("page", "document")),
)
LEAST = {"tiny_imagenet": 0.3, "caltech101": 0.4, "flickr8k": 0.5}


@dataclass
class Vocabulary:
    """`taught` tags have pictures here; `extra` ones are known by name only, and are taught where they are not."""

    taught: list[str]
    extra: list[str]
    labels: set[str]
    synonyms: dict[str, set[str]]  # label -> its other names

    @property
    def tags(self) -> list[str]:
        return self.taught + self.extra


def vocabulary(args) -> Vocabulary:
    """From the training split, and from the list of tags that the crate holds."""
    synonyms = {row["label"]: {name.lower() for name in row["synonyms"]} for row in pack.rows(args.data, "tiny_imagenet", ["label", "synonyms"], "train")}
    labels = {row["label"] for row in pack.rows(args.data, "caltech101", ["label"], "train")} | set(synonyms)
    labels.discard(None)
    captions = [] if args.clean else [row["captions"] for row in pack.rows(args.data, "flickr8k", ["captions"], "train")]
    taught = tags.all_tags(sorted(labels), [tags.caption_counts(five) for five in captions])
    listed = (options.VOCAB / "tags.txt").read_text().splitlines()
    return Vocabulary(taught, [tag for tag in listed if tag not in set(taught)], labels, synonyms)


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


class Drawing(NamedTuple):
    """A drawn picture (side, side, 3); `items` are those of a scene of shapes."""

    picture: torch.Tensor
    truth: torch.Tensor
    caption: str
    items: tuple[scenes.Item, ...]


class Drawn:
    """Drawn pictures, kept in a pool that is renewed bit by bit: drawing costs more than a step takes."""

    KINDS = {"scene": 15, "landscape": 3, "text": 2}

    def __init__(self, truths: tags.Truths, rng: random.Random, size: int = 2000, side: int = 144, kinds=None):
        self.truths, self.rng, self.side, self.kinds = truths, rng, side, kinds or self.KINDS
        self.pool = [self._new() for _ in range(size)]

    def _new(self):
        kind = self.rng.choices(list(self.kinds), self.kinds.values())[0]
        picture, names, caption = getattr(self, kind)()
        truth = self.truths.of_scene(names) if kind == "scene" else self.truths.of_names(names)
        items = names.items if kind == "scene" else ()
        return Drawing(torch.from_numpy(np.array(picture)), torch.from_numpy(truth), caption, items)

    def scene(self):
        scene = scenes.random_scene(self.rng)
        return drawing.draw(scene, self.side, self.rng), scene, scenes.caption(scene)

    def landscape(self):
        view = landscapes.random_landscape(self.rng)
        return landscapes.draw(view, self.side, self.rng), view.tags(), view.caption()

    def text(self):
        make, caption, names = self.rng.choice(WRITTEN)
        side = (self.rng.randint(200, 420), self.rng.randint(200, 420))
        picture = page.draw(self.rng, side, make=make).picture
        return pack.squash(picture, self.side), {*names, "text"}, caption

    def take(self, number: int, renewed: int = 8) -> list[Drawing]:
        for _ in range(renewed):
            self.pool[self.rng.randrange(len(self.pool))] = self._new()
        return self.rng.sample(self.pool, number)


def views(photos: Photos, places: list[int], size: int, rng: random.Random) -> torch.Tensor:
    return torch.stack([view(photos.pictures[place], size, photos.least, rng) for place in places])
