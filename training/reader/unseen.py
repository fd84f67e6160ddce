"""Evidence as it would be of photographs that nano did not train on: it knows those of `train` far too well, and a reader
that learned from them would trust it too much. `gap.py` measures the difference and what is done here about it.

In place of two models of each kind, trained on a half of the photographs each, part of what is right gives way to what
nano says of a photograph that looks alike to it.
"""

import random
from collections import defaultdict

from .photo_questions import Photo
from .prompt import Evidence

MISSED = 0.4  # of the tags that the captions name
MISTAKEN = 0.7  # of the captions


def as_unseen(records: list[Evidence], photos: list[Photo], rng: random.Random) -> list[Evidence]:
    alike = defaultdict(list)
    for record in records:
        for tag in record.tags:
            alike[tag].append(record)
    return [_mistaken(record, photo, alike, rng) for record, photo in zip(records, photos)]


def _mistaken(record: Evidence, photo: Photo, alike: dict[str, list[Evidence]], rng: random.Random) -> Evidence:
    other = lambda: rng.choice(alike[rng.choice(record.tags)])  # noqa: E731
    tags = [
        rng.choice([wrong for wrong in other().tags if wrong not in photo.words] or [tag])
        if tag in photo.words and rng.random() < MISSED
        else tag
        for tag in record.tags
    ]
    captions = [rng.choice(other().captions) if rng.random() < MISTAKEN else caption for caption in record.captions]
    return Evidence(tuple(dict.fromkeys(tags)), record.attributes, tuple(dict.fromkeys(captions)), record.lines)
