"""How much better nano sees the photographs that it trained on than others: what the reader's evidence flatters.

    python gap.py --data PACK --work WORK

Needs `evidence.py` first. Of the captioned photographs of `train` and of `val`: the CIDEr-D of the beam-search captions,
and how many of the first five tags some caption of a human names.
"""

import json
import random

import options
import pack
from reader import unseen
from reader.examples import seen
from reader.photo_questions import Photo
from reader.prompt import Evidence
from vision.blip import clean
from vision.cider import cider_d

TAGS = 5


def numbers(name: str, evidence: list[Evidence], photos: list[list[str]]) -> dict:
    references = [[clean(caption) for caption in five] for five in photos]
    named = [tag in Photo(five).words for record, five in zip(evidence, photos) for tag in record.tags[:TAGS]]
    cider = cider_d([clean(record.captions[0]) for record in evidence], references)
    return {"evidence": name, "photographs": len(photos), "cider": cider, "tags named": round(100 * sum(named) / len(named), 1)}


def main():
    args = options.parse(options.parser(__doc__.splitlines()[0]))
    looked_at = {split: seen(args.work, "flickr8k", split) for split in ("train", "val")}
    most = min(map(len, looked_at.values()))
    for split, records in looked_at.items():
        rows = pack.rows(args.data, "flickr8k", ["captions"], split)
        photos = [rows[row]["captions"] for row, _ in records[:most]]
        evidence = [record for _, record in records[:most]]
        print(json.dumps(numbers(split, evidence, photos)))
        if split == "train":
            changed = unseen.as_unseen(evidence, list(map(Photo, photos)), random.Random(args.seed))
            print(json.dumps(numbers("train, as unseen", changed, photos)))


if __name__ == "__main__":
    main()
