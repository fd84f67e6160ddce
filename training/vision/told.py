"""What BLIP-nano learns from: photographs with captions or labels, and drawn pictures."""

import re
from dataclasses import dataclass

import torch

import scenes

from . import augment, data

SIZE = 144
PHOTOS = 128  # pixels of photographs while it trains: their windows, enlarged to that, show things as large as whole ones at SIZE
SHARES = {"flickr8k": 14, "caltech101": 1, "tiny_imagenet": 1, "drawn": 62}
DRAWN_KINDS = {"scene": 18, "landscape": 1, "text": 1}
WHOLE = 0.7  # of drawn pictures
SENTENCE = "a photo of {}"


def clean(caption: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r'[".;:!?]', " ", caption.lower())).strip()


@dataclass
class Batch:
    """`owners` says which picture each caption is of; the drawn ones are numbered after the photographs."""

    photos: torch.Tensor
    drawings: torch.Tensor
    captions: list[str]
    owners: torch.Tensor
    items: list[tuple[scenes.Item, ...]]  # of the drawn ones


class Batches:
    def __init__(self, sets, drawn, rng, per_picture=3):
        self.sets, self.drawn, self.rng, self.per_picture = sets, drawn, rng, per_picture
        self.most = SIZE  # pixels
        self.samplers = {name: data.Sampler(photos, rng) for name, photos in sets.items()}

    def next(self) -> Batch:
        photos, captions, owners = [], [], []
        for name, all_photos in self.sets.items():
            for place in self.samplers[name].take(SHARES[name]):
                told = self._captions(all_photos, place)
                captions += told
                owners += [len(photos)] * len(told)
                photos.append(augment.view(all_photos.pictures[place], min(PHOTOS, self.most), all_photos.least, self.rng))
        drawings = self.drawn.take(SHARES["drawn"], renewed=20)
        captions += [drawing.caption for drawing in drawings]
        owners += range(len(photos), len(photos) + len(drawings))
        drawn = [self._drawn(drawing.picture) for drawing in drawings]
        return Batch(torch.stack(photos), torch.stack(drawn), captions, torch.tensor(owners), [drawing.items for drawing in drawings])

    def _drawn(self, picture):
        """Mostly as it is; else stretched a little, as pictures that are not square will be."""
        if self.rng.random() < WHOLE:
            return augment.resized(picture.permute(2, 0, 1), self.most)
        return augment.view(picture, self.most, 1, self.rng, flip=False)

    def _captions(self, photos, place):
        if photos.captions:
            return [clean(caption) for caption in self.rng.sample(photos.captions[place], self.per_picture)]
        return [SENTENCE.format(scenes.article(photos.labels[place]))]
