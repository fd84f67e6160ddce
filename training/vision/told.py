"""What BLIP-nano learns from: photographs with captions or labels, and drawn pictures."""

import re
from dataclasses import dataclass

import torch

import scenes

from . import augment, data

SIZE = 112
SHARES = {"flickr8k": 10, "caltech101": 1, "tiny_imagenet": 1, "drawn": 64}
DRAWN_KINDS = {"scene": 18, "landscape": 1, "text": 1}
SENTENCE = "a photo of {}"


def clean(caption: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r'[".;:!?]', " ", caption.lower())).strip()


@dataclass
class Batch:
    """Pictures: photographs with captions first, drawn ones last. `owners` says which picture each caption is of."""

    pictures: torch.Tensor
    captions: list[str]
    owners: torch.Tensor
    items: list[tuple[scenes.Item, ...]]  # of the drawn ones


class Batches:
    def __init__(self, sets, drawn, rng, per_picture=3):
        self.sets, self.drawn, self.rng, self.per_picture = sets, drawn, rng, per_picture
        self.size = SIZE
        self.samplers = {name: data.Sampler(photos, rng) for name, photos in sets.items()}

    def next(self) -> Batch:
        pictures, captions, owners = [], [], []
        for name, photos in self.sets.items():
            places = self.samplers[name].take(SHARES[name])
            base = sum(map(len, pictures))
            pictures.append(data.views(photos, places, self.size, self.rng))
            for offset, place in enumerate(places):
                told = self._captions(photos, place)
                captions += told
                owners += [base + offset] * len(told)
        drawings = self.drawn.take(SHARES["drawn"], renewed=8)
        owners += range(sum(map(len, pictures)), sum(map(len, pictures)) + len(drawings))
        pictures.append(torch.stack([augment.view(drawing.picture, self.size, 1, self.rng, flip=False) for drawing in drawings]))
        captions += [drawing.caption for drawing in drawings]
        return Batch(torch.cat(pictures), captions, torch.tensor(owners), [drawing.items for drawing in drawings])

    def _captions(self, photos, place):
        if photos.captions:
            return [clean(caption) for caption in self.rng.sample(photos.captions[place], self.per_picture)]
        return [SENTENCE.format(scenes.article(photos.labels[place]))]
